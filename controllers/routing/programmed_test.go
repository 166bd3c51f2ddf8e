package routing

import (
	"testing"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

var (
	table   = xds.ResourceRef{TypeURL: xds.TableType, Name: "tcp-80"}
	web     = ir.Source{Kind: "HTTPRoute", Namespace: "team", Name: "web"}
	other   = ir.Source{Kind: "HTTPRoute", Namespace: "team", Name: "other"}
	cluster = "service/team/web/80/http1"
)

// edition is a publication of one table: its version, and what each of the two routes answers there; 0: nothing.
func edition(version string, webStatus, otherStatus int32) *published {
	var routes []ir.Route
	for source, status := range map[ir.Source]int32{web: webStatus, other: otherStatus} {
		if status != 0 {
			source.Section = "rules[0]"
			forward := &ir.Forward{Clusters: []ir.Share{{Cluster: cluster, Weight: status}}}
			routes = append(routes, ir.Route{Name: source.Name, Source: source, Forward: forward})
		}
	}
	return &published{
		gateway:  ir.Gateway{Tables: []ir.RouteTable{{Name: table.Name, Hosts: []ir.VirtualHost{{Domain: "*", Routes: routes}}}}},
		asked:    map[xds.ResourceRef]bool{table: true},
		versions: map[xds.ResourceRef]string{table: version, {TypeURL: xds.ListenerType, Name: "tcp-80"}: "l" + version},
	}
}

func has(pod, version string) Report {
	report := Report{Gateway: shop, Pods: []PodReport{{Pod: pod}}}
	if version != "" {
		report.Pods[0].Acked = []Acked{{Resource: table, Version: version}}
	}
	return report
}

func refuses(report Report, ref xds.ResourceRef, version, message string) Report {
	report.Refused = append(report.Refused, Refused{Acked: Acked{Resource: ref, Version: version}, Pod: report.Pods[0].Pod, Message: message})
	return report
}

// account is what a ledger is told, and what it then says of route web on some ready pods.
type account struct {
	name string
	do   func(*ledger)
	pods []string
	want verdict
}

func (a account) check(t *testing.T) {
	l := newLedger()
	a.do(l)
	if got := l.object(web, a.pods); got != a.want {
		t.Errorf("got %+v, want %+v", got, a.want)
	}
}

func TestProgrammed(t *testing.T) {
	cases := []account{
		{"nobody is there", func(l *ledger) { l.note(edition("1", 1, 1)) }, nil, noProxy},
		{"a pod that nobody has heard of", func(l *ledger) { l.note(edition("1", 1, 1)) }, []string{"a"}, unheard},
		{"a pod that has acknowledged nothing", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", ""))
		}, []string{"a"}, pending},
		{"a pod that has it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
		}, []string{"a"}, programmed},
		{"one of two pods has it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.report("s", has("b", ""))
		}, []string{"a", "b"}, pending},
		{"pods on two replicas have it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.report("s", has("b", "1"))
		}, []string{"a", "b"}, programmed},
		{"a pod that is not ready does not count", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.report("s", has("b", ""))
		}, []string{"a"}, programmed},
		{"the acknowledgement came before the leader knew the version", func(l *ledger) {
			l.report("r", has("a", "1"))
			l.note(edition("1", 1, 1))
		}, []string{"a"}, programmed},
		{"another route's change, not acknowledged yet, is none of this one's", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.note(edition("2", 1, 2))
		}, []string{"a"}, programmed},
		{"its own change is", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.note(edition("2", 2, 1))
		}, []string{"a"}, pending},
		{"a later table has its change too", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.note(edition("2", 2, 1))
			l.note(edition("3", 2, 2))
			l.report("r", has("a", "2"))
		}, []string{"a"}, programmed},
		{"an older table has not", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.note(edition("2", 2, 1))
			l.note(edition("3", 2, 2))
			l.report("r", has("a", "1"))
		}, []string{"a"}, pending},
		{"back to what it was: who still has that has it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.note(edition("2", 2, 1))
			l.note(edition("1", 1, 1))
		}, []string{"a"}, programmed},
		{"a table that no listener asks for", func(l *ledger) {
			e := edition("1", 1, 1)
			e.asked = nil
			l.note(e)
			l.report("r", has("a", ""))
		}, []string{"a"}, uncertified},
		{"Envoy refuses it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", refuses(has("a", ""), table, "1", "bad regex"))
		}, []string{"a"}, rejected("bad regex")},
		{"Envoy refuses another's change", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.note(edition("2", 1, 2))
			l.report("r", refuses(has("a", "1"), table, "2", "bad regex"))
		}, []string{"a"}, programmed},
		{"one of two pods refuses it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.report("s", refuses(has("b", ""), table, "1", "bad regex"))
		}, []string{"a", "b"}, rejected("bad regex")},
		{"Envoy refuses its cluster", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", refuses(has("a", ""), xds.ResourceRef{TypeURL: xds.ClusterType, Name: cluster}, "c", "bad cluster"))
		}, []string{"a"}, rejected("bad cluster")},
	}
	for _, c := range cases {
		t.Run(c.name, c.check)
	}
}

func TestAcknowledgementsAndWhoToldThem(t *testing.T) {
	cases := []account{
		{"what was acknowledged outlives the connection", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.report("r", Report{Gateway: shop})
			l.keep([]string{"a"})
		}, []string{"a"}, programmed},
		{"and the replica", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.lost("r")
			l.keep([]string{"a"})
		}, []string{"a"}, programmed},
		{"but not the pod", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.lost("r")
			l.keep(nil)
		}, []string{"a"}, unheard},
		{"a pod that comes to another replica is believed there", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", has("a", "1"))
			l.lost("r")
			l.report("s", has("a", ""))
		}, []string{"a"}, pending},
		{"a replica's refusals go with it", func(l *ledger) {
			l.note(edition("1", 1, 1))
			l.report("r", refuses(has("a", ""), table, "1", "bad regex"))
			l.lost("r")
		}, []string{"a"}, pending},
	}
	for _, c := range cases {
		t.Run(c.name, c.check)
	}
}

func TestListenersAreProgrammed(t *testing.T) {
	l := newLedger()
	if got := l.listener(80, []string{"a"}); got != pending {
		t.Errorf("before anything is published: %+v", got)
	}
	l.note(edition("1", 1, 1))
	acked := Report{Gateway: shop, Pods: []PodReport{{Pod: "a", Acked: []Acked{{Resource: xds.ResourceRef{TypeURL: xds.ListenerType, Name: "tcp-80"}, Version: "l1"}}}}}
	l.report("r", acked)
	if got := l.listener(80, []string{"a"}); got != programmed {
		t.Errorf("acknowledged: %+v", got)
	}
	if got := l.listener(81, []string{"a"}); got != pending {
		t.Errorf("a listener that was not published: %+v", got)
	}
	l.note(edition("2", 1, 1))
	if got := l.listener(80, []string{"a"}); got != pending {
		t.Errorf("changed since: %+v", got)
	}
}

func TestVersionsAreForgottenInTheEnd(t *testing.T) {
	l := newLedger()
	for i := range 2 * maxVersions {
		l.note(edition(string(rune('A'+i)), 1, int32(i)))
	}
	if n := len(l.versions[table]); n != maxVersions {
		t.Errorf("%d versions", n)
	}
	l.report("r", has("a", string(rune('A'+2*maxVersions-1))))
	if got := l.object(web, []string{"a"}); got != programmed {
		t.Errorf("got %+v", got)
	}
}
