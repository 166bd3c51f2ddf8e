package crash

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
	"github.com/edgegateway/edgegateway/providers/registry"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// tagOwner is the tag that holds an owner's mark.
const tagOwner = "edgegateway.dev/owner"

// awsRegion is where the class makes load balancers at first.
const awsRegion = "eu-west-1"

// awsWorld is a simulated AWS: load balancers and Route 53.
type awsWorld struct {
	cloud *simaws.Cloud
	sim   *sim
	// connections to processes, by number.
	processes map[int]*process
	// foreign is what bears no mark of ours, by ID, as people left it last.
	foreign map[string]simaws.Item
	watch   awsWatch
	// requests counts what processes have sent, also what AWS has not let in.
	requests int
}

// awsConfig lets things take seconds where AWS takes minutes: the order is the same, and fewer looks find that nothing has happened yet.
var awsConfig = simaws.Config{
	Quotas: map[string]int{"elastic-ips": 50},
	Times:  simaws.Times{Provision: 8 * time.Second, Detach: 8 * time.Second, Register: 4 * time.Second, Sync: 6 * time.Second},
}

func newAWSWorld() world { return &awsWorld{cloud: simaws.New(awsConfig)} }

func (w *awsWorld) now() time.Time { return w.cloud.Now() }

func (w *awsWorld) advance(d time.Duration) { w.cloud.Advance(d) }

func (w *awsWorld) fork() (world, error) {
	cloud, err := w.cloud.Fork()
	return &awsWorld{cloud: cloud, watch: w.watch.fork()}, err
}

func (w *awsWorld) slow(calls int, d time.Duration) {
	w.cloud.SetLag(simcloud.Lag{Calls: calls, Time: d})
}

func (w *awsWorld) attach(s *sim) {
	w.sim, w.processes = s, map[int]*process{}
	// Another cluster may use the same account.
	before, after := w.cloud.Before, w.cloud.After
	w.cloud.Before = func(call simcloud.Call) simcloud.Fate {
		p := w.processes[call.Connection]
		if p == nil && before != nil {
			return before(call)
		}
		switch s.gate.enter(p, call.Name(), call.Mutating) {
		case crashBefore, dead:
			return simcloud.Fate{Act: simcloud.Drop}
		case crashAfter, lostReply:
			return simcloud.Fate{Act: simcloud.LoseReply}
		case throttled:
			return simcloud.Fate{Act: simcloud.Throttle}
		default:
			return simcloud.Fate{}
		}
	}
	w.cloud.After = func(call simcloud.Call) {
		if w.processes[call.Connection] == nil && after != nil {
			after(call)
			return
		}
		effective := call.Fate == simcloud.Pass || call.Fate == simcloud.LoseReply
		if call.Mutating && effective && call.Code == "" {
			s.changed()
		}
	}
	w.touch()
}

func (w *awsWorld) registry(_ *sim, p *process) *registry.Registry {
	connection := w.cloud.Connect()
	w.processes[connection.Number] = p
	p.killed = append(p.killed, connection.Kill)
	pace := engine.DefaultPace()
	pace.Now = w.now
	budgets := &ratelimit.Budgets{Now: w.now, Sleep: func(_ context.Context, d time.Duration) error { w.advance(d); return nil }}
	return &registry.Registry{Documents: noDocuments{}, Pace: pace, AWS: counting{connection.Client(), &w.requests}, Budgets: budgets}
}

// counting counts requests.
type counting struct {
	*http.Client
	requests *int
}

func (c counting) Do(request *http.Request) (*http.Response, error) {
	*c.requests++
	return c.Client.Do(request)
}

// noDocuments are those of a world without an ops team.
type noDocuments struct{ manual.Documents }

func (w *awsWorld) populate(s *sim) {
	key := simaws.DefaultKey
	shared(s, api.EdgeGatewayClassSpec{
		Provider:    api.ProviderAWS,
		AWS:         &api.AWSSettings{Region: awsRegion, Subnets: slices.Clone(simaws.SeedPublicSubnets[:2]), Endpoint: simaws.Endpoint},
		Credentials: &api.SecretReference{Name: "cloud"},
		DNS:         &api.DNSSettings{Provider: api.DNSRoute53, Zones: []string{zone}, TTLSeconds: 60},
	}, map[string]map[string][]byte{"cloud": {registry.AWSAccessKeyID: []byte(key.ID), registry.AWSSecretAccessKey: []byte(key.Secret)}})
	for i := range 2 {
		w.addNode(s, i)
	}
	w.neighbours()
	w.touch()
}

