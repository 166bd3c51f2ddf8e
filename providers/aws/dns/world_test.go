package dns

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/providers/records"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// world is a simulated Route 53 as the suite sees it.
type world struct {
	t     *testing.T
	cloud *simaws.Cloud
	ttl   int32
	fates simaws.Fates
	// seeded is what was there before us, by ID.
	seeded map[string]simaws.Item
}

// The load balancer that names can point at.
const (
	balancerARN      = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/web/0feed0feed0feed0"
	balancerHostname = "web-0feed0feed0feed0.elb.eu-west-1.amazonaws.com"
)

func newWorld(t *testing.T) *world { return newWorldOf(t, simaws.Config{}) }

func newWorldOf(t *testing.T, config simaws.Config) *world {
	w := &world{t: t, cloud: simaws.New(config)}
	w.cloud.Edit(func(t *simaws.Tables) {
		t.Balancers.Put(balancerARN, simaws.Balancer{Place: simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}, ARN: balancerARN,
			Name: "web", DNSName: balancerHostname, HostedZone: "Z2IFOLAFXWLO4F", VPC: simaws.SeedVPC, Scheme: "internet-facing", IPAddressType: "ipv4", State: "active"})
	})
	w.seed()
	w.cloud.Before = w.fates.Decide
	return w
}

// seed notes what is there as somebody else's.
func (w *world) seed() {
	w.seeded = map[string]simaws.Item{}
	for _, item := range w.cloud.Inventory() {
		w.seeded[item.ID] = item
	}
}

// put writes a record past the API.
func (w *world) put(set simaws.RecordSet) {
	set.Place, set.Zone = simaws.Place{Account: simaws.DefaultKey.Account}, simaws.SeedZone
	w.cloud.Edit(func(t *simaws.Tables) { t.Records.Put(set.Key(), set) })
}

func (w *world) provider() providers.Provider {
	connection := w.fates.Connect(w.cloud)
	key := simaws.DefaultKey
	access := session.Access{Credentials: session.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, Endpoint: simaws.Endpoint, HTTP: connection.Client()}
	p, err := New(context.Background(), Config{Access: access, Zones: []string{"example.com"}, TTL: w.ttl})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) asSeen() providertest.World {
	return providertest.World{
		Provider:  w.provider,
		Inventory: w.inventory,
		Advance:   func() { w.cloud.Advance(time.Minute) },
		Calls:     w.cloud.Calls,
		Inject:    w.fates.Inject,
		Invariant: w.invariant,
		Plant:     w.plant,
		Remove:    w.remove,
		Disown:    w.disown,
		Lag:       func(calls int) { w.cloud.SetLag(simcloud.Lag{Calls: calls}) },
	}
}

// sets returns all records by ID, and whose they are by the claims of their names.
func (w *world) sets() (map[string]simaws.RecordSet, map[string]string) {
	sets, claims, marks := map[string]simaws.RecordSet{}, map[string]records.Claim{}, map[string]string{}
	w.cloud.Edit(func(t *simaws.Tables) {
		for _, set := range t.Records.All(w.cloud.Kernel.Inventory.Now()) {
			sets[idOf(set)] = set
			if claim, ok := claimIn(set); ok {
				claims[hostIn(set)] = claim
				marks[idOf(set)] = claim.Mark
			}
		}
	})
	for id, set := range sets {
		if claim := claims[records.ClaimName(hostIn(set))]; claim.Has(set.Type) {
			marks[id] = claim.Mark
		}
	}
	return sets, marks
}

func (w *world) inventory() []providertest.Thing {
	var things []providertest.Thing
	sets, marks := w.sets()
	for id, set := range sets {
		if _, seeded := w.seeded[set.Key()]; seeded {
			continue
		}
		things = append(things, providertest.Thing{ID: id, Name: "record " + id, Mark: marks[id], Detail: fmt.Sprintf("%d %v %+v", set.TTL, set.Values, set.Alias)})
	}
	return things
}

func hostIn(set simaws.RecordSet) string {
	return strings.ReplaceAll(records.Plain(set.Name), `\052`, "*")
}

func idOf(set simaws.RecordSet) string { return hostIn(set) + "/" + set.Type }

func claimIn(set simaws.RecordSet) (records.Claim, bool) {
	if set.Type != "TXT" || len(set.Values) != 1 {
		return records.Claim{}, false
	}
	return records.ParseClaim([]string{strings.Trim(set.Values[0], `"`)})
}

// invariant is that what is somebody else's stays, and that nothing is asked for that the simulator can't do.
func (w *world) invariant() error {
	if gaps := w.cloud.Gaps(); len(gaps) > 0 {
		return fmt.Errorf("the simulator can't do what was asked: %v", gaps)
	}
	there := map[string]simaws.Item{}
	for _, item := range w.cloud.Inventory() {
		there[item.ID] = item
	}
	for id, was := range w.seeded {
		if now := there[id]; fmt.Sprint(now) != fmt.Sprint(was) {
			return fmt.Errorf("somebody else's %s %s has become %v", was.Kind, was.Name, now)
		}
	}
	return nil
}

// plant puts somebody's record where a node's would be.
func (w *world) plant(node providers.Node) (string, bool) {
	words := strings.Split(node.Key, "/")
	value := map[string]string{records.TypeA: "192.0.2.1", records.TypeAAAA: "2001:db8::99"}[words[2]]
	set := simaws.RecordSet{Name: strings.ReplaceAll(words[1], "*", `\052`) + ".", Type: words[2], TTL: 60, Values: []string{value}}
	w.put(set)
	return idOf(set), true
}

// remove takes a record away by hand. Who takes a claim away gives the name up.
func (w *world) remove(id string) error {
	sets, _ := w.sets()
	set, there := sets[id]
	if !there || set.Type == "TXT" {
		return fmt.Errorf("%s stays", id)
	}
	return w.cloud.Remove(set.Key())
}

// disown gives the claim of a name to another owner.
func (w *world) disown(id string) bool {
	host, kind, _ := strings.Cut(id, "/")
	sets, _ := w.sets()
	set, there := sets[records.ClaimName(host)+"/TXT"]
	if !there || kind == "TXT" {
		return false
	}
	claim, _ := claimIn(set)
	set.Values = []string{`"` + records.Claim{Mark: providers.Owner{Cluster: "another"}.Mark(), Types: claim.Types}.Text() + `"`}
	w.put(set)
	return true
}
