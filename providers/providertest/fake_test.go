package providertest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/fake"
	"github.com/edgegateway/edgegateway/providers/providertest"
)

// maker makes the Provider under test on a cloud. The mutants are makers.
type maker func(cloud *fake.Cloud) providers.Provider

func TestTheFakeKeepsTheContract(t *testing.T) {
	tally := providertest.Run(t, fakeHarness(fake.New))
	if tally.Runs == 0 || tally.Runs != 3*tally.Calls {
		t.Errorf("%d runs are not %d calls × 3 faults", tally.Runs, tally.Calls)
	}
}

func fakeHarness(make maker) providertest.Harness {
	return providertest.Harness{
		New:     func() providertest.World { return fakeWorld(make) },
		Gateway: gateway,
		Other: func() providers.Gateway {
			gw := gateway()
			gw.Owner.Cluster = "another-cluster"
			gw.Hostnames = []string{"other.example.com"}
			return gw
		},
		Edits: []providertest.Edit{
			{Name: "targets change", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
				gw.Targets = []providers.Target{{Name: "n2", Address: "10.0.0.2"}, {Name: "n3", Address: "10.0.0.3"}}
			}},
			{Name: "a port is added", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
				gw.Ports = append(gw.Ports, providers.Port{Name: "alt", Protocol: providers.TCP, Number: 8443, NodePort: 30843})
			}},
			{Name: "a port is removed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) { gw.Ports = gw.Ports[1:] }},
			{Name: "a node port changes", Impact: providers.Replace, Apply: func(gw *providers.Gateway) { gw.Ports[1].NodePort = 31443 }},
			{Name: "PROXY protocol is switched on", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
				gw.Ports[1].ProxyProtocol = true
			}},
			{Name: "a family is added", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
				gw.Families = append(gw.Families, providers.IPv6)
			}},
			{Name: "the family changes", Impact: providers.Address, Apply: func(gw *providers.Gateway) {
				gw.Families = []providers.Family{providers.IPv6}
			}},
			{Name: "a hostname is renamed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
				gw.Hostnames = []string{"example.com", "new.example.com"}
			}},
		},
		Invalid: []providertest.Invalid{
			{Name: "UDP", Field: "spec.listeners[1].protocol", Apply: func(gw *providers.Gateway) { gw.Ports[1].Protocol = providers.UDP }},
			{Name: "a bad range", Field: "spec.sourceRanges[0]", Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"10.0.0.0"} }},
			{Name: "a foreign zone", Field: "spec.hostnames[1]", Apply: func(gw *providers.Gateway) { gw.Hostnames[1] = "example.org" }},
		},
		Answers: []providertest.FaultKind{providertest.Outage, providertest.Throttle, providertest.Forbid},
	}
}

func gateway() providers.Gateway {
	return providers.Gateway{
		Namespace: "shop",
		Name:      "main",
		Owner:     providers.Owner{Cluster: "cluster", Gateway: "gateway", Namespace: "shop", Name: "main"},
		Hostnames: []string{"example.com", "www.example.com"},
		Families:  []providers.Family{providers.IPv4},
		Ports: []providers.Port{
			{Name: "http", Protocol: providers.TCP, Number: 80, NodePort: 30080},
			{Name: "https", Protocol: providers.TCP, Number: 443, NodePort: 30443},
		},
		Health:  providers.HealthCheck{Path: "/healthz", NodePort: 30999, IntervalSeconds: 5, Fall: 2, Rise: 2},
		Targets: []providers.Target{{Name: "n1", Address: "10.0.0.1"}, {Name: "n2", Address: "10.0.0.2"}},
	}
}

// fakeWorld is a cloud as the suite sees it.
func fakeWorld(make maker) providertest.World {
	cloud := fake.NewCloud("example.com")
	cloud.Delay = 2
	counter := &providertest.Counter{}
	guard := &guard{cloud: cloud}
	cloud.Changed = guard.look
	var current *providertest.Fault
	cloud.Before = func(call fake.Call) error {
		current = counter.Hit(call.Mutating)
		if current == nil {
			return nil
		}
		return map[providertest.FaultKind]error{
			providertest.CrashBefore: fake.ErrCrash,
			providertest.Outage:      &fake.Error{Code: fake.Unavailable, Message: "try again"},
			providertest.Throttle:    &fake.Error{Code: fake.TooManyRequests, Message: "slow down"},
			providertest.Forbid:      &fake.Error{Code: fake.Forbidden, Message: "no permission"},
		}[current.Kind]
	}
	cloud.After = func(fake.Call) error {
		if current == nil {
			return nil
		}
		return map[providertest.FaultKind]error{
			providertest.CrashAfter: fake.ErrCrash,
			providertest.LostReply:  errors.New("connection reset by peer"),
		}[current.Kind]
	}
	return providertest.World{
		Provider:  func() providers.Provider { return make(cloud) },
		Inventory: func() []providertest.Thing { return things(cloud) },
		Advance:   cloud.Advance,
		Calls:     cloud.Calls,
		Inject:    counter.Inject,
		Invariant: guard.err,
		Plant:     func(node providers.Node) (string, bool) { return plant(cloud, node) },
		Remove:    cloud.Remove,
		Disown:    func(id string) bool { return disown(cloud, id) },
		Lag:       func(calls int) { cloud.Lag = calls },
		Bring: func(gw providers.Gateway) providers.Gateway {
			id := cloud.Put(fake.Object{Kind: fake.AddressKind, Name: "brought", Spec: fake.AddressSpec{Family: gw.Families[0]}})
			gw.Addresses = []string{object(cloud, id).Spec.(fake.AddressSpec).IP}
			return gw
		},
	}
}

