package routing

import (
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Report is what one replica knows about a gateway's proxies: those connected to it, and what they have acknowledged. Only listeners and
// route tables are in it: a proxy gets a table after the clusters, endpoints and secrets that it needs.
type Report struct {
	Gateway name `json:"gateway"`
	// Acked resources by pod.
	Pods []PodReport `json:"pods,omitempty"`
	// Refused resources of any type.
	Refused []Refused `json:"refused,omitempty"`
}

// PodReport is what one proxy has.
type PodReport struct {
	Pod   string  `json:"pod"`
	Acked []Acked `json:"acked,omitempty"`
}

// Acked is a version of a listener or a route table that a proxy has.
type Acked struct {
	Resource xds.ResourceRef `json:"resource"`
	Version  string          `json:"version"`
}

// Refused is a version of a resource that a proxy refused, in Envoy's words.
type Refused struct {
	Acked
	Pod     string      `json:"pod"`
	Message string      `json:"message"`
	Sources []ir.Source `json:"sources,omitempty"`
}

// reported are the types whose acknowledgements are told.
func reported(typeURL string) bool { return typeURL == xds.ListenerType || typeURL == xds.TableType }

// reportOf makes a report, sorted, of what the server says. It is pure.
func reportOf(gateway name, versions map[xds.ResourceRef]string, progress server.Progress) Report {
	var refs []xds.ResourceRef
	for ref := range versions {
		if reported(ref.TypeURL) {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, compareRefs)
	report := Report{Gateway: gateway}
	for _, pod := range progress.Pods {
		has := PodReport{Pod: pod}
		for _, ref := range refs {
			if !slices.Contains(progress.Pending[ref], pod) {
				has.Acked = append(has.Acked, Acked{Resource: ref, Version: versions[ref]})
			}
		}
		report.Pods = append(report.Pods, has)
	}
	for _, refusal := range progress.Refused {
		report.Refused = append(report.Refused, Refused{
			Acked: Acked{Resource: refusal.Resource, Version: refusal.Version}, Pod: refusal.Pod, Message: refusal.Message, Sources: refusal.Sources,
		})
	}
	return report
}

func compareRefs(a, b xds.ResourceRef) int {
	if c := strings.Compare(a.TypeURL, b.TypeURL); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}
