package manual

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

func TestTheDifferenceSaysWhatToRebuild(t *testing.T) {
	base := Sheet{
		Gateway: "shop/main", Families: []providers.Family{providers.IPv4}, SourceRanges: []string{"198.51.100.0/24"}, ConnectFrom: []string{"10.9.0.0/28"},
		Ports:  []Port{{Protocol: providers.TCP, Port: 80, NodePort: 30080}, {Protocol: providers.TCP, Port: 443, NodePort: 30443, ProxyProtocol: "v2"}},
		Health: Health{Path: "/healthz", NodePort: 32000, IntervalSeconds: 3, Fall: 2, Rise: 2},
		Nodes:  []Node{{"n1", "10.0.0.1"}, {"n2", "10.0.0.2"}},
	}
	cases := map[string]struct {
		edit func(*Sheet)
		want []string
	}{
		"nothing":      {func(*Sheet) {}, nil},
		"a port name":  {func(s *Sheet) { s.Ports[0].Name = "web" }, nil},
		"nodes":        {func(s *Sheet) { s.Nodes[0] = Node{"n3", "10.0.0.3"} }, []string{"node n3 (10.0.0.3) added", "node n1 (10.0.0.1) removed"}},
		"an address":   {func(s *Sheet) { s.Nodes[0].Address = "10.0.0.9" }, []string{"node n1 (10.0.0.9) added", "node n1 (10.0.0.1) removed"}},
		"ports":        {func(s *Sheet) { s.Ports[0].Port = 8080 }, []string{"port 8080/TCP added, to node port 30080", "port 80/TCP removed"}},
		"a node port":  {func(s *Sheet) { s.Ports[0].NodePort = 31080 }, []string{"port 80/TCP goes to node port 31080 instead of 30080"}},
		"PROXY on":     {func(s *Sheet) { s.Ports[0].ProxyProtocol = "v2" }, []string{"port 80/TCP needs a PROXY protocol v2 header"}},
		"PROXY off":    {func(s *Sheet) { s.Ports[1].ProxyProtocol = "" }, []string{"port 443/TCP needs no PROXY protocol header any more"}},
		"families":     {func(s *Sheet) { s.Families = []providers.Family{providers.IPv6} }, []string{"family IPv6 added", "family IPv4 removed"}},
		"wanted":       {func(s *Sheet) { s.Addresses = []string{"203.0.113.1"} }, []string{"address 203.0.113.1 added"}},
		"ranges":       {func(s *Sheet) { s.SourceRanges = nil }, []string{"source range 198.51.100.0/24 removed"}},
		"connect from": {func(s *Sheet) { s.ConnectFrom = nil }, []string{"load balancer's own address 10.9.0.0/28 removed"}},
		"health": {func(s *Sheet) { s.Health.Fall = 3; s.Draining.StopNewWithinSeconds = 9 }, []string{
			"health check changed from GET /healthz on node port 32000 every 3s, down after 2, up after 2 to " +
				"GET /healthz on node port 32000 every 3s, down after 3, up after 2"}},
		"draining": {func(s *Sheet) { s.Draining.KeepConnections = true }, []string{"draining changed"}},
		"gateway":  {func(s *Sheet) { s.Gateway = "shop/other" }, []string{"gateway changed from shop/main to shop/other"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			to := base
			to.Nodes, to.Ports = slices.Clone(base.Nodes), slices.Clone(base.Ports)
			c.edit(&to)
			got := Difference(base, to)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (len(got) == 0) != (base.Hash() == to.Hash()) {
				t.Errorf("the hash and the difference disagree: %v", got)
			}
		})
	}
}

func TestALongDifferenceIsCutForACondition(t *testing.T) {
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	if got := sentence(lines); !strings.HasSuffix(got, "line 7; and 12 more") {
		t.Errorf("got %q", got)
	}
}

func TestTheDifferenceOutlivesRestartsAndManyHandoffs(t *testing.T) {
	docs := newMemory()
	gw := testGateway(providers.IPv4)
	gw.Ack = &providers.Ack{Hash: hashOf(t, gw), Addresses: []string{"203.0.113.1"}}
	settle(t, testProvider(docs), testOwner, gw)
	var observed providers.Graph
	for i := range 3 * earlierKept {
		gw.Ports[0].NodePort = int32(31000 + i)
		observed = settle(t, testProvider(docs), testOwner, gw)
	}
	handoff, found := HandoffOf(observed)
	if !found || !handoff.Stale || handoff.AckedHash != gw.Ack.Hash || handoff.Hash != hashOf(t, gw) {
		t.Fatalf("the hand-off is %+v", handoff)
	}
	want := []string{fmt.Sprintf("port 80/TCP goes to node port %d instead of 30080", 31000+3*earlierKept-1)}
	if diff := cmp.Diff(want, handoff.Difference); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := len(specIn(observed).Earlier); got != earlierKept+1 {
		t.Errorf("%d earlier hand-offs are kept", got)
	}
}

