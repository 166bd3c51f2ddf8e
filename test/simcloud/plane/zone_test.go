package plane

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func zoneTable() Table {
	ten, none := 10, 0
	return Table{
		Balancers: []Balancer{
			{Name: "lb-1.elb.example.", Addresses: []Address{{IP: vip}, {IP: netip.MustParseAddr("203.0.113.8")}, {IP: vip6}}},
			{Name: "lb-2.elb.example.", Addresses: []Address{{IP: vip}}},
		},
		Zones: []Zone{{Name: "example.com.", Records: []Record{
			{Name: "example.com.", Type: "SOA", TTL: 900, Values: []string{"ns.example.net. admin.example.net. 1 7200 900 1209600 86400"}},
			{Name: "example.com.", Type: "NS", TTL: 172800, Values: []string{"ns.example.net."}},
			{Name: "example.com.", Type: "A", Alias: "lb-1.elb.example."},
			{Name: "www.example.com.", Type: "AAAA", Alias: "lb-1.elb.example."},
			{Name: "ip4.example.com.", Type: "AAAA", Alias: "lb-2.elb.example."},
			{Name: "gone.example.com.", Type: "A", Alias: "lb-3.elb.example."},
			{Name: "same.example.com.", Type: "A", Alias: "example.com."},
			{Name: "loop.example.com.", Type: "A", Alias: "loop.example.com."},
			{Name: "*.apps.example.com.", Type: "A", TTL: 60, Values: []string{"203.0.113.9"}},
			{Name: "own.apps.example.com.", Type: "TXT", TTL: 60, Values: []string{`"owner=me, \"quoted\"" "second"`}},
			{Name: "c.example.com.", Type: "CNAME", TTL: 60, Values: []string{"x.apps.example.com."}},
			{Name: "out.example.com.", Type: "CNAME", TTL: 60, Values: []string{"www.example.org."}},
			{Name: "weighed.example.com.", Type: "A", TTL: 60, Values: []string{"203.0.113.1"}, Weight: &ten},
			{Name: "weighed.example.com.", Type: "A", TTL: 60, Values: []string{"203.0.113.2"}, Weight: &none},
		}}, {Name: "sub.example.com.", Records: []Record{
			{Name: "sub.example.com.", Type: "SOA", TTL: 900, Values: []string{"ns.example.net. admin.example.net. 1 7200 900 1209600 86400"}},
			{Name: "a.sub.example.com.", Type: "A", TTL: 1, Values: []string{"203.0.113.3"}},
		}}},
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct{ name, kind, want string }{
		{"example.com.", "A", "NOERROR A 203.0.113.7 A 203.0.113.8"},
		{"EXAMPLE.com.", "NS", "NOERROR NS ns.example.net."},
		{"www.example.com.", "AAAA", "NOERROR AAAA 2001:db8:113::7"},
		{"www.example.com.", "A", "NOERROR | SOA"},
		{"ip4.example.com.", "AAAA", "NOERROR | SOA"},
		{"gone.example.com.", "A", "NOERROR | SOA"},
		{"same.example.com.", "A", "NOERROR A 203.0.113.7 A 203.0.113.8"},
		{"loop.example.com.", "A", "NOERROR | SOA"},
		{"nothing.example.com.", "A", "NXDOMAIN | SOA"},
		{"x.apps.example.com.", "A", "NOERROR A 203.0.113.9"},
		{"y.x.apps.example.com.", "A", "NOERROR A 203.0.113.9"},
		{"x.apps.example.com.", "TXT", "NOERROR | SOA"},
		{"apps.example.com.", "A", "NOERROR | SOA"},
		{"own.apps.example.com.", "A", "NOERROR | SOA"},
		{"x.own.apps.example.com.", "A", "NXDOMAIN | SOA"},
		{"own.apps.example.com.", "TXT", `NOERROR TXT "owner=me, \"quoted\"" "second"`},
		{"c.example.com.", "A", "NOERROR CNAME x.apps.example.com. A 203.0.113.9"},
		{"c.example.com.", "CNAME", "NOERROR CNAME x.apps.example.com."},
		{"out.example.com.", "A", "NOERROR CNAME www.example.org."},
		{"weighed.example.com.", "A", "NOERROR A 203.0.113.1"},
		{"a.sub.example.com.", "A", "NOERROR A 203.0.113.3"},
		{"b.sub.example.com.", "A", "NXDOMAIN | SOA"},
		{"example.org.", "A", "REFUSED"},
		{"com.", "A", "REFUSED"},
	} {
		query := new(dns.Msg).SetQuestion(c.name, dns.StringToType[c.kind])
		reply := new(dns.Msg).SetReply(query)
		answer(zoneTable(), query, reply)
		got := []string{dns.RcodeToString[reply.Rcode]}
		for _, rr := range reply.Answer {
			got = append(got, dns.TypeToString[rr.Header().Rrtype], strings.TrimPrefix(rr.String(), rr.Header().String()))
			if reply.Answer[0].Header().Name != c.name {
				t.Errorf("%s: the answer is about %s", c.name, rr.Header().Name)
			}
		}
		if len(reply.Ns) > 0 {
			got = append(got, "|", dns.TypeToString[reply.Ns[0].Header().Rrtype])
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s %s: %s, not %s", c.name, c.kind, text, c.want)
		}
	}
}

func TestANameServerAnswersOverBothTransports(t *testing.T) {
	server, err := Serve("", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	address := server.servers[0].PacketConn.LocalAddr().String()
	ask := func(network, name string) *dns.Msg {
		t.Helper()
		client := dns.Client{Net: network}
		reply, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), address)
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	if reply := ask("udp", "example.com."); reply.Rcode != dns.RcodeRefused {
		t.Errorf("without a table: %v", reply)
	}
	table := zoneTable()
	var many []string
	for i := range 100 {
		many = append(many, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String())
	}
	table.Zones[0].Records = append(table.Zones[0].Records, Record{Name: "many.example.com.", Type: "A", TTL: 1, Values: many})
	server.Apply(table)
	for network, whole := range map[string]bool{"udp": false, "tcp": true} {
		if reply := ask(network, "many.example.com."); reply.Truncated == whole || (len(reply.Answer) == 100) != whole || !reply.Authoritative {
			t.Errorf("%s: %d answers, truncated %t", network, len(reply.Answer), reply.Truncated)
		}
	}
	table.Balancers = nil
	server.Apply(table)
	if reply := ask("udp", "example.com."); len(reply.Answer) != 0 {
		t.Errorf("the load balancer is gone, and its alias answers %v", reply.Answer)
	}
}

func TestRules(t *testing.T) {
	from := Sender{Groups: []string{"frontend"}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.5")}}
	for name, c := range map[string]struct {
		rule Rule
		want bool
	}{
		"all":                   {Rule{}, true},
		"the port":              {Rule{Protocol: TCP, From: 80, To: 90}, true},
		"another port":          {Rule{Protocol: TCP, From: 90, To: 99}, false},
		"another protocol":      {Rule{Protocol: UDP, From: 80, To: 90}, false},
		"the group":             {Rule{Peer: "frontend"}, true},
		"another group":         {Rule{Peer: "backend"}, false},
		"the address":           {Rule{Source: netip.MustParsePrefix("10.0.0.0/24")}, true},
		"another's address":     {Rule{Source: netip.MustParsePrefix("10.0.1.0/24")}, false},
		"everybody's, the port": {Rule{Protocol: TCP, From: 80, To: 80, Source: netip.MustParsePrefix("0.0.0.0/0")}, true},
	} {
		if got := admits([]Rule{c.rule}, from, TCP, 80); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if admits(nil, from, TCP, 80) {
		t.Error("no rule lets something in")
	}
}

func TestAFlowGoesToOneTarget(t *testing.T) {
	pool := Pool{Targets: []Target{{ID: "a", State: Active}, {ID: "b", State: Active}, {ID: "c", State: Active}}}
	all := eligible(pool, "", true, func(targetKey) Health { return Healthy })
	counts := map[string]int{}
	for port := range uint16(3000) {
		from, to := netip.AddrPortFrom(client, port), netip.AddrPortFrom(vip, 443)
		first, _ := choose(all, from, to)
		again, _ := choose(slices.Clone(all), from, to)
		if first.ID != again.ID {
			t.Fatal("one flow has two targets")
		}
		counts[first.ID]++
	}
	for _, id := range []string{"a", "b", "c"} {
		if counts[id] < 800 {
			t.Errorf("flows go to %v", counts)
		}
	}
}
