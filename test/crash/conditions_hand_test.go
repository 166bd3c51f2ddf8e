package crash

import (
	"fmt"
	"strings"

	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// hand is somebody's, in AWS's console.
type hand struct{ *awsWorld }

// thing returns the ID of a thing of the gateway's.
func (h hand) thing(key string) string {
	if name, isRecord := strings.CutPrefix(key, "record/"); isRecord {
		host, kind, _ := strings.Cut(name, "/")
		return simaws.RecordSet{Zone: simaws.SeedZone, Name: host + ".", Type: kind}.Key()
	}
	for _, item := range h.cloud.Inventory() {
		if item.Tags["edgegateway.dev/role"] == key && item.Tags[tagOwner] != theirs.Mark() {
			return item.ID
		}
	}
	panic("there is no " + key)
}

func (h hand) remove(keys ...string) {
	for _, key := range keys {
		if key == balancerThing {
			h.lose()
		}
		if err := h.cloud.Remove(h.thing(key)); err != nil {
			panic(fmt.Sprintf("removing %s: %v", key, err))
		}
	}
}

// lose lets names point at the load balancers that there are, whatever people do to them.
func (h hand) lose() {
	if h.watch.lost == nil {
		h.watch.lost = map[string]bool{}
	}
	h.look(func(t *simaws.Tables, now simcloud.View) {
		for _, b := range t.Balancers.All(now) {
			h.watch.lost[plainName(b.DNSName)] = true
		}
	})
}

func (h hand) balancer(change func(*simaws.Balancer)) {
	id := h.thing(balancerThing)
	h.cloud.Edit(func(t *simaws.Tables) { t.Balancers.Change(id, change) })
}

func (h hand) listener(change func(*simaws.Listener)) {
	id := h.thing(listenerThing)
	h.cloud.Edit(func(t *simaws.Tables) { t.Listeners.Change(id, change) })
}

func (h hand) targets(change func(*simaws.TargetGroup)) {
	id := h.thing(targetsThing)
	h.cloud.Edit(func(t *simaws.Tables) { t.TargetGroups.Change(id, change) })
}

func (h hand) record(key string, change func(*simaws.RecordSet)) {
	id := h.thing(key)
	if h.watch.lost == nil {
		h.watch.lost = map[string]bool{}
	}
	h.watch.lost[elsewhere], h.watch.lost[""] = true, true
	h.cloud.Edit(func(t *simaws.Tables) { t.Records.Change(id, change) })
}

// stretch adds a third subnet to the load balancer, in which AWS chooses the address.
func (h hand) stretch() {
	h.balancer(func(b *simaws.Balancer) {
		b.Mappings = append(b.Mappings, simaws.Mapping{Subnet: simaws.SeedPublicSubnets[2], Zone: awsRegion + "c", IP: "198.51.100.83", IPv6: "2001:db8:1:2::83"})
	})
}

// spareTargets are a target group of somebody's.
const spareTargets = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/theirs/0feed0feed0feed1"

// addSpareTargets makes it.
func addSpareTargets(s *sim) {
	w := s.world.(*awsWorld)
	w.cloud.Edit(func(t *simaws.Tables) {
		t.TargetGroups.Put(spareTargets, simaws.TargetGroup{Place: w.place(), ARN: spareTargets, Name: "theirs", VPC: simaws.SeedVPC, Protocol: "TCP",
			TargetType: "instance", IPAddressType: "ipv4", Port: 30080, Attributes: map[string]string{},
			Health: simaws.HealthCheck{Protocol: "TCP", Port: "traffic-port", Interval: 30, Timeout: 10, Healthy: 5, Unfit: 2}})
	})
}

// dropTargets removes the target group with the listener that sends to it.
func (h hand) dropTargets() {
	listener, targets := h.thing(listenerThing), h.thing(targetsThing)
	h.cloud.Edit(func(t *simaws.Tables) {
		t.Listeners.Delete(listener)
		t.TargetGroups.Delete(targets)
	})
}

// ruleOf returns the ID of the rule whose name has all of these words.
func (h hand) ruleOf(words ...string) string {
	for _, item := range h.cloud.Inventory() {
		if item.Kind == "rule" && len(lacking(item.Name, words)) == 0 && !strings.Contains(item.Name, "theirs") {
			return item.ID
		}
	}
	panic(fmt.Sprintf("there is no rule of %q", words))
}

func (h hand) dropRule(words ...string) {
	if err := h.cloud.Remove(h.ruleOf(words...)); err != nil {
		panic(err)
	}
}

func (h hand) rule(change func(*simaws.GroupRule), words ...string) {
	id := h.ruleOf(words...)
	h.cloud.Edit(func(t *simaws.Tables) { t.Rules.Change(id, change) })
}

// openPort lets everybody in to another port of the load balancer's group.
func (h hand) openPort() {
	rule := simaws.GroupRule{Place: h.place(), ID: "sgr-0bad0000000000001", Group: h.thing(groupThing), Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"}
	h.cloud.Edit(func(t *simaws.Tables) { t.Rules.Put(rule.ID, rule) })
}
