package lb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/aws/dns"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/records"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// fleet is many gateways' things, put into a cloud past its API: two zones, two ports and one hostname each.
type fleet struct {
	w      *world
	size   int
	places []providers.Place
}

func fleetOwner(i int) providers.Owner {
	return providers.Owner{Cluster: "cluster", Gateway: fmt.Sprintf("gateway-%d", i), Namespace: "shop", Name: fmt.Sprintf("g%d", i)}
}

func newFleet(size int) fleet { return newFleetOf(simaws.Config{Unlimited: true}, size) }

func newFleetOf(config simaws.Config, size int) fleet {
	f := fleet{w: newWorldOf(config), size: size}
	lb := providers.Place{Provider: Name, Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
	dns := providers.Place{Provider: dns.Name, Account: simaws.DefaultKey.Account, Zone: "example.com"}
	f.w.cloud.Edit(func(t *simaws.Tables) {
		for i := range size {
			dns.Names = append(dns.Names, f.host(i))
			lb.Names = append(lb.Names, f.put(t, i)...)
		}
	})
	f.places = []providers.Place{lb, dns}
	return f
}

func (f fleet) host(i int) string { return fmt.Sprintf("g%d.example.com", i) }

func (f fleet) id(prefix string, i, part int) string {
	return fmt.Sprintf("%s-%09x%08x", prefix, i, part)
}

func (f fleet) arn(kind, name string) string {
	return "arn:aws:elasticloadbalancing:eu-west-1:111122223333:" + kind + "/" + name + "/0123456789abcdef"
}

// tags of a thing as the adapter writes them.
func (f fleet) tags(i int, key, name string) simaws.Tags {
	tags := simaws.Tags{}
	for _, tag := range tagsOf(fleetOwner(i), providers.Node{Key: key, Name: name}) {
		tags[tag[0]] = tag[1]
	}
	return tags
}

// put makes one gateway's things and returns their names in places.
func (f fleet) put(t *simaws.Tables, i int) []string {
	owner, at := fleetOwner(i), simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
	group, balancer := f.id("sg", i, 0), owner.NameOf(balancerKey)
	arn := f.arn("loadbalancer/net", balancer)
	b := simaws.Balancer{Place: at, ARN: arn, Name: balancer, DNSName: balancer + ".elb.eu-west-1.amazonaws.com", VPC: simaws.SeedVPC,
		Scheme: "internet-facing", IPAddressType: ipv4Only, State: "active", Groups: []string{group}, Tags: f.tags(i, balancerKey, balancer)}
	for zone := range 2 {
		key, id := addressKey("eu-west-1"+string(rune('a'+zone))), f.id("eipalloc", i, zone)
		t.Addresses.Put(id, simaws.Address{Place: at, Allocation: id, IP: fmt.Sprintf("198.51.%d.%d", i/100, i%100*2+zone), Association: f.id("eipassoc", i, zone),
			Interface: f.id("eni", i, zone), Tags: f.tags(i, key, owner.NameOf(key))})
		b.Mappings = append(b.Mappings, simaws.Mapping{Subnet: simaws.SeedPublicSubnets[zone], Zone: "eu-west-1a", Allocation: id})
	}
	t.Balancers.Put(arn, b)
	names := []string{placeName(kindBalancer, balancer)}
	t.Groups.Put(group, simaws.Group{Place: at, ID: group, VPC: simaws.SeedVPC, Name: owner.NameOf(securityGroupKey), Description: "a", Tags: f.tags(i, securityGroupKey, "")})
	for k, port := range []int{30080, 30443, 30999} {
		rule := f.id("sgr", i, k)
		key := nodeAccessKey(simaws.SeedNodeGroup)
		t.Rules.Put(rule, simaws.GroupRule{Place: at, ID: rule, Group: simaws.SeedNodeGroup, Protocol: "tcp", From: port, To: port, Peer: group,
			Tags: f.tags(i, key, nodeAccessName(owner, simaws.SeedNodeGroup, owner.NameOf(securityGroupKey)))})
		if k == 2 {
			continue
		}
		own, part := f.id("sgr", i, 8+k), portPart("TCP", []int32{80, 443}[k])
		t.Rules.Put(own, simaws.GroupRule{Place: at, ID: own, Group: group, Protocol: "tcp", From: port, To: port, CIDR: "0.0.0.0/0"})
		targets := owner.NameOf(kindTargets + "/" + part)
		g := simaws.TargetGroup{Place: at, ARN: f.arn("targetgroup", targets), Name: targets, VPC: simaws.SeedVPC, Protocol: "TCP", TargetType: "instance",
			IPAddressType: ipv4Only, Port: port, Health: simaws.HealthCheck{Protocol: "HTTP", Port: "30999", Path: "/healthz", Interval: 5, Timeout: 4, Healthy: 2, Unfit: 2},
			Tags: f.tags(i, kindTargets+"/"+part, targets)}
		t.TargetGroups.Put(g.ARN, g)
		l := simaws.Listener{Place: at, ARN: f.arn("listener/net", balancer+part), Balancer: arn, Protocol: "TCP", Port: port, TargetGroup: g.ARN,
			Tags: f.tags(i, kindListener+"/"+part, balancer+"-"+part)}
		t.Listeners.Put(l.ARN, l)
		names = append(names, placeName(kindTargets, targets))
	}
	alias := simaws.RecordSet{Place: simaws.Place{Account: at.Account}, Zone: simaws.SeedZone, Name: f.host(i) + ".", Type: "A",
		Alias: &simaws.AliasTarget{HostedZone: "Z2IFOLAFXWLO4F", DNSName: b.DNSName + ".", EvaluateHealth: true}}
	t.Records.Put(alias.Key(), alias)
	told := simaws.RecordSet{Place: alias.Place, Zone: alias.Zone, Name: records.ClaimName(f.host(i)) + ".", Type: "TXT", TTL: 300,
		Values: []string{`"` + records.ClaimOf(owner, "A").Text() + `"`}}
	t.Records.Put(told.Key(), told)
	return names
}

// sweepBoth sweeps with both halves.
func sweepBoth(t *testing.T, lb *Provider, dns *dns.Provider, places []providers.Place) (map[string]string, map[string]string) {
	t.Helper()
	balancing, err := lb.ListChanges(context.Background(), places)
	if err != nil {
		t.Fatal(err)
	}
	records, err := dns.ListChanges(context.Background(), places)
	if err != nil {
		t.Fatal(err)
	}
	return balancing, records
}

func (w *world) halves(t *testing.T) (*Provider, *dns.Provider) {
	t.Helper()
	config := w.config()
	lb, err := New(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	dns, err := dns.New(context.Background(), dns.Config{Access: config.Access, Zones: []string{"example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	return lb, dns
}

func TestASweepOfAThousandGatewaysIsCheap(t *testing.T) {
	f := newFleet(1000)
	lb, dns := f.w.halves(t)
	before, _ := f.w.cloud.Calls()
	balancing, records := sweepBoth(t, lb, dns, f.places)
	after, mutations := f.w.cloud.Calls()
	t.Logf("%d calls", after-before)
	if after-before > 30 || mutations > 0 {
		t.Errorf("it makes %d calls, and %d that change something: %v", after-before, mutations, f.w.cloud.Counts())
	}
	if err := f.w.invariant(); err != nil && strings.Contains(err.Error(), "simulator") {
		t.Error(err)
	}
	for i := range f.size {
		if balancing[fleetOwner(i).Mark()] == "" || records[f.host(i)] == "" {
			t.Fatalf("gateway %d is not told of", i)
		}
	}
	for _, name := range f.places[0].Names {
		if balancing[name] == "" {
			t.Fatalf("%s is not told of", name)
		}
	}
	if len(balancing) != 4*f.size || len(records) != f.size {
		t.Errorf("%d and %d things are told of", len(balancing), len(records))
	}
}

// TestASweepTellsEachChangeOfTheThingThatItIsOf changes one thing at a time past the API.
func TestASweepTellsEachChangeOfTheThingThatItIsOf(t *testing.T) {
	f := newFleet(3)
	lb, dns := f.w.halves(t)
	one := fleetOwner(1)
	balancer, targets := one.NameOf(balancerKey), one.NameOf(kindTargets+"/tcp-443")
	ofBalancer, ofTargets := placeName(kindBalancer, balancer), placeName(kindTargets, targets)
	onBalancer := func(change func(*simaws.Balancer)) func(*simaws.Tables) {
		return func(t *simaws.Tables) { t.Balancers.Change(f.arn("loadbalancer/net", balancer), change) }
	}
	onTargets := func(change func(*simaws.TargetGroup)) func(*simaws.Tables) {
		return func(t *simaws.Tables) { t.TargetGroups.Change(f.arn("targetgroup", targets), change) }
	}
	onAddress := func(change func(*simaws.Address)) func(*simaws.Tables) {
		return func(t *simaws.Tables) { t.Addresses.Change(f.id("eipalloc", 1, 0), change) }
	}
	record := simaws.RecordSet{Zone: simaws.SeedZone, Name: f.host(1) + ".", Type: "A"}.Key()
	claimed := simaws.RecordSet{Zone: simaws.SeedZone, Name: records.ClaimName(f.host(1)) + ".", Type: "TXT"}.Key()
	for _, c := range []struct {
		what   string
		change func(*simaws.Tables)
		things []string
	}{
		{"a load balancer fails", onBalancer(func(b *simaws.Balancer) { b.State, b.Reason = "failed", "no capacity" }), []string{ofBalancer}},
		{"the reason is another one", onBalancer(func(b *simaws.Balancer) { b.Reason = "no addresses" }), []string{ofBalancer}},
		{"another group", onBalancer(func(b *simaws.Balancer) { b.Groups = []string{"sg-0feed000000000001"} }), []string{ofBalancer}},
		{"a subnet is left", onBalancer(func(b *simaws.Balancer) { b.Mappings = b.Mappings[:1] }), []string{ofBalancer}},
		{"another address", onBalancer(func(b *simaws.Balancer) { b.Mappings[0].Allocation = "eipalloc-0bad0000000000001" }), []string{ofBalancer}},
		{"dual stack", onBalancer(func(b *simaws.Balancer) { b.IPAddressType = dualStack }), []string{ofBalancer}},
		{"an IPv6 address", onBalancer(func(b *simaws.Balancer) { b.Mappings[0].IPv6 = "2001:db8::1" }), []string{ofBalancer}},
		{"another health check", onTargets(func(g *simaws.TargetGroup) { g.Health.Interval = 30 }), []string{ofTargets}},
		{"another path", onTargets(func(g *simaws.TargetGroup) { g.Health.Path = "/" }), []string{ofTargets}},
		{"other codes", onTargets(func(g *simaws.TargetGroup) { g.Health.Matcher = "200-299" }), []string{ofTargets}},
		{"the listener goes", func(t *simaws.Tables) { t.Listeners.Delete(f.arn("listener/net", balancer+"tcp-443")) }, []string{ofTargets}},
		{"an address is let go of", onAddress(func(a *simaws.Address) { a.Association, a.Interface = "", "" }), []string{one.Mark()}},
		{"an address is to be kept", onAddress(func(a *simaws.Address) { a.Tags[tagRetain] = "true" }), []string{one.Mark()}},
		{"an address is somebody else's", onAddress(func(a *simaws.Address) { a.Tags[tagOwner] = fleetOwner(2).Mark() }), []string{one.Mark(), fleetOwner(2).Mark()}},
		{"an address goes", func(t *simaws.Tables) { t.Addresses.Delete(f.id("eipalloc", 1, 1)) }, []string{one.Mark()}},
		{"a port is closed", func(t *simaws.Tables) { t.Rules.Delete(f.id("sgr", 1, 8)) }, []string{one.Mark()}},
		{"the nodes are closed", func(t *simaws.Tables) { t.Rules.Delete(f.id("sgr", 1, 0)) }, []string{one.Mark()}},
		{"a group goes", func(t *simaws.Tables) { t.Groups.Delete(f.id("sg", 1, 0)) }, []string{one.Mark()}},
		{"a load balancer goes", func(t *simaws.Tables) { t.Balancers.Delete(f.arn("loadbalancer/net", balancer)) }, []string{ofBalancer}},
		{"a record moves", func(t *simaws.Tables) {
			t.Records.Change(record, func(r *simaws.RecordSet) { r.Alias.DNSName = "other.elb.eu-west-1.amazonaws.com." })
		}, []string{f.host(1)}},
		{"a claim is another's", func(t *simaws.Tables) {
			t.Records.Change(claimed, func(r *simaws.RecordSet) { r.Values = []string{`"edgegateway v1 x A"`} })
		}, []string{f.host(1)}},
		{"a record goes", func(t *simaws.Tables) { t.Records.Delete(record) }, []string{f.host(1)}},
		{"its claim too", func(t *simaws.Tables) { t.Records.Delete(claimed) }, []string{f.host(1)}},
		{"somebody's record comes there", func(t *simaws.Tables) {
			t.Records.Put(record+"x", simaws.RecordSet{Zone: simaws.SeedZone, Name: f.host(1) + ".", Type: "CNAME", TTL: 60, Values: []string{"example.net."}})
		}, []string{f.host(1)}},
		{"foreign things come", func(t *simaws.Tables) {
			at := simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
			t.Balancers.Put("b", simaws.Balancer{Place: at, ARN: f.arn("loadbalancer/net", "theirs"), Name: "theirs", Scheme: "internal",
				IPAddressType: ipv4Only, State: "active"})
			t.Addresses.Put("eipalloc-0bad0000000000002", simaws.Address{Place: at, Allocation: "eipalloc-0bad0000000000002", IP: "203.0.113.9"})
			t.Records.Put("r", simaws.RecordSet{Zone: simaws.SeedZone, Name: "theirs.example.com.", Type: "A", TTL: 60, Values: []string{"203.0.113.9"}})
		}, nil},
	} {
		before, records := sweepBoth(t, lb, dns, f.places)
		maps.Copy(before, records)
		again, _ := sweepBoth(t, lb, dns, f.places)
		if maps.Copy(again, records); !maps.Equal(again, before) {
			t.Fatalf("before %s, two sweeps differ", c.what)
		}
		f.w.cloud.Edit(c.change)
		after, records := sweepBoth(t, lb, dns, f.places)
		maps.Copy(after, records)
		if diff := cmp.Diff(slices.Sorted(slices.Values(c.things)), differing(before, after)); diff != "" {
			t.Errorf("%s (-wanted +told):\n%s", c.what, diff)
		}
	}
}

// differing returns the things of which two sightings tell something else, sorted.
func differing(a, b map[string]string) []string {
	var things []string
	for thing := range a {
		if a[thing] != b[thing] {
			things = append(things, thing)
		}
	}
	for thing := range b {
		if _, known := a[thing]; !known {
			things = append(things, thing)
		}
	}
	slices.Sort(things)
	return things
}

// listed returns what lists show of an observed graph.
func listed(g providers.Graph) providers.Graph {
	g = g.Filter(func(n providers.Node) bool { return n.Kind() != kindListener && !n.Unmanaged })
	for i := range g.Nodes {
		switch spec := g.Nodes[i].Spec.(type) {
		case TargetGroup:
			g.Nodes[i].Spec = TargetGroup{VPC: spec.VPC, Protocol: spec.Protocol, Port: spec.Port, Health: spec.Health}
			g.Nodes[i].State, g.Nodes[i].Problem = "", ""
		case SecurityGroup:
			g.Nodes[i].State, g.Nodes[i].Problem = "", "" // whether interfaces still use it
		case dns.Record:
			g.Nodes[i].State, g.Nodes[i].Problem = "", "" // whether all name servers have it
		}
	}
	return g
}

// TestWhatASweepDoesNotTellDoesNotHappen goes through a gateway's life, and finds every change that lists show in the sweeps.
func TestWhatASweepDoesNotTellDoesNotHappen(t *testing.T) {
	w := sharedWorld()
	l := newLife(t, w)
	lb, dns := w.halves(t)
	told := func() map[string]string {
		balancing, records := sweepBoth(t, lb, dns, l.d.Footprint)
		maps.Copy(balancing, records)
		return balancing
	}
	gw := testGateway()
	changes, recalled := 0, 0
	drive := func(goal *providers.Gateway) {
		before, seen := told(), listed(l.d.Observed)
		for range 200 {
			settled, err := l.d.Step(context.Background(), goal)
			if err != nil {
				t.Fatal(err)
			}
			// What was seen was seen before the step's changes; another look is of the same world as the sweep.
			observed, err := l.d.Provider.Observe(context.Background(), gw.Owner, providers.Refs{Places: l.d.Footprint})
			if err != nil {
				t.Fatal(err)
			}
			after, now := told(), listed(observed)
			recalled += recalls(t, gw.Owner, l.d.Footprint, lb, dns)
			if diff := cmp.Diff(seen, now); diff != "" {
				changes++
				if maps.Equal(before, after) {
					t.Fatalf("no sweep tells of\n%s", diff)
				}
			}
			before, seen = after, now
			if settled {
				return
			}
			w.cloud.Advance(step)
		}
		t.Fatal("no end")
	}
	drive(&gw)
	for _, edit := range testEdits() {
		next := testGateway()
		edit.Apply(&next)
		drive(&next)
	}
	drive(nil)
	if changes < 20 || recalled < 40 {
		t.Errorf("only %d changes were seen, and %d looks recalled", changes, recalled)
	}
}

// recaller is a Provider that can recall.
type recaller interface {
	providers.Provider
	providers.ChangeLister
}

// recalls checks that what providers recall of their last sweep is what they observe, if nothing happens meanwhile. It returns how many it checked.
func recalls(t *testing.T, owner providers.Owner, places []providers.Place, all ...recaller) int {
	t.Helper()
	ctx, refs, checked := context.Background(), providers.Refs{Places: places}, 0
	for _, p := range all {
		before, err := p.ListChanges(ctx, places)
		if err != nil {
			t.Fatal(err)
		}
		recalled, err := p.ObserveListed(ctx, owner, refs)
		if err != nil {
			t.Fatal(err)
		}
		observed, err := p.Observe(ctx, owner, refs)
		if err != nil {
			t.Fatal(err)
		}
		after, err := p.ListChanges(ctx, places)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(before, after) {
			continue
		}
		if diff := cmp.Diff(observed, recalled); diff != "" {
			t.Fatalf("what is observed and is not recalled:\n%s", diff)
		}
		checked++
	}
	return checked
}

// TestAnAnswerFromMemoryIsNotTakenForOneThatHolds keeps what was observed for as long as sweeps tell the same, as an operator may, while lists
// are late: a second address is never allocated, and the answer from memory is not kept.
func TestAnAnswerFromMemoryIsNotTakenForOneThatHolds(t *testing.T) {
	w := newWorld()
	lb, _ := w.halves(t)
	ctx, gw := context.Background(), testGateway()
	observed, err := lb.Observe(ctx, gw.Owner, providers.Refs{})
	if err != nil {
		t.Fatal(err)
	}
	desired, err := lb.Desired(gw, observed)
	if err != nil {
		t.Fatal(err)
	}
	places := plan.Extend(nil, desired)
	w.cloud.SetLag(simcloud.Lag{Calls: 25})
	for _, change := range plan.Diff(desired, observed) {
		if change.Node.Kind() == providers.KindAddress {
			if _, err := lb.Apply(ctx, gw.Owner, change); err != nil {
				t.Fatal(err)
			}
		}
	}
	var kept string
	looks := 0
	for range 12 {
		sighting, err := lb.ListChanges(ctx, places)
		if err != nil {
			t.Fatal(err)
		}
		if looks > 0 && sighting[gw.Owner.Mark()] == kept {
			continue
		}
		kept = sighting[gw.Owner.Mark()]
		if observed, err = lb.Observe(ctx, gw.Owner, providers.Refs{Places: places}); err != nil {
			t.Fatal(err)
		}
		looks++
		if n := len(observed.OfKind(providers.KindAddress).Nodes); n != len(simaws.SeedPublicSubnets) {
			t.Fatalf("look %d shows %d addresses", looks, n)
		}
	}
	for _, n := range observed.OfKind(providers.KindAddress).Nodes {
		if n.State != providers.Ready {
			t.Errorf("after %d looks %s is kept as %s: %s", looks, n.Key, n.State, n.Problem)
		}
	}
	if looks < 3 || looks > 8 {
		t.Errorf("it took %d looks", looks)
	}
}

// TestAnotherAccountsPlacesAreLeftToObserve shows that one gateway that was made with other credentials does not stop all others' sweeps.
func TestAnotherAccountsPlacesAreLeftToObserve(t *testing.T) {
	f := newFleet(1)
	lb, names := f.w.halves(t)
	balancing, records := sweepBoth(t, lb, names, f.places)
	for _, place := range f.places {
		place.Account = "444455556666"
		more, others := sweepBoth(t, lb, names, append(slices.Clone(f.places), place))
		if !maps.Equal(more, balancing) || !maps.Equal(others, records) {
			t.Errorf("with %s's place sweeps tell %v and %v", place.Provider, more, others)
		}
		p := map[string]providers.Provider{Name: lb, dns.Name: names}[place.Provider]
		_, err := p.Observe(context.Background(), fleetOwner(0), providers.Refs{Places: []providers.Place{place}})
		var got *providers.Error
		if !errors.As(err, &got) || got.Reason != session.ReasonCredentials || !strings.Contains(got.Error(), "444455556666") {
			t.Errorf("%s gives %v", place.Provider, err)
		}
	}
}
