package routing

import (
	"crypto/sha256"
	"encoding/json"
	"hash"
	"maps"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// maxVersions of a resource are remembered: a proxy that is further behind is behind.
const maxVersions = 256

// ledger knows of one gateway what was published when, and which proxy has acknowledged what. From these follows who is programmed.
//
// Versions are hashes of content, equal on every replica, so that an acknowledgement of any replica's proxy means the same.
type ledger struct {
	// noted is what was published last, and sequence counts publications.
	noted    *published
	sequence uint64
	// versions of listeners and tables, with the sequence at which they were last the present ones.
	versions map[xds.ResourceRef]map[string]uint64
	// parts that objects have in the gateway, and since when they are as they are.
	parts map[ir.Source]part
	// acked versions, by pod and replica. They outlive the connection.
	acked map[string]map[string]map[xds.ResourceRef]string
	// connected replicas, by pod.
	connected map[string]map[string]bool
	// refused resources, by replica.
	refused map[string][]Refused
}

// part is what an object has in a gateway.
type part struct {
	hash  [sha256.Size]byte
	since uint64
	// tables that it has routes in, and clusters that these name.
	tables   map[xds.ResourceRef]bool
	clusters map[string]bool
}

func newLedger() *ledger {
	return &ledger{
		versions:  map[xds.ResourceRef]map[string]uint64{},
		parts:     map[ir.Source]part{},
		acked:     map[string]map[string]map[xds.ResourceRef]string{},
		connected: map[string]map[string]bool{},
		refused:   map[string][]Refused{},
	}
}

// objectOf is the object that a source lies in.
func objectOf(source ir.Source) ir.Source {
	source.Section = ""
	return source
}

// note takes in what was published. Noting the same again changes nothing.
func (l *ledger) note(now *published) {
	if now == l.noted {
		return
	}
	l.noted = now
	l.sequence++
	for ref, version := range now.versions {
		if !reported(ref.TypeURL) {
			continue
		}
		if l.versions[ref] == nil {
			l.versions[ref] = map[string]uint64{}
		}
		l.versions[ref][version] = l.sequence
		if len(l.versions[ref]) > maxVersions {
			forgetOldest(l.versions[ref])
		}
	}
	for ref := range l.versions {
		if _, there := now.versions[ref]; !there {
			delete(l.versions, ref)
		}
	}
	parts := partsOf(now.gateway)
	for source, p := range parts {
		p.since = l.sequence
		if before, known := l.parts[source]; known && before.hash == p.hash {
			p.since = before.since
		}
		parts[source] = p
	}
	l.parts = parts
}

func forgetOldest(versions map[string]uint64) {
	oldest := ""
	for version, sequence := range versions {
		if oldest == "" || sequence < versions[oldest] {
			oldest = version
		}
	}
	delete(versions, oldest)
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

// report takes in what a replica says.
func (l *ledger) report(replica string, report Report) {
	l.refused[replica] = report.Refused
	there := map[string]bool{}
	for _, pod := range report.Pods {
		there[pod.Pod] = true
		if l.acked[pod.Pod] == nil {
			l.acked[pod.Pod] = map[string]map[xds.ResourceRef]string{}
			l.connected[pod.Pod] = map[string]bool{}
		}
		if l.acked[pod.Pod][replica] == nil {
			l.acked[pod.Pod][replica] = map[xds.ResourceRef]string{}
		}
		l.connected[pod.Pod][replica] = true
		for _, acked := range pod.Acked {
			l.acked[pod.Pod][replica][acked.Resource] = acked.Version
		}
	}
	for pod := range l.connected {
		if !there[pod] {
			l.leave(pod, replica)
		} else {
			l.dropLeft(pod)
		}
	}
}

// lost notes that a replica is not heard any more. What its proxies acknowledged stays true.
func (l *ledger) lost(replica string) {
	delete(l.refused, replica)
	for pod := range l.connected {
		l.leave(pod, replica)
	}
}

func (l *ledger) leave(pod, replica string) {
	delete(l.connected[pod], replica)
	if len(l.connected[pod]) > 0 {
		delete(l.acked[pod], replica)
	}
}

// dropLeft forgets what replicas said that a pod has left, now that another one knows better.
func (l *ledger) dropLeft(pod string) {
	maps.DeleteFunc(l.acked[pod], func(replica string, _ map[xds.ResourceRef]string) bool { return !l.connected[pod][replica] })
}

// keep forgets the pods that are not among these, nor connected.
func (l *ledger) keep(pods []string) {
	wanted := map[string]bool{}
	for _, pod := range pods {
		wanted[pod] = true
	}
	for pod := range l.acked {
		if !wanted[pod] && len(l.connected[pod]) == 0 {
			delete(l.acked, pod)
			delete(l.connected, pod)
		}
	}
}

// has returns the latest sequence at which what a pod has of a resource was the present version; 0: none that is known.
func (l *ledger) has(pod string, ref xds.ResourceRef) uint64 {
	var latest uint64
	for _, acked := range l.acked[pod] {
		latest = max(latest, l.versions[ref][acked[ref]])
	}
	return latest
}
