package server

import (
	"testing"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// tcpRoute is an object that is in no route table.
var tcpRoute = ir.Source{Kind: "TCPRoute", Namespace: "team", Name: "db"}

// madeOf is a publication of one resource that is made of the object, and of a listener that fetches it, if it is one to be fetched.
func madeOf(typeURL, version string, object ir.Source) *Publication {
	object.Section = "rules[0]"
	resource := xds.Resource{TypeURL: typeURL, Name: "its", Version: version, Sources: []ir.Source{object}}
	var resources xds.Resources
	switch typeURL {
	case xds.ListenerType:
		resources.Listeners = []xds.Resource{resource}
	case xds.TableType:
		resources.Tables = []xds.Resource{resource}
	case xds.ClusterType:
		resources.Clusters = []xds.Resource{resource}
	case xds.SecretType:
		resources.Secrets = []xds.Resource{resource}
	}
	gateway := ir.Gateway{Listeners: []ir.Listener{{Name: "its", Port: 5432, Sources: []ir.Source{object}}}}
	if typeURL != xds.ListenerType {
		resources.Listeners = []xds.Resource{{TypeURL: xds.ListenerType, Name: "its", Version: "l", Asks: []xds.ResourceRef{resource.Ref()}}}
		gateway.Listeners[0].Sources = nil
	}
	return publication(gateway, resources)
}

// publication is one of which objects of any kind but Service and Secret have a status.
func publication(gateway ir.Gateway, resources xds.Resources) *Publication {
	return NewPublication(gateway, resources, nil, func(object ir.Source) bool { return object.Kind != "Service" && object.Kind != "Secret" })
}

// hasAll reports that a pod has everything of a publication.
func hasAll(pod string, p *Publication) Report {
	return ReportOf(trackedGateway, p, Progress{Pods: []string{pod}})
}

// lacks reports that a pod has everything of a publication but the current version of one resource.
func lacks(pod string, p *Publication, ref xds.ResourceRef) Report {
	return ReportOf(trackedGateway, p, Progress{Pods: []string{pod}, Pending: map[xds.ResourceRef][]string{ref: {pod}}})
}

func TestAnObjectNeedsEveryResourceThatIsMadeOfIt(t *testing.T) {
	for _, typeURL := range []string{xds.ListenerType, xds.TableType, xds.ClusterType, xds.SecretType} {
		t.Run(typeURL, func(t *testing.T) {
			its := xds.ResourceRef{TypeURL: typeURL, Name: "its"}
			a := newAcknowledgements()
			is := func(when string, want ir.Programmed) {
				t.Helper()
				if got := a.object(tcpRoute, []string{"a"}); got != want {
					t.Errorf("%s: got %+v, want %+v", when, got, want)
				}
			}
			first := madeOf(typeURL, "1", tcpRoute)
			a.publish(first)
			a.report("r", lacks("a", first, its))
			is("before it is acknowledged", in(ir.Pending))
			a.report("r", hasAll("a", first))
			is("acknowledged", in(ir.Acknowledged))
			second := madeOf(typeURL, "2", tcpRoute)
			a.publish(second)
			a.report("r", lacks("a", second, its))
			is("after a change", in(ir.Pending))
			a.report("r", refuses(lacks("a", second, its), its, "2", "bad"))
			is("refused", rejected("bad"))
			a.report("r", hasAll("a", second))
			is("acknowledged again", in(ir.Acknowledged))
		})
	}
}

func TestAnObjectInNoResourceIsNotServed(t *testing.T) {
	a := newAcknowledgements()
	p := madeOf(xds.ListenerType, "1", tcpRoute)
	a.publish(p)
	a.report("r", hasAll("a", p))
	for _, pods := range [][]string{{"a"}, nil} {
		if got := a.object(webRoute, pods); got != in(ir.NotServed) {
			t.Errorf("on %v: got %+v", pods, got)
		}
	}
}

// Two objects have a chain each of one listener: a change of one is none of the other's.
func TestAnObjectThatSharesAListenerNeedsItsOwnChain(t *testing.T) {
	other := ir.Source{Kind: "TLSRoute", Namespace: "team", Name: "other"}
	edition := func(version string, names ...string) *Publication {
		chains := []ir.Chain{{Name: "db", ServerNames: []string{"db.example.com"}, Source: tcpRoute}, {Name: "other", ServerNames: names, Source: other}}
		return publication(ir.Gateway{Listeners: []ir.Listener{{Name: "tcp-443", Port: 443, Chains: chains}}}, xds.Resources{Listeners: []xds.Resource{
			{TypeURL: xds.ListenerType, Name: "tcp-443", Version: version, Sources: []ir.Source{tcpRoute, other}},
		}})
	}
	a := newAcknowledgements()
	first, second := edition("1", "a.example.com"), edition("2", "b.example.com")
	a.publish(first)
	a.report("r", hasAll("a", first))
	a.publish(second)
	for object, want := range map[ir.Source]ir.ProgrammedState{tcpRoute: ir.Acknowledged, other: ir.Pending} {
		if got := a.object(object, []string{"a"}); got != in(want) {
			t.Errorf("%s: got %+v, want %s", object.Name, got, want)
		}
	}
}

// No proxy ever has a secret that nothing asks for: it must not be waited for.
func TestWhatNothingAsksForIsNotNeeded(t *testing.T) {
	lonely := xds.Resource{TypeURL: xds.SecretType, Name: "lonely", Version: "1", Sources: []ir.Source{tcpRoute}}
	p := madeOf(xds.ListenerType, "1", tcpRoute)
	p = publication(p.Gateway, xds.Resources{Listeners: p.Resources.Listeners, Secrets: []xds.Resource{lonely}})
	a := newAcknowledgements()
	a.publish(p)
	a.report("r", lacks("a", p, lonely.Ref()))
	if got := a.object(tcpRoute, []string{"a"}); got != in(ir.Acknowledged) {
		t.Errorf("beside a listener: got %+v", got)
	}
	a.publish(publication(ir.Gateway{}, xds.Resources{Secrets: []xds.Resource{lonely}}))
	if got := a.object(tcpRoute, []string{"a"}); got != in(ir.NotAsked) {
		t.Errorf("alone: got %+v", got)
	}
}

// A gateway may have thousands of clusters and certificates. Their acknowledgements would fill the reports, and nobody asks for them.
func TestClustersOfServicesAreNotReported(t *testing.T) {
	p := publication(ir.Gateway{}, xds.Resources{
		Clusters: []xds.Resource{
			{TypeURL: xds.ClusterType, Name: "service/team/web/80/http1", Version: "1", Sources: []ir.Source{{Kind: "Service", Namespace: "team", Name: "web"}}},
			{TypeURL: xds.ClusterType, Name: "authorization", Version: "1", Sources: []ir.Source{{Kind: "EdgePolicy", Namespace: "team", Name: "guard"}}},
		},
		Secrets: []xds.Resource{{TypeURL: xds.SecretType, Name: "secret/team/web", Version: "1", Sources: []ir.Source{{Kind: "Secret", Namespace: "team", Name: "web"}}}},
	})
	acked := hasAll("a", p).Pods[0].Acked
	if len(acked) != 1 || acked[0].Resource.Name != "authorization" {
		t.Errorf("reported %+v", acked)
	}
}
