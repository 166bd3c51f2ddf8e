package lb

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/aws/dns"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/providers/records"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// step is how long the operator waits between two rounds, in virtual time.
const step = time.Minute

// world is a simulated AWS as the suite sees it.
type world struct {
	cloud *simaws.Cloud
	// class changes what the class says. Optional.
	class func(*Config)
	// seeded is what was there before us, by ID. It must never change.
	seeded map[string]simaws.Item
	fates  simaws.Fates

	mu      sync.Mutex
	aliases map[string]bool
	lost    map[string]bool // hostnames of load balancers that were removed by hand
	first   error
	brought int
}

func newWorld() *world { return newWorldOf(simaws.Config{Quotas: map[string]int{"elastic-ips": 50}}) }

func newWorldOf(config simaws.Config) *world {
	w := &world{cloud: simaws.New(config), lost: map[string]bool{}}
	w.seed()
	w.cloud.Before = w.fates.Decide
	w.cloud.After = func(call simcloud.Call) {
		if call.Mutating {
			w.checkRecords()
		}
	}
	return w
}

// seed notes what is there as somebody else's.
func (w *world) seed() {
	w.seeded = map[string]simaws.Item{}
	for _, item := range w.cloud.Inventory() {
		w.seeded[item.ID] = item
	}
}

func (w *world) access() session.Access {
	connection := w.fates.Connect(w.cloud)
	key := simaws.DefaultKey
	return session.Access{
		Credentials: session.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, Endpoint: simaws.Endpoint, HTTP: connection.Client(), Now: w.cloud.Now,
	}
}

func (w *world) config() Config {
	config := Config{Access: w.access(), Region: "eu-west-1"}
	if w.class != nil {
		w.class(&config)
	}
	return config
}

// provider returns both halves as a new process has them.
func (w *world) provider() providers.Provider { return w.split(w.config()) }

func (w *world) split(config Config) providers.Provider {
	lb, err := New(context.Background(), config)
	if err != nil {
		panic(err)
	}
	dns, err := dns.New(context.Background(), dns.Config{Access: config.Access, Zones: []string{"example.com"}})
	if err != nil {
		panic(err)
	}
	return engine.Split(lb, dns)
}

func (w *world) asSeen() providertest.World {
	return providertest.World{
		Provider:  w.provider,
		Inventory: w.inventory,
		Advance:   func() { w.cloud.Advance(step) },
		Calls:     w.cloud.Calls,
		Inject:    w.fates.Inject,
		Invariant: w.invariant,
		Plant:     w.plant,
		Remove:    w.remove,
		Disown:    w.disown,
		Lag:       func(calls int) { w.cloud.SetLag(simcloud.Lag{Calls: calls}) },
		Bring:     w.bring,
	}
}

// inventory is all that was not seeded. It says whose each thing is: rules are those of their group's owner, records those of their claim's.
func (w *world) inventory() []providertest.Thing {
	items := w.cloud.Inventory()
	marks := map[string]string{}
	claims := map[string]records.Claim{}
	w.cloud.Edit(func(t *simaws.Tables) {
		now := w.cloud.Kernel.Inventory.Now()
		for _, group := range t.Groups.All(now) {
			marks[group.ID] = group.Tags[tagOwner]
		}
		for _, rule := range t.Rules.All(now) {
			if marks[rule.ID] = rule.Tags[tagOwner]; marks[rule.ID] == "" {
				marks[rule.ID] = marks[rule.Group]
			}
		}
		for _, set := range t.Records.All(now) {
			if c, ok := claimIn(set); ok {
				claims[bareName(set.Name)] = c
				marks[set.Key()] = c.Mark
			}
		}
		for _, set := range t.Records.All(now) {
			if c := claims[records.ClaimName(simHost(set))]; c.Has(set.Type) {
				marks[set.Key()] = c.Mark
			}
		}
	})
	var things []providertest.Thing
	for _, item := range items {
		if _, seeded := w.seeded[item.ID]; seeded && item.Tags[tagOwner] == "" {
			continue
		}
		thing := providertest.Thing{ID: item.ID, Name: item.Kind + " " + item.Name, Mark: item.Tags[tagOwner], Detail: fmt.Sprintf("%s %v", item.Detail, item.Tags)}
		if mark, known := marks[item.ID]; known {
			thing.Mark = mark
		}
		if words := strings.Fields(item.ID); item.Kind == "record" && len(words) == 3 {
			thing.ID = strings.ReplaceAll(bareName(words[1]), `\052`, "*") + "/" + words[2]
		}
		things = append(things, thing)
	}
	return things
}

