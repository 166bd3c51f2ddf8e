package server

import (
	"encoding/json"
	"testing"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

var (
	trackedGateway = GatewayKey{Namespace: "team", Name: "shop"}
	tcp80Table     = xds.ResourceRef{TypeURL: xds.TableType, Name: "tcp-80"}
	tcp80Listener  = xds.ResourceRef{TypeURL: xds.ListenerType, Name: "tcp-80"}
	webRoute       = ir.Source{Kind: "HTTPRoute", Namespace: "team", Name: "web"}
	otherRoute     = ir.Source{Kind: "HTTPRoute", Namespace: "team", Name: "other"}
	webCluster     = xds.ResourceRef{TypeURL: xds.ClusterType, Name: "service/team/web/80/http1"}
)

// edition is a publication of one table: its version, and what each of the two routes weighs there; 0: it has nothing there.
func edition(version string, webWeight, otherWeight int32) *Publication {
	var routes []ir.Route
	var sources []ir.Source
	for _, each := range []struct {
		source ir.Source
		weight int32
	}{{webRoute, webWeight}, {otherRoute, otherWeight}} {
		if each.weight != 0 {
			each.source.Section = "rules[0]"
			forward := &ir.Forward{Clusters: []ir.Share{{Cluster: webCluster.Name, Weight: each.weight}}}
			routes = append(routes, ir.Route{Name: each.source.Name, Source: each.source, Forward: forward})
			sources = append(sources, each.source)
		}
	}
	gateway := ir.Gateway{
		Listeners: []ir.Listener{{Name: tcp80Listener.Name, Port: 80, Plain: &ir.HTTP{Table: tcp80Table.Name}}},
		Tables:    []ir.RouteTable{{Name: tcp80Table.Name, Hosts: []ir.VirtualHost{{Domain: "*", Routes: routes}}}},
	}
	return publication(gateway, xds.Resources{
		Listeners: []xds.Resource{{TypeURL: xds.ListenerType, Name: tcp80Listener.Name, Version: "l" + version, Asks: []xds.ResourceRef{tcp80Table}}},
		Tables:    []xds.Resource{{TypeURL: xds.TableType, Name: tcp80Table.Name, Version: version, Sources: sources}},
	})
}

// unasked is an edition whose table no listener asks for.
func unasked(version string, webWeight, otherWeight int32) *Publication {
	e := edition(version, webWeight, otherWeight)
	e.Resources.Listeners[0].Asks = nil
	return publication(e.Gateway, e.Resources)
}

// hasTable reports that a pod has a version of the table, "" for none.
func hasTable(pod, version string) Report {
	report := Report{Gateway: trackedGateway, Pods: []PodReport{{Pod: pod}}}
	if version != "" {
		report.Pods[0].Acked = []Acked{{Resource: tcp80Table, Version: version}}
	}
	return report
}

func refuses(report Report, ref xds.ResourceRef, version, message string) Report {
	report.Refused = append(report.Refused, Refused{Acked: Acked{Resource: ref, Version: version}, Pod: report.Pods[0].Pod, Message: message})
	return report
}

func in(state ir.ProgrammedState) ir.Programmed { return ir.Programmed{State: state} }

func rejected(message string) ir.Programmed {
	return ir.Programmed{State: ir.Rejected, Message: message}
}

// tracked is what happens to a gateway, and what is then known of route web on some ready pods.
type tracked struct {
	name string
	do   func(*acknowledgements)
	pods []string
	want ir.Programmed
}

func (c tracked) check(t *testing.T) {
	a := newAcknowledgements()
	c.do(a)
	if got := a.object(webRoute, c.pods); got != c.want {
		t.Errorf("got %+v, want %+v", got, c.want)
	}
}

func TestARouteIsProgrammedByItsTables(t *testing.T) {
	cases := []tracked{
		{"nobody is there", func(a *acknowledgements) { a.publish(edition("1", 1, 1)) }, nil, in(ir.NoProxy)},
		{"a pod that nobody has heard of", func(a *acknowledgements) { a.publish(edition("1", 1, 1)) }, []string{"a"}, in(ir.Unheard)},
		{"a pod that has acknowledged nothing", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", ""))
		}, []string{"a"}, in(ir.Pending)},
		{"a pod that has it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"one of two pods has it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.report("s", hasTable("b", ""))
		}, []string{"a", "b"}, in(ir.Pending)},
		{"pods on two replicas have it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.report("s", hasTable("b", "1"))
		}, []string{"a", "b"}, in(ir.Acknowledged)},
		{"a pod that is not ready does not count", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.report("s", hasTable("b", ""))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"the acknowledgement came before the leader knew the version", func(a *acknowledgements) {
			a.report("r", hasTable("a", "1"))
			a.publish(edition("1", 1, 1))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"another route's change, not acknowledged yet, is none of this one's", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.publish(edition("2", 1, 2))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"its own change is", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.publish(edition("2", 2, 1))
		}, []string{"a"}, in(ir.Pending)},
		{"a later table has its change too", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.publish(edition("2", 2, 1))
			a.publish(edition("3", 2, 2))
			a.report("r", hasTable("a", "2"))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"an older table has not", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.publish(edition("2", 2, 1))
			a.publish(edition("3", 2, 2))
			a.report("r", hasTable("a", "1"))
		}, []string{"a"}, in(ir.Pending)},
		{"back to what it was: who still has that has it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.publish(edition("2", 2, 1))
			a.publish(edition("1", 1, 1))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"a table that no listener asks for", func(a *acknowledgements) {
			a.publish(unasked("1", 1, 1))
			a.report("r", hasTable("a", ""))
		}, []string{"a"}, in(ir.NotAsked)},
		{"Envoy refuses it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", refuses(hasTable("a", ""), tcp80Table, "1", "bad regex"))
		}, []string{"a"}, rejected("bad regex")},
		{"Envoy refuses another's change", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.publish(edition("2", 1, 2))
			a.report("r", refuses(hasTable("a", "1"), tcp80Table, "2", "bad regex"))
		}, []string{"a"}, in(ir.Acknowledged)},
		{"one of two pods refuses it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.report("s", refuses(hasTable("b", ""), tcp80Table, "1", "bad regex"))
		}, []string{"a", "b"}, rejected("bad regex")},
		{"Envoy refuses its cluster", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", refuses(hasTable("a", ""), webCluster, "c", "bad cluster"))
		}, []string{"a"}, rejected("bad cluster")},
	}
	for _, c := range cases {
		t.Run(c.name, c.check)
	}
}

