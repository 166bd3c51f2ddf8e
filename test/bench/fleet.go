package bench

import (
	"container/heap"
	"context"
	"fmt"
	"maps"
	"time"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/controllers/edgegateway"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
	"github.com/edgegateway/edgegateway/providers/registry"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// zones are the availability zones of each entrance, so many Elastic IPs.
const zones = 2

// Each gateway has rules in the group of its nodes, of which AWS allows an interface 1,000 at most: a fleet has as many groups of nodes as it takes.
const (
	rulesOfGateway, rulesOfGroup = 3, 300
	nodesOfGroup                 = 3
)

// fleet is many gateways of one class in one AWS account, kept by one operator. Time passes only while a call waits for its turn, and while
// there is nothing to do: how fast the operator and AWS answer is left out.
type fleet struct {
	cloud    *simaws.Cloud
	registry *registry.Registry
	class    api.EdgeGatewayClassSpec
	secret   registry.Credentials
	members  []*member
	agenda   agenda
	// rounds that were made.
	rounds int
}

// member is one gateway, and what its status keeps.
type member struct {
	owner     providers.Owner
	group     int // of its nodes
	gateway   *providers.Gateway
	footprint []providers.Place
	memory    plan.LastApplied
	settled   bool
	gone      bool
	// next is when it is looked at next; failures are errors in a row.
	next     time.Time
	failures int
}

// newFleet returns n gateways that nothing has been made for.
func newFleet(n int) *fleet {
	cloud := simaws.New(simaws.Config{Latency: -1, Quotas: map[string]int{
		"elastic-ips": 10 * n, "network-load-balancers": 2 * n, "target-groups": 10*n + 10, "security-groups": 2*n + 10,
		"rules-per-security-group": rulesOfGroup, "records-per-zone": 10*n + 100,
	}})
	// A load balancer takes an address of each of its subnets, and AWS wants eight to be free.
	cloud.Edit(func(t *simaws.Tables) {
		for i, id := range simaws.SeedPublicSubnets[:zones] {
			t.Subnets.Change(id, func(s *simaws.Subnet) { s.CIDR = fmt.Sprintf("10.0.%d.0/20", 64+16*i) })
		}
		for group := range groupOf(n-1) + 1 {
			addNodes(t, group)
		}
	})
	key := simaws.DefaultKey
	f := &fleet{
		cloud: cloud,
		class: api.EdgeGatewayClassSpec{
			Provider: api.ProviderAWS, AWS: &api.AWSSettings{Region: "eu-west-1", Endpoint: simaws.Endpoint, Subnets: simaws.SeedPublicSubnets[:zones]},
			DNS: &api.DNSSettings{Provider: api.DNSRoute53, Zones: []string{"example.com"}},
		},
		secret: registry.Credentials{Provider: map[string][]byte{
			registry.AWSAccessKeyID: []byte(key.ID), registry.AWSSecretAccessKey: []byte(key.Secret),
		}},
	}
	for i := range n {
		f.members = append(f.members, newMember(fmt.Sprintf("g%04d", i), groupOf(i)))
	}
	f.restart()
	return f
}

// groupOf returns the group of nodes that a gateway's targets are in.
func groupOf(gateway int) int { return gateway / (rulesOfGroup / rulesOfGateway) }

// nodeID is the instance ID of a node in a group.
func nodeID(group, node int) string { return fmt.Sprintf("i-0bec0000%05x%04x", group, node) }

// addNodes makes the nodes of a group as the seeded ones are.
func addNodes(t *simaws.Tables, group int) {
	place := simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
	id := fmt.Sprintf("sg-0bec0000%05x0000", group)
	t.Groups.Put(id, simaws.Group{Place: place, ID: id, VPC: simaws.SeedVPC, Name: fmt.Sprintf("nodes-%d", group), Description: "nodes"})
	for node := range nodesOfGroup {
		t.Instances.Put(nodeID(group, node), simaws.Instance{
			Place: place, ID: nodeID(group, node), VPC: simaws.SeedVPC, Subnet: simaws.SeedPrivateSubnets[node], Zone: place.Region + string(rune('a'+node)),
			State: "running", PrivateIP: fmt.Sprintf("10.0.%d.%d", node+16, group+20), Groups: []string{id},
		})
	}
}

// restart replaces the operator by one with an empty memory.
func (f *fleet) restart() {
	pace := engine.DefaultPace()
	pace.Now = f.cloud.Now
	f.registry = &registry.Registry{AWS: f.cloud.Connect().Client(), Pace: pace, Budgets: &ratelimit.Budgets{
		Now:   f.cloud.Now,
		Sleep: func(_ context.Context, d time.Duration) error { f.cloud.Advance(d); return nil },
	}}
}

// newMember returns a gateway with two ports and one hostname.
func newMember(name string, group int) *member {
	owner := providers.Owner{Cluster: "cluster", Gateway: name, Namespace: "shop", Name: name}
	gw := &providers.Gateway{
		Namespace: "shop", Name: name, Owner: owner, Hostnames: []string{name + ".example.com"}, Families: []providers.Family{providers.IPv4},
		Health: providers.HealthCheck{Path: "/healthz", NodePort: 30999, PodPort: 19003, IntervalSeconds: 5, Fall: 2, Rise: 2},
	}
	for _, port := range []int32{80, 443} {
		gw.Ports = append(gw.Ports, providers.Port{
			Name: fmt.Sprintf("tcp-%d", port), Protocol: providers.TCP, Number: port, NodePort: 30000 + port, PodPort: 10000 + port, ProxyProtocol: true,
		})
	}
	m := &member{owner: owner, group: group, gateway: gw}
	m.aim(0, 1)
	return m
}

// aim makes these of the nodes of its group the targets.
func (m *member) aim(nodes ...int) {
	m.gateway.Targets = nil
	for _, i := range nodes {
		m.gateway.Targets = append(m.gateway.Targets, providers.Target{
			Name: fmt.Sprintf("n%d", i), Address: fmt.Sprintf("10.0.0.%d", i+1), ProviderID: "aws:///eu-west-1a/" + nodeID(m.group, i),
		})
	}
}

// round makes one round for a gateway, and says in what time the next one is due, as the operator would.
func (f *fleet) round(ctx context.Context, m *member) (time.Duration, error) {
	f.rounds++
	provider, err := f.registry.New(ctx, f.class, f.secret)
	if err != nil {
		return 0, err
	}
	out := engine.Round{
		Provider: provider, Owner: m.owner, Gateway: m.gateway, Refs: providers.Refs{Places: m.footprint}, LastApplied: m.memory,
		Store: func(_ context.Context, footprint []providers.Place, memory plan.LastApplied) error {
			m.footprint, m.memory = footprint, memory
			return nil
		},
	}.Run(ctx)
	m.footprint, m.memory = out.Footprint, out.LastApplied
	m.settled, m.gone = out.Settled(), m.gateway == nil && out.Gone()
	if class := providers.ClassOf(out.Err); class == providers.Denied || class == providers.Invalid {
		return 0, fmt.Errorf("gateway %s: %w", m.owner.Name, out.Err)
	}
	after, backOff := edgegateway.Next(out, m.settled)
	if !backOff {
		m.failures = 0
		return after, nil
	}
	// As the work queue does.
	m.failures++
	return min(5*time.Millisecond<<m.failures, time.Minute), nil
}

// run makes rounds until all members are done, in virtual time, and returns how much of that went by.
func (f *fleet) run(ctx context.Context, limit time.Duration, done func(*member) bool) (time.Duration, error) {
	began := f.cloud.Now()
	f.agenda = nil
	for _, m := range f.members {
		m.next, m.settled = began, false
		heap.Push(&f.agenda, m)
	}
	left := len(f.members)
	for left > 0 {
		m := heap.Pop(&f.agenda).(*member)
		if wait := m.next.Sub(f.cloud.Now()); wait > 0 {
			f.cloud.Advance(wait)
		}
		if f.cloud.Now().Sub(began) > limit {
			return 0, fmt.Errorf("%d of %d gateways are not done after %s", left, len(f.members), limit)
		}
		after, err := f.round(ctx, m)
		if err != nil {
			return 0, err
		}
		if done(m) {
			left--
			continue
		}
		m.next = f.cloud.Now().Add(after)
		heap.Push(&f.agenda, m)
	}
	return f.cloud.Now().Sub(began), nil
}

// idle lets the operator go on for a time with nothing to do.
func (f *fleet) idle(ctx context.Context, d time.Duration) error {
	until := f.cloud.Now().Add(d)
	_, err := f.run(ctx, 2*d, func(*member) bool { return !f.cloud.Now().Before(until) })
	return err
}

// agenda is a heap of members by their next time.
type agenda []*member

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].next.Before(a[j].next) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(*member)) }
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	*a = old[:len(old)-1]
	return last
}

// tally is what calls there were in a time.
type tally struct {
	reads, writes, throttled int
	byName                   map[string]int
	// bound is the least time in which AWS's limits allow these calls, and by which of its buckets.
	bound  time.Duration
	bucket string
}

// since counts the calls after the first n of the log.
func (f *fleet) since(n int) tally {
	t := tally{byName: map[string]int{}}
	took := map[string]float64{}
	limits := map[string]simcloud.Limit{}
	for _, call := range f.cloud.Log()[n:] {
		if call.Mutating {
			t.writes++
		} else {
			t.reads++
		}
		if call.Fate == simcloud.Throttle {
			t.throttled++
		}
		t.byName[call.Name()]++
		for _, bucket := range f.cloud.LimitsOf(call) {
			took[bucket.Key]++
			limits[bucket.Key] = bucket.Limit
		}
	}
	for key := range maps.Keys(took) {
		seconds := (took[key] - limits[key].Burst) / limits[key].PerSecond
		if d := time.Duration(seconds * float64(time.Second)); d > t.bound || d == t.bound && key < t.bucket {
			t.bound, t.bucket = d, key
		}
	}
	return t
}
