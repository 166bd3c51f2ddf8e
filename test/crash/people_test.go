package crash

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// theirs is the owner of things of another cluster, with a gateway of the same name.
var theirs = providers.Owner{Cluster: "another", Gateway: "theirs", Namespace: tenant, Name: gatewayName}

func (w *awsWorld) dropNode(s *sim, i int) { deleteNode(s, fmt.Sprintf("node-%d", i)) }

// readdress brings two addresses of the tenant's.
func (w *awsWorld) readdress(s *sim) {
	ips := []string{"203.0.113.71", "203.0.113.72"}
	w.cloud.Edit(func(t *simaws.Tables) {
		for i, ip := range ips {
			id := fmt.Sprintf("eipalloc-0b0b%013d", i+1)
			t.Addresses.Put(id, simaws.Address{Place: w.place(), Allocation: id, IP: ip, Tags: simaws.Tags{"Name": "brought " + ip}})
		}
	})
	editClass(func(c *api.EdgeGatewayClass) {
		for _, ip := range ips {
			c.Spec.Addresses = append(c.Spec.Addresses, api.ResourceGrant{ID: ip, Namespaces: []string{tenant}})
		}
	})(s)
	editGateway(func(g *api.EdgeGateway) { g.Spec.Addresses = ips })(s)
}

func (w *awsWorld) place() simaws.Place {
	return simaws.Place{Account: simaws.DefaultKey.Account, Region: awsRegion}
}

// move puts load balancers into a third subnet as well.
func (w *awsWorld) move(s *sim) {
	editClass(func(c *api.EdgeGatewayClass) { c.Spec.AWS.Subnets = slices.Clone(simaws.SeedPublicSubnets) })(s)
}

// vandalize removes the listeners, the rules and the name's addresses by hand, and lets a target group ask elsewhere.
func (w *awsWorld) vandalize(*sim) {
	var gone []string
	w.look(func(t *simaws.Tables, now simcloud.View) {
		for _, l := range t.Listeners.All(now) {
			gone = append(gone, l.ARN)
		}
		for _, r := range t.Rules.All(now) {
			if r.Tags[tagOwner] != "" {
				gone = append(gone, r.ID)
			}
		}
		for _, g := range t.TargetGroups.All(now) {
			t.TargetGroups.Change(g.ARN, func(g *simaws.TargetGroup) { g.Health.Path = "/elsewhere" })
		}
	})
	for _, p := range w.pointers() {
		gone = append(gone, p.key)
	}
	for _, id := range gone {
		if err := w.cloud.Remove(id); err != nil {
			panic(err)
		}
	}
	w.watch = awsWatch{}
}

func (w *awsWorld) revoke() { w.cloud.RemoveKey(simaws.DefaultKey.ID) }

func (w *awsWorld) restore() { w.cloud.SetKey(simaws.DefaultKey) }

func (w *awsWorld) occupy(*sim) {
	w.cloud.Edit(func(t *simaws.Tables) {
		set := simaws.RecordSet{Place: simaws.Place{Account: simaws.DefaultKey.Account}, Zone: simaws.SeedZone,
			Name: hostname + ".", Type: "A", TTL: 60, Values: []string{"192.0.2.99"}}
		t.Records.Put(set.Key(), set)
	})
}

func (w *awsWorld) vacate(*sim) {
	id := simaws.RecordSet{Zone: simaws.SeedZone, Name: hostname + ".", Type: "A"}.Key()
	if err := w.cloud.Remove(id); err != nil {
		panic(err)
	}
}

