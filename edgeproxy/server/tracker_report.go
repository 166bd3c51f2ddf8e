package server

import (
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Report is what one replica knows about a gateway's proxies: those connected to it, and what they have acknowledged. Its JSON goes
// between replicas, of which some may be older. Clusters and endpoints of Services are not in it: a proxy gets a table after those that it needs.
type Report struct {
	Gateway GatewayKey `json:"gateway"`
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

// Acked is a version of a resource that a proxy has.
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

// ReportOf makes a report, sorted, of what the server says about the proxies that are connected to it. The server must have been given
// this very publication of the gateway last. It is pure.
func ReportOf(gateway GatewayKey, published *Publication, progress Progress) Report {
	report := Report{Gateway: gateway}
	for _, pod := range progress.Pods {
		has := PodReport{Pod: pod}
		for _, each := range published.reported {
			if !slices.Contains(progress.Pending[each.Resource], pod) {
				has.Acked = append(has.Acked, each)
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