func object(cloud *fake.Cloud, id string) fake.Object {
	objects := cloud.Objects()
	i := slices.IndexFunc(objects, func(o fake.Object) bool { return o.ID == id })
	if i < 0 {
		return fake.Object{}
	}
	return objects[i]
}

// things tells IDs and addresses by names, so that two worlds can be compared.
func things(cloud *fake.Cloud) []providertest.Thing {
	objects := cloud.Objects()
	var pairs []string
	for _, o := range objects {
		pairs = append(pairs, o.ID, o.Name)
		if spec, ok := o.Spec.(fake.AddressSpec); ok {
			pairs = append(pairs, spec.IP, "ip of "+o.Name)
		}
	}
	names := strings.NewReplacer(pairs...)
	var all []providertest.Thing
	for _, o := range objects {
		detail := fmt.Sprintf("%s retain=%t deleting=%t %+v", o.Role, o.Retain, o.Deleting, o.Spec)
		all = append(all, providertest.Thing{
			ID: o.ID, Name: string(o.Kind) + " " + o.Name, Mark: o.Mark, Detail: names.Replace(detail),
		})
	}
	return all
}

// plant puts a foreign object under a node's name.
func plant(cloud *fake.Cloud, node providers.Node) (string, bool) {
	spec := node.Spec
	switch s := spec.(type) {
	case fake.AddressSpec:
		return "", false
	case fake.BalancerSpec:
		s.Addresses = nil
		spec = s
	case fake.ListenerSpec:
		s.Balancer, s.Targets = "", ""
		spec = s
	case fake.RecordSpec:
		s.Values = []string{"198.51.100.1"}
		spec = s
	}
	return cloud.Put(fake.Object{Kind: fake.Kind(node.Kind()), Name: node.Name, Spec: spec}), true
}

func disown(cloud *fake.Cloud, id string) bool {
	o := object(cloud, id)
	if o.ID == "" {
		return false
	}
	o.Mark = providers.Owner{Cluster: "another"}.Mark()
	cloud.Put(o)
	return true
}

// guard watches what must hold at any instant: records point at addresses that are there and not another owner's, and get a value only
// when traffic to it is forwarded.
type guard struct {
	cloud *fake.Cloud
	known map[string]bool
	first error
}

func (g *guard) err() error { return g.first }

func (g *guard) look() {
	now := map[string]bool{}
	objects := g.cloud.Objects()
	for _, o := range objects {
		record, ok := o.Spec.(fake.RecordSpec)
		if !ok || o.Mark == "" {
			continue
		}
		for _, value := range record.Values {
			pointer := o.ID + " " + value
			now[pointer] = true
			if g.first == nil {
				g.first = pointsWell(objects, o, value, g.known[pointer])
			}
		}
	}
	g.known = now
}

func pointsWell(objects []fake.Object, record fake.Object, value string, old bool) error {
	i := slices.IndexFunc(objects, func(o fake.Object) bool {
		spec, ok := o.Spec.(fake.AddressSpec)
		return ok && spec.IP == value
	})
	if i < 0 {
		return fmt.Errorf("%s points at %s, which was released", record.Name, value)
	}
	if mark := objects[i].Mark; mark != "" && mark != record.Mark {
		return fmt.Errorf("%s points at %s, which is another owner's", record.Name, value)
	}
	if !old && !forwards(objects, objects[i].ID) {
		return fmt.Errorf("%s is published at %s before anything forwards there", record.Name, value)
	}
	return nil
}

func forwards(objects []fake.Object, address string) bool {
	return slices.ContainsFunc(objects, func(lb fake.Object) bool {
		spec, ok := lb.Spec.(fake.BalancerSpec)
		return ok && slices.Contains(spec.Addresses, address) && lb.Busy == 0 && slices.ContainsFunc(objects, func(o fake.Object) bool {
			listener, ok := o.Spec.(fake.ListenerSpec)
			return ok && listener.Balancer == lb.ID && o.Busy == 0
		})
	})
}