// neighbours puts things of another cluster's gateway of the same name into the account.
func (w *awsWorld) neighbours() {
	tags := simaws.Tags{tagOwner: theirs.Mark(), "Name": "theirs", "edgegateway.dev/role": "address/ipv4-" + awsRegion + "a", "edgegateway.dev/gateway": tenant + "/" + gatewayName}
	w.cloud.Edit(func(t *simaws.Tables) {
		t.Addresses.Put("eipalloc-0a0a0000000000001", simaws.Address{Place: w.place(), Allocation: "eipalloc-0a0a0000000000001", IP: "203.0.113.201", Tags: tags})
		t.Groups.Put("sg-0a0a00000000000001", simaws.Group{Place: w.place(), ID: "sg-0a0a00000000000001", VPC: simaws.SeedVPC, Name: "eg-theirs",
			Description: "theirs", Tags: simaws.Tags{tagOwner: theirs.Mark(), "edgegateway.dev/role": "securitygroup/frontend"}})
		at := simaws.Place{Account: simaws.DefaultKey.Account}
		for _, set := range []simaws.RecordSet{
			{Place: at, Zone: simaws.SeedZone, Name: "shop.example.com.", Type: "A", TTL: 60, Values: []string{"203.0.113.201"}},
			{Place: at, Zone: simaws.SeedZone, Name: "_edgegateway.shop.example.com.", Type: "TXT", TTL: 60, Values: []string{`"edgegateway v1 ` + theirs.Mark() + ` A"`}},
		} {
			t.Records.Put(set.Key(), set)
		}
	})
}

func (w *manualWorld) dropNode(s *sim, i int) { deleteNode(s, fmt.Sprintf("node-%d", i)) }

func (w *manualWorld) readdress(s *sim) {
	editGateway(func(g *api.EdgeGateway) { g.Spec.Addresses = []string{"203.0.113.77"} })(s)
}

// move has the ops team renumber: the class allows another range as well, and an address of it is given.
func (w *manualWorld) move(s *sim) {
	w.address = "198.51.100.10"
	editClass(func(c *api.EdgeGatewayClass) { c.Spec.Manual.AddressRanges = []string{opsRange, opsOtherRange} })(s)
	s.later(opsDelay, w.back)
}

// vandalize scribbles into the hand-off, and takes the name's addresses away.
func (w *manualWorld) vandalize(s *sim) {
	for _, object := range s.store.list("ConfigMap") {
		if id := s.store.identify(object); w.holds(id) {
			edit(s, id, func(c *corev1.ConfigMap) { c.Data["haproxy.cfg"] = "# scribble"; delete(c.Data, "nginx.conf") })
		}
	}
	if w.zone != nil {
		delete(w.zone.sets, rrsetID{hostname + ".", dns.TypeA})
	}
}

func (w *manualWorld) revoke() { delete(w.zone.keys, tsigKey) }

func (w *manualWorld) restore() { w.zone.keys[tsigKey] = tsigSecret }

// occupy takes the hand-off's name or, where there is a zone, the gateway's.
func (w *manualWorld) occupy(s *sim) {
	if w.zone != nil {
		w.zone.add(rrsetID{hostname + ".", dns.TypeA}, 300, "192.0.2.99")
		return
	}
	mustCreate(s, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: gatewayName + "-handoff"}, Data: map[string]string{"mine": "yes"}})
}

func (w *manualWorld) vacate(s *sim) {
	if w.zone != nil {
		delete(w.zone.sets, rrsetID{hostname + ".", dns.TypeA})
		return
	}
	if err := s.store.delete(objectID{"ConfigMap", tenant, gatewayName + "-handoff"}, nil); err != nil {
		panic(err)
	}
}

// neighbours puts things of another cluster's gateway of the same name into the data centre.
func (w *manualWorld) neighbours(s *sim) {
	labels := map[string]string{manual.LabelManagedBy: manual.ManagedBy, manual.LabelOwner: theirs.Mark()}
	mustCreate(s, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: "shop-papers", Labels: labels}, Data: map[string]string{"theirs": "true"}})
	if w.zone != nil {
		w.zone.add(rrsetID{"shop." + zone + ".", dns.TypeA}, 300, "192.0.2.98")
		w.zone.add(rrsetID{"_edgegateway.shop." + zone + ".", dns.TypeTXT}, 300, `"`+strings.Join([]string{"edgegateway v1", theirs.Mark(), "A"}, " ")+`"`)
	}
}