func TestAnAckOfAHandoffThatNobodyKnowsIsStaleAndTrafficGoesOn(t *testing.T) {
	p := testProvider(newMemory())
	gw := testGateway(providers.IPv4)
	gw.Ack = &providers.Ack{Hash: "0123456789ab", Addresses: []string{"203.0.113.1"}}
	status := p.Report(settle(t, p, testOwner, gw))
	if status.Provisioned.State != providers.Ready || status.Provisioned.Reason != ReasonStale {
		t.Errorf("provisioned is %+v", status.Provisioned)
	}
	if !strings.Contains(status.Provisioned.Message, "not known any more") {
		t.Errorf("the message is %q", status.Provisioned.Message)
	}
}

// Who may edit ConfigMaps in a tenant's namespace must not be able to point the operator at an address that an ack could not.
func TestAnEditedDocumentGivesNoForbiddenAddressAndIsMended(t *testing.T) {
	for name, edit := range map[string]func(map[string]string){
		"a metadata address": func(data map[string]string) {
			data[fileAcked] = `{"hash":"0123456789ab","addresses":["169.254.169.254"]}`
		},
		"no JSON":        func(data map[string]string) { data[fileAcked] = "{" },
		"no YAML":        func(data map[string]string) { data[fileData] = "\t:" },
		"a bad memory":   func(data map[string]string) { data[fileEarlier] = `{"a":1}` },
		"another text":   func(data map[string]string) { data["extra"] = "x" },
		"an edited text": func(data map[string]string) { data[fileHAProxy] += "\nlisten evil" },
		"nothing at all": func(data map[string]string) { clear(data) },
	} {
		t.Run(name, func(t *testing.T) {
			docs := newMemory()
			p := testProvider(docs)
			gw := testGateway(providers.IPv4)
			gw.Ack = &providers.Ack{Hash: hashOf(t, gw), Addresses: []string{"203.0.113.1"}}
			settle(t, p, testOwner, gw)
			ref := DocumentRef("shop", "main")
			good := docs.docs[ref].Data
			doc, _, _ := docs.Get(t.Context(), ref)
			edit(doc.Data)
			if err := docs.Put(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
			observed, err := p.Observe(t.Context(), testOwner, refsOf(gw))
			if err != nil {
				t.Fatal(err)
			}
			for _, address := range p.Report(observed).Addresses {
				if address != "203.0.113.1" {
					t.Errorf("the report has the address %s", address)
				}
			}
			settle(t, p, testOwner, gw)
			now := docs.docs[ref].Data
			delete(now, fileEarlier) // a memory, that may have to begin anew
			if diff := cmp.Diff(good, now); diff != "" {
				t.Errorf("not mended (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAForeignDocumentIsReportedAsConflict(t *testing.T) {
	docs := newMemory()
	p := testProvider(docs)
	gw := testGateway(providers.IPv4)
	ref := DocumentRef(gw.Namespace, gw.Name)
	if err := docs.Put(t.Context(), Document{Ref: ref, Data: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	observed, err := p.Observe(t.Context(), testOwner, refsOf(gw))
	if err != nil {
		t.Fatal(err)
	}
	got := p.Report(observed).Provisioned
	if got.State != providers.Failed || got.Reason != ReasonConflict || !strings.Contains(got.Message, "shop/main-handoff") {
		t.Errorf("provisioned is %+v", got)
	}
	if _, found := HandoffOf(observed); found {
		t.Error("a foreign document counts as our hand-off")
	}
}

func TestALongGatewayNameStillHasADocumentNameOfItsOwn(t *testing.T) {
	a, b := DocumentRef("shop", strings.Repeat("a", 250)+"-x"), DocumentRef("shop", strings.Repeat("a", 250)+"-y")
	if len(a.Name) > 253 || a == b || !strings.HasSuffix(a.Name, "-handoff") {
		t.Errorf("%d characters: %s and %s", len(a.Name), a, b)
	}
	if got := DocumentRef("shop", "main").String(); got != "shop/main-handoff" || parseRef(got) != DocumentRef("shop", "main") {
		t.Errorf("got %s", got)
	}
}