// bareName returns a DNS name in lower case without its trailing dot.
func bareName(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

func simHost(set simaws.RecordSet) string { return strings.ReplaceAll(bareName(set.Name), `\052`, "*") }

func claimIn(set simaws.RecordSet) (records.Claim, bool) {
	if set.Type != "TXT" || len(set.Values) != 1 {
		return records.Claim{}, false
	}
	return records.ParseClaim([]string{strings.Trim(set.Values[0], `"`)})
}

// keyOf returns the record set's key that a node's or a thing's ID stands for, or the ID itself.
func keyOf(id string) string {
	host, kind, isRecord := strings.Cut(id, "/")
	if !isRecord || strings.HasPrefix(id, "arn:") || strings.HasPrefix(id, "sg-") {
		return id
	}
	return simaws.SeedZone + " " + strings.ReplaceAll(host, "*", `\052`) + ". " + kind + " "
}

// remove takes a thing away by hand. The rule that opens egress to IPv6, which no target of ours has, nobody repairs.
func (w *world) remove(id string) error {
	for _, thing := range w.inventory() {
		// Who takes a claim away gives the name up.
		if thing.ID == id && (strings.Contains(thing.Name, "egress -1 -1--1 ::/0") || strings.HasSuffix(id, "/TXT")) {
			return fmt.Errorf("%s stays", id)
		}
	}
	w.cloud.Edit(func(t *simaws.Tables) {
		if b, ok := t.Balancers.Get(w.cloud.Kernel.Inventory.Now(), id); ok {
			w.lost[bareName(b.DNSName)] = true
		}
	})
	return w.cloud.Remove(keyOf(id))
}

// disown gives a thing to another owner.
func (w *world) disown(id string) bool {
	other := providers.Owner{Cluster: "another"}.Mark()
	host, _, isRecord := strings.Cut(id, "/")
	if !isRecord || strings.HasPrefix(id, "arn:") {
		return w.cloud.Retag(id, simaws.Tags{tagOwner: other})
	}
	done := false
	w.cloud.Edit(func(t *simaws.Tables) {
		done = t.Records.Change(keyOf(records.ClaimName(host)+"/TXT"), func(set *simaws.RecordSet) {
			if c, ok := claimIn(*set); ok {
				set.Values = []string{`"` + records.Claim{Mark: other, Types: c.Types}.Text() + `"`}
			}
		})
	})
	return done
}

// plant puts a foreign thing under a node's name.
func (w *world) plant(node providers.Node) (string, bool) {
	const rest = ":eu-west-1:111122223333:"
	at := simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
	id := ""
	w.cloud.Edit(func(t *simaws.Tables) {
		switch spec := node.Spec.(type) {
		case SecurityGroup:
			id = "sg-0bad0000000000001"
			t.Groups.Put(id, simaws.Group{Place: at, ID: id, VPC: spec.VPC, Name: node.Name, Description: "somebody's"})
		case LoadBalancer:
			id = "arn:aws:elasticloadbalancing" + rest + "loadbalancer/net/" + node.Name + "/0badbadbadbadbad"
			t.Balancers.Put(id, simaws.Balancer{Place: at, ARN: id, Name: node.Name, VPC: spec.VPC, Scheme: spec.Scheme, IPAddressType: ipv4Only, State: "active"})
		case TargetGroup:
			id = "arn:aws:elasticloadbalancing" + rest + "targetgroup/" + node.Name + "/0badbadbadbadbad"
			t.TargetGroups.Put(id, simaws.TargetGroup{Place: at, ARN: id, Name: node.Name, VPC: spec.VPC, Protocol: "TCP", TargetType: "instance", Port: 1,
				IPAddressType: ipv4Only, Health: anyCheck})
		case dns.Record:
			words := strings.Split(node.Key, "/")
			set := simaws.RecordSet{Place: simaws.Place{Account: at.Account}, Zone: simaws.SeedZone,
				Name: strings.ReplaceAll(words[1], "*", `\052`) + ".", Type: words[2], TTL: 60, Values: []string{"192.0.2.1"}}
			t.Records.Put(set.Key(), set)
			id = words[1] + "/" + words[2]
		}
	})
	return id, id != ""
}

// bring makes somebody's addresses, one a zone.
func (w *world) bring(gw providers.Gateway) providers.Gateway {
	gw.Addresses = nil
	w.cloud.Edit(func(t *simaws.Tables) {
		for range simaws.SeedPublicSubnets {
			w.brought++
			id, ip := fmt.Sprintf("eipalloc-0b0b%013d", w.brought), fmt.Sprintf("203.0.113.%d", w.brought)
			t.Addresses.Put(id, simaws.Address{Place: simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}, Allocation: id, IP: ip,
				Tags: simaws.Tags{"Name": fmt.Sprintf("brought %d", w.brought)}})
			gw.Addresses = append(gw.Addresses, ip)
		}
	})
	return gw
}

