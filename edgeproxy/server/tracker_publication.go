package server

import (
	"crypto/sha256"
	"encoding/json"
	"hash"
	"slices"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Publication is what the proxies of one gateway are given at a time, and what that was made of, all but endpoints: those go on changing
// without it. It is immutable.
type Publication struct {
	Gateway   ir.Gateway
	Resources xds.Resources
	// Problems of making Resources.
	Problems []xds.Problem

	// hasStatus reports whether anybody asks how far proxies are with an object.
	hasStatus func(object ir.Source) bool
	// reported resources are those whose acknowledgements are reported.
	reported []Acked
	// fetched are the resources that listeners and clusters have proxies fetch. Other tables and secrets are known to no proxy: a chain
	// without a certificate refuses handshakes and asks for no table.
	fetched map[xds.ResourceRef]bool
}

// NewPublication returns what xds.Build made of a gateway. HasStatus reports whether anybody asks how far proxies are with an object:
// acknowledgements of clusters and secrets are reported only where they are made of such a one.
func NewPublication(gateway ir.Gateway, resources xds.Resources, problems []xds.Problem, hasStatus func(object ir.Source) bool) *Publication {
	resources.Endpoints = nil
	p := &Publication{Gateway: gateway, Resources: resources, Problems: problems, hasStatus: hasStatus, fetched: map[xds.ResourceRef]bool{}}
	for _, resource := range p.all() {
		always := resource.TypeURL == xds.ListenerType || resource.TypeURL == xds.TableType
		if always || slices.ContainsFunc(resource.Sources, func(source ir.Source) bool { return hasStatus(objectOf(source)) }) {
			p.reported = append(p.reported, Acked{Resource: resource.Ref(), Version: resource.Version})
		}
		for _, ref := range resource.Asks {
			p.fetched[ref] = true
		}
	}
	return p
}

// all returns listeners first.
func (p *Publication) all() []xds.Resource {
	return slices.Concat(p.Resources.Listeners, p.Resources.Tables, p.Resources.Clusters, p.Resources.Secrets)
}

// onProxies reports whether proxies ever have a resource: they are sent listeners and clusters, and fetch the rest.
func (p *Publication) onProxies(ref xds.ResourceRef) bool {
	return ref.TypeURL == xds.ListenerType || ref.TypeURL == xds.ClusterType || p.fetched[ref]
}

// objectOf is the object that a source lies in.
func objectOf(source ir.Source) ir.Source {
	source.Section = ""
	return source
}

// part is what an object has in a gateway.
type part struct {
	// hash of what resources have of the object.
	hash [sha256.Size]byte
	// since is the sequence at which the part became what it is.
	since uint64
	// resources that are made of the object, among others.
	resources map[xds.ResourceRef]bool
	// clusters that those resources need.
	clusters map[string]bool
}

// parts finds what each object has in the gateway. It is pure.
func (p *Publication) parts() map[ir.Source]part {
	shares := p.shares()
	parts := map[ir.Source]part{}
	for _, resource := range p.all() {
		for _, source := range resource.Sources {
			object := objectOf(source)
			if parts[object].resources[resource.Ref()] || !p.hasStatus(object) {
				continue
			}
			if parts[object].resources == nil {
				parts[object] = part{resources: map[xds.ResourceRef]bool{}, clusters: map[string]bool{}}
			}
			its, known := shares[shareKey{resource.Ref(), object}]
			if !known {
				its = &share{hash: sha256.New(), clusters: clustersAmong(resource.Needs)}
				its.hash.Write([]byte(resource.Version))
			}
			parts[object] = parts[object].with(resource.Ref(), its)
		}
	}
	return parts
}

// with adds what a resource has of the object.
func (p part) with(ref xds.ResourceRef, its *share) part {
	p.resources[ref] = true
	for _, cluster := range its.clusters {
		p.clusters[cluster] = true
	}
	p.hash = sha256.Sum256(slices.Concat(p.hash[:], []byte(ref.TypeURL+" "+ref.Name), its.hash.Sum(nil)))
	return p
}

type shareKey struct {
	resource xds.ResourceRef
	object   ir.Source
}

// share is what a resource has of one object alone: what others have in it changes without the object.
type share struct {
	hash     hash.Hash
	clusters []string
}

// shares finds them for tables, by their routes, and for listeners, by their chains. Of any other resource an object has the whole.
func (p *Publication) shares() map[shareKey]*share {
	shares := map[shareKey]*share{}
	add := func(typeURL, name string, source ir.Source, content any, clusters []string) {
		text, err := json.Marshal(content)
		if err != nil {
			// ir holds strings, numbers and booleans only.
			panic(err)
		}
		key := shareKey{xds.ResourceRef{TypeURL: typeURL, Name: name}, objectOf(source)}
		if shares[key] == nil {
			shares[key] = &share{hash: sha256.New()}
		}
		shares[key].hash.Write(text)
		shares[key].clusters = append(shares[key].clusters, clusters...)
	}
	for _, table := range p.Gateway.Tables {
		for _, host := range table.Hosts {
			for _, route := range host.Routes {
				add(xds.TableType, table.Name, route.Source, []any{host.Domain, route}, clustersOfRoute(route))
			}
		}
	}
	for _, listener := range p.Gateway.Listeners {
		for _, chain := range listener.Chains {
			add(xds.ListenerType, listener.Name, chain.Source, chain, nil)
		}
		for _, source := range listener.Sources {
			delete(shares, shareKey{xds.ResourceRef{TypeURL: xds.ListenerType, Name: listener.Name}, objectOf(source)})
		}
	}
	return shares
}

func clustersOfRoute(route ir.Route) []string {
	var named []string
	if route.Forward != nil {
		for _, share := range route.Forward.Clusters {
			named = append(named, share.Cluster)
		}
	}
	return named
}

func clustersAmong(refs []xds.ResourceRef) []string {
	var named []string
	for _, ref := range refs {
		if ref.TypeURL == xds.ClusterType {
			named = append(named, ref.Name)
		}
	}
	return named
}
