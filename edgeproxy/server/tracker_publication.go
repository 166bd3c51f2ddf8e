package server

import (
	"crypto/sha256"
	"encoding/json"
	"hash"

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

	// reported resources are those whose acknowledgements are reported, in their order.
	reported []Acked
	// asked are what listeners have proxies fetch. Other route tables are known to none: their chains refuse handshakes.
	asked map[xds.ResourceRef]bool
}

// NewPublication returns what xds.Build made of a gateway.
func NewPublication(gateway ir.Gateway, resources xds.Resources, problems []xds.Problem) *Publication {
	resources.Endpoints = nil
	p := &Publication{Gateway: gateway, Resources: resources, Problems: problems, asked: map[xds.ResourceRef]bool{}}
	for _, list := range [][]xds.Resource{resources.Listeners, resources.Tables} {
		for _, resource := range list {
			p.reported = append(p.reported, Acked{Resource: resource.Ref(), Version: resource.Version})
		}
	}
	for _, listener := range resources.Listeners {
		for _, ref := range listener.Asks {
			p.asked[ref] = true
		}
	}
	return p
}

// part is what an object has in a gateway.
type part struct {
	hash [sha256.Size]byte
	// since is the sequence at which the part became what it is.
	since uint64
	// tables that it has routes in, and clusters that these name.
	tables   map[xds.ResourceRef]bool
	clusters map[string]bool
}

// objectOf is the object that a source lies in.
func objectOf(source ir.Source) ir.Source {
	source.Section = ""
	return source
}

// partsOf finds what each object has in a gateway. It is pure.
func partsOf(gateway ir.Gateway) map[ir.Source]part {
	hashes := map[ir.Source]hash.Hash{}
	parts := map[ir.Source]part{}
	for _, table := range gateway.Tables {
		ref := xds.ResourceRef{TypeURL: xds.TableType, Name: table.Name}
		for _, host := range table.Hosts {
			for _, route := range host.Routes {
				source := objectOf(route.Source)
				if hashes[source] == nil {
					hashes[source] = sha256.New()
					parts[source] = part{tables: map[xds.ResourceRef]bool{}, clusters: map[string]bool{}}
				}
				parts[source].tables[ref] = true
				for cluster := range clustersOf(route) {
					parts[source].clusters[cluster] = true
				}
				text, err := json.Marshal([]any{table.Name, host.Domain, route})
				if err != nil {
					// ir holds strings, numbers and booleans only.
					panic(err)
				}
				hashes[source].Write(text)
			}
		}
	}
	for source, p := range parts {
		hashes[source].Sum(p.hash[:0])
		parts[source] = p
	}
	return parts
}

func clustersOf(route ir.Route) map[string]bool {
	named := map[string]bool{}
	if route.Forward != nil {
		for _, share := range route.Forward.Clusters {
			named[share.Cluster] = true
		}
	}
	return named
}