func TestAcknowledgementsOfReplicasThatGo(t *testing.T) {
	cases := []tracked{
		{"what was acknowledged outlives the connection", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.report("r", Report{Gateway: trackedGateway})
			a.keep([]string{"a"})
		}, []string{"a"}, in(ir.Acknowledged)},
		{"and the replica", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.lost("r")
			a.keep([]string{"a"})
		}, []string{"a"}, in(ir.Acknowledged)},
		{"but not the pod", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.lost("r")
			a.keep(nil)
		}, []string{"a"}, in(ir.Unheard)},
		{"a pod that comes to another replica is believed there", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", hasTable("a", "1"))
			a.lost("r")
			a.report("s", hasTable("a", ""))
		}, []string{"a"}, in(ir.Pending)},
		{"a replica's refusals go with it", func(a *acknowledgements) {
			a.publish(edition("1", 1, 1))
			a.report("r", refuses(hasTable("a", ""), tcp80Table, "1", "bad regex"))
			a.lost("r")
		}, []string{"a"}, in(ir.Pending)},
	}
	for _, c := range cases {
		t.Run(c.name, c.check)
	}
}

func TestListenersAreProgrammed(t *testing.T) {
	a := newAcknowledgements()
	if got := a.listener(80, []string{"a"}); got != in(ir.Pending) {
		t.Errorf("before anything is published: %+v", got)
	}
	a.publish(edition("1", 1, 1))
	acked := Report{Gateway: trackedGateway, Pods: []PodReport{{Pod: "a", Acked: []Acked{{Resource: tcp80Listener, Version: "l1"}}}}}
	a.report("r", acked)
	if got := a.listener(80, []string{"a"}); got != in(ir.Acknowledged) {
		t.Errorf("acknowledged: %+v", got)
	}
	if got := a.listener(81, []string{"a"}); got != in(ir.Pending) {
		t.Errorf("a listener that was not published: %+v", got)
	}
	a.publish(edition("2", 1, 1))
	if got := a.listener(80, []string{"a"}); got != in(ir.Pending) {
		t.Errorf("changed since: %+v", got)
	}
}

func TestOldVersionsAreDropped(t *testing.T) {
	a := newAcknowledgements()
	for i := range 2 * maxVersions {
		a.publish(edition(string(rune('A'+i)), 1, int32(i)))
	}
	if n := len(a.versions[tcp80Table]); n != maxVersions {
		t.Errorf("%d versions", n)
	}
	a.report("r", hasTable("a", string(rune('A'+2*maxVersions-1))))
	if got := a.object(webRoute, []string{"a"}); got != in(ir.Acknowledged) {
		t.Errorf("got %+v", got)
	}
}

// Replicas of two releases report to each other while the operator is upgraded. This is a report of commit d53dc9a.
func TestReportsOfOlderReplicasAreRead(t *testing.T) {
	const older = `{"gateway":{"Namespace":"team","Name":"shop"},"pods":[{"pod":"a","acked":[` +
		`{"resource":{"TypeURL":"type.googleapis.com/envoy.config.listener.v3.Listener","Name":"tcp-80"},"version":"l1"},` +
		`{"resource":{"TypeURL":"type.googleapis.com/envoy.config.route.v3.RouteConfiguration","Name":"tcp-80"},"version":"1"}]}]}`
	var report Report
	if err := json.Unmarshal([]byte(older), &report); err != nil {
		t.Fatal(err)
	}
	tracker := NewTracker()
	published := edition("1", 1, 1)
	tracker.Publish(trackedGateway, published)
	tracker.Report("r", report)
	if got := tracker.Object(trackedGateway, webRoute, []string{"a"}); got != in(ir.Acknowledged) {
		t.Errorf("got %+v", got)
	}
	text, err := json.Marshal(hasAll("a", published))
	if err != nil || string(text) != older {
		t.Errorf("an older replica is sent %s, %v", text, err)
	}
}