// invariant is what must hold at any instant, and that nothing was asked for that the simulator can't do.
func (w *world) invariant() error {
	if gaps := w.cloud.Gaps(); len(gaps) > 0 {
		return fmt.Errorf("the simulator can't do what was asked: %v", gaps)
	}
	for _, item := range w.cloud.Inventory() {
		if item.ID == sharedARN {
			// To be adopted it gets tags of ours, and nothing else.
			item.Tags = maps.Clone(item.Tags)
			maps.DeleteFunc(item.Tags, func(key, _ string) bool { return strings.HasPrefix(key, "edgegateway.dev/") })
		}
		if was, seeded := w.seeded[item.ID]; seeded && !reflect.DeepEqual(item, was) {
			return fmt.Errorf("somebody else's %s %s has become %v", was.Kind, was.Name, item)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// checkRecords checks that names point at load balancers of their owner that are there and, when they begin to, forward.
func (w *world) checkRecords() {
	now := map[string]bool{}
	var wrong error
	w.cloud.Edit(func(t *simaws.Tables) {
		view := w.cloud.Kernel.Inventory.Now()
		claims := map[string]records.Claim{}
		for _, set := range t.Records.All(view) {
			if c, ok := claimIn(set); ok {
				claims[bareName(set.Name)] = c
			}
		}
		for _, set := range t.Records.All(view) {
			c := claims[records.ClaimName(simHost(set))]
			if set.Alias == nil || !c.Has(set.Type) {
				continue
			}
			pointer := set.Key() + set.Alias.DNSName
			now[pointer] = true
			if w.lost[bareName(set.Alias.DNSName)] {
				continue
			}
			if err := pointsWell(t, view, set, c.Mark, w.aliases[pointer]); err != nil {
				wrong = err
			}
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.aliases = now
	if w.first == nil {
		w.first = wrong
	}
}

func pointsWell(t *simaws.Tables, view simcloud.View, set simaws.RecordSet, mark string, old bool) error {
	balancers := t.Balancers.All(view)
	i := slices.IndexFunc(balancers, func(b simaws.Balancer) bool { return bareName(b.DNSName) == bareName(set.Alias.DNSName) })
	if i < 0 {
		return fmt.Errorf("%s points at %s, which is gone", set.Name, set.Alias.DNSName)
	}
	if owner := balancers[i].Tags[tagOwner]; owner != mark && owner != (providers.Owner{Cluster: "another"}).Mark() {
		return fmt.Errorf("%s of %s points at %s of %s", set.Name, mark, set.Alias.DNSName, owner)
	}
	forwards := slices.ContainsFunc(t.Listeners.All(view), func(l simaws.Listener) bool { return l.Balancer == balancers[i].ARN })
	if !old && (balancers[i].State != "active" || !forwards) {
		return fmt.Errorf("%s is published at %s before that forwards", set.Name, set.Alias.DNSName)
	}
	return nil
}
