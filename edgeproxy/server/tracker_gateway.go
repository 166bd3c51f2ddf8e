package server

import (
	"maps"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// maxVersions of a resource are remembered: a proxy that is further behind is behind.
const maxVersions = 256

// acknowledgements are what the tracker knows of one gateway.
//
// Versions are hashes of content, equal on every replica, so that an acknowledgement of any replica's proxy means the same.
type acknowledgements struct {
	// published is what was published last, and sequence counts publications.
	published *Publication
	sequence  uint64
	// versions of reported resources, with the sequence at which they were last the present ones.
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

func newAcknowledgements() *acknowledgements {
	return &acknowledgements{
		versions:  map[xds.ResourceRef]map[string]uint64{},
		parts:     map[ir.Source]part{},
		acked:     map[string]map[string]map[xds.ResourceRef]string{},
		connected: map[string]map[string]bool{},
		refused:   map[string][]Refused{},
	}
}

// publish takes in a publication.
func (a *acknowledgements) publish(now *Publication) {
	if now == a.published {
		return
	}
	a.published = now
	a.sequence++
	present := map[xds.ResourceRef]bool{}
	for _, each := range now.reported {
		present[each.Resource] = true
		if a.versions[each.Resource] == nil {
			a.versions[each.Resource] = map[string]uint64{}
		}
		a.versions[each.Resource][each.Version] = a.sequence
		if len(a.versions[each.Resource]) > maxVersions {
			dropOldest(a.versions[each.Resource])
		}
	}
	maps.DeleteFunc(a.versions, func(ref xds.ResourceRef, _ map[string]uint64) bool { return !present[ref] })
	parts := now.parts()
	for source, p := range parts {
		p.since = a.sequence
		if before, known := a.parts[source]; known && before.hash == p.hash {
			p.since = before.since
		}
		parts[source] = p
	}
	a.parts = parts
}

func dropOldest(versions map[string]uint64) {
	oldest := ""
	for version, sequence := range versions {
		if oldest == "" || sequence < versions[oldest] {
			oldest = version
		}
	}
	delete(versions, oldest)
}

// report takes in what a replica says.
func (a *acknowledgements) report(replica string, report Report) {
	a.refused[replica] = report.Refused
	there := map[string]bool{}
	for _, pod := range report.Pods {
		there[pod.Pod] = true
		if a.acked[pod.Pod] == nil {
			a.acked[pod.Pod] = map[string]map[xds.ResourceRef]string{}
			a.connected[pod.Pod] = map[string]bool{}
		}
		if a.acked[pod.Pod][replica] == nil {
			a.acked[pod.Pod][replica] = map[xds.ResourceRef]string{}
		}
		a.connected[pod.Pod][replica] = true
		for _, acked := range pod.Acked {
			a.acked[pod.Pod][replica][acked.Resource] = acked.Version
		}
	}
	for pod := range a.connected {
		if !there[pod] {
			a.leave(pod, replica)
		} else {
			a.dropLeft(pod)
		}
	}
}

// lost notes that a replica is not heard any more.
func (a *acknowledgements) lost(replica string) {
	delete(a.refused, replica)
	for pod := range a.connected {
		a.leave(pod, replica)
	}
}

func (a *acknowledgements) leave(pod, replica string) {
	delete(a.connected[pod], replica)
	if len(a.connected[pod]) > 0 {
		delete(a.acked[pod], replica)
	}
}

// dropLeft drops what replicas said that a pod has left, now that another one knows better.
func (a *acknowledgements) dropLeft(pod string) {
	maps.DeleteFunc(a.acked[pod], func(replica string, _ map[xds.ResourceRef]string) bool { return !a.connected[pod][replica] })
}

// keep drops the pods that are not among these, nor connected.
func (a *acknowledgements) keep(pods []string) {
	wanted := map[string]bool{}
	for _, pod := range pods {
		wanted[pod] = true
	}
	for pod := range a.acked {
		if !wanted[pod] && len(a.connected[pod]) == 0 {
			delete(a.acked, pod)
			delete(a.connected, pod)
		}
	}
}

// has returns the latest sequence at which what a pod has of a resource was the present version; 0: none that is known.
func (a *acknowledgements) has(pod string, ref xds.ResourceRef) uint64 {
	var latest uint64
	for _, acked := range a.acked[pod] {
		latest = max(latest, a.versions[ref][acked[ref]])
	}
	return latest
}