// addNode puts one of the seeded instances into the cluster.
func (w *awsWorld) addNode(s *sim, i int) {
	addNode(s, fmt.Sprintf("node-%d", i), fmt.Sprintf("10.0.%d.10", i+16), "aws:///"+awsRegion+"a/"+simaws.SeedNodes[i])
}

func (w *awsWorld) holds(objectID) bool { return false }

func (w *awsWorld) noticed(revision) {}

// marked returns whose each item is, by ID: rules are those of their group's owner, records those of their claim's.
func (w *awsWorld) marked(items []simaws.Item) map[string]string {
	marks := map[string]string{}
	for _, item := range items {
		marks[item.ID] = item.Tags[tagOwner]
	}
	for _, item := range items {
		if item.Kind == "rule" && marks[item.ID] == "" {
			marks[item.ID] = marks[item.Parent]
		}
	}
	for _, pointer := range w.pointers() {
		marks[pointer.key] = pointer.mark
		marks[pointer.claim] = pointer.mark
	}
	return marks
}

func (w *awsWorld) touch() {
	items := w.cloud.Inventory()
	marks := w.marked(items)
	w.foreign = map[string]simaws.Item{}
	for _, item := range items {
		if marks[item.ID] == "" || marks[item.ID] == theirs.Mark() {
			w.foreign[item.ID] = unmarked(item)
		}
	}
}

func (w *awsWorld) inspect() []string {
	var problems []string
	if gaps := w.cloud.Gaps(); len(gaps) > 0 {
		problems = append(problems, fmt.Sprintf("the simulator can't do what was asked: %v", gaps))
	}
	there := map[string]simaws.Item{}
	for _, item := range w.cloud.Inventory() {
		there[item.ID] = item
	}
	for _, id := range sortedKeys(w.foreign) {
		if was, is := w.foreign[id], unmarked(there[id]); !reflect.DeepEqual(was, is) {
			problems = append(problems, fmt.Sprintf("somebody else's %s %s was %+v and is %+v", was.Kind, was.Name, was, is))
		}
	}
	return append(problems, w.watch.look(w)...)
}

func (w *awsWorld) describe() []string {
	items := w.cloud.Inventory()
	marks := w.marked(items)
	var lines []string
	for _, item := range items {
		lines = append(lines, fmt.Sprintf("%s %s in %s | %s | %v | owner %s", item.Kind, item.Name, item.Region, item.Detail, item.Tags, marks[item.ID]))
	}
	return lines
}

func (w *awsWorld) names() *strings.Replacer {
	var pairs []string
	items := w.cloud.Inventory()
	for _, item := range items {
		if item.Kind != "record" {
			pairs = append(pairs, item.ID, item.Kind+" "+item.Name)
		}
	}
	w.cloud.Edit(func(t *simaws.Tables) {
		now := w.cloud.Kernel.Inventory.Now()
		for _, a := range t.Addresses.All(now) {
			pairs = append(pairs, a.IP, "ip of "+a.Tags["Name"])
		}
		for _, b := range t.Balancers.All(now) {
			pairs = append(pairs, plainName(b.DNSName), "dns of "+b.Name)
		}
	})
	return strings.NewReplacer(pairs...)
}

func (w *awsWorld) strays(owners []providers.Owner) []string {
	known := map[string]bool{"": true, theirs.Mark(): true}
	for _, owner := range owners {
		known[owner.Mark()] = true
	}
	items := w.cloud.Inventory()
	marks := w.marked(items)
	var strays []string
	for _, item := range items {
		if !known[marks[item.ID]] {
			strays = append(strays, item.Kind+" "+item.Name)
		}
	}
	return strays
}

func (w *awsWorld) probe(request prober.Request) (bool, string, string) {
	for _, door := range request.Doors {
		if err := w.answers(door.Address, int(door.Port)); err != nil {
			return false, api.ReasonTimeout, err.Error()
		}
	}
	for _, name := range request.Names {
		if found := w.resolve(name.Name); !slices.Equal(found, slices.Sorted(slices.Values(name.Addresses))) {
			return false, api.ReasonDNSNotPropagated, fmt.Sprintf("%s has %v", name.Name, found)
		}
	}
	return true, api.ReasonReady, "it answers"
}

func (w *awsWorld) serves(gateway *api.EdgeGateway) error {
	for _, host := range gateway.Spec.Hostnames {
		addresses := w.resolve(host)
		if len(addresses) == 0 {
			return fmt.Errorf("%s has no address", host)
		}
		for _, address := range addresses {
			for _, listener := range gateway.Spec.Listeners {
				if err := w.answers(address, int(listener.Port)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func plainName(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }
