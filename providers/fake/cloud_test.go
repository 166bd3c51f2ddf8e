package fake

import (
	"errors"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

var health = providers.HealthCheck{Path: "/", IntervalSeconds: 10, Fall: 2, Rise: 2}

// furnished returns a cloud with one of each kind, and their IDs by kind.
func furnished(t *testing.T) (*Cloud, *Client, map[Kind]string) {
	t.Helper()
	cloud := NewCloud("example.com")
	client := cloud.Client()
	ids := map[Kind]string{}
	add := func(kind Kind, name string, spec any) {
		o, err := client.Create(Object{Kind: kind, Name: name, Spec: spec})
		if err != nil {
			t.Fatal(err)
		}
		ids[kind] = o.ID
	}
	add(AddressKind, "a", AddressSpec{Family: providers.IPv4})
	add(TargetsKind, "t", TargetsSpec{Protocol: providers.TCP, Port: 80, Health: health})
	add(BalancerKind, "l", BalancerSpec{Families: []providers.Family{providers.IPv4}, Addresses: []string{ids[AddressKind]}})
	add(ListenerKind, "l-80", ListenerSpec{Balancer: ids[BalancerKind], Protocol: providers.TCP, Port: 80, Targets: ids[TargetsKind]})
	add(RecordKind, "example.com/A", RecordSpec{Zone: "example.com", Name: "example.com", Type: "A", Values: []string{"203.0.113.1"}, TTL: 60})
	return cloud, client, ids
}

// rule is one thing that the cloud refuses, with its code.
type rule struct {
	name string
	code string
	call func(cloud *Cloud, client *Client, ids map[Kind]string) error
}

func creation(kind Kind, name string, spec any) func(*Cloud, *Client, map[Kind]string) error {
	return func(_ *Cloud, client *Client, _ map[Kind]string) error {
		_, err := client.Create(Object{Kind: kind, Name: name, Spec: spec})
		return err
	}
}

func record(change func(*RecordSpec)) func(*Cloud, *Client, map[Kind]string) error {
	s := RecordSpec{Zone: "example.com", Name: "www.example.com", Type: "A", Values: []string{"203.0.113.1"}, TTL: 60}
	change(&s)
	return creation(RecordKind, recordName(s), s)
}

func remove(kind Kind) func(*Cloud, *Client, map[Kind]string) error {
	return func(_ *Cloud, client *Client, ids map[Kind]string) error { return client.Delete(kind, ids[kind]) }
}

func balancerOn(name string, families []providers.Family, source ...string) func(*Cloud, *Client, map[Kind]string) error {
	return func(_ *Cloud, client *Client, ids map[Kind]string) error {
		spec := BalancerSpec{Families: families, Addresses: []string{ids[AddressKind]}, SourceRanges: source}
		if name == "l" {
			return client.Update(BalancerKind, ids[BalancerKind], spec, false)
		}
		_, err := client.Create(Object{Kind: BalancerKind, Name: name, Spec: spec})
		return err
	}
}

func listenerOn(change func(*ListenerSpec)) func(*Cloud, *Client, map[Kind]string) error {
	return func(_ *Cloud, client *Client, ids map[Kind]string) error {
		spec := ListenerSpec{Balancer: ids[BalancerKind], Protocol: providers.TCP, Port: 443, Targets: ids[TargetsKind]}
		change(&spec)
		_, err := client.Create(Object{Kind: ListenerKind, Name: "other", Spec: spec})
		return err
	}
}

var ipv4 = []providers.Family{providers.IPv4}

var rules = []rule{
	{"a name that is taken", AlreadyExists, creation(TargetsKind, "t", TargetsSpec{Protocol: providers.TCP, Port: 80, Health: health})},
	{"a name with capitals", InvalidParameter, creation(TargetsKind, "T", TargetsSpec{Protocol: providers.TCP, Port: 80, Health: health})},
	{"an unknown family", InvalidParameter, creation(AddressKind, "b", AddressSpec{Family: "IPv5"})},
	{"a protocol that it has not", InvalidParameter, creation(TargetsKind, "u", TargetsSpec{Protocol: providers.UDP, Port: 80, Health: health})},
	{"port 0", InvalidParameter, creation(TargetsKind, "u", TargetsSpec{Protocol: providers.TCP, Health: health})},
	{"a short health interval", InvalidParameter, creation(TargetsKind, "u", TargetsSpec{Protocol: providers.TCP, Port: 80, Health: providers.HealthCheck{Path: "/", IntervalSeconds: 1}})},
	{"a health path without slash", InvalidParameter, creation(TargetsKind, "u", TargetsSpec{Protocol: providers.TCP, Port: 80, Health: providers.HealthCheck{IntervalSeconds: 10}})},
	{"members twice", InvalidParameter, creation(TargetsKind, "u", TargetsSpec{Protocol: providers.TCP, Port: 80, Health: health, Members: []string{"a", "a"}})},
	{"an address that another load balancer has", AddressInUse, balancerOn("m", ipv4)},
	{"an address of another family", InvalidParameter, balancerOn("m", []providers.Family{providers.IPv6})},
	{"a change of a load balancer's families", InvalidParameter, balancerOn("l", []providers.Family{providers.IPv6})},
	{"a source range without length", InvalidParameter, balancerOn("l", ipv4, "10.0.0.0")},
	{"a load balancer without address", InvalidParameter, creation(BalancerKind, "m", BalancerSpec{})},
	{"a load balancer on an address that is not there", NotFound, creation(BalancerKind, "m", BalancerSpec{Families: ipv4, Addresses: []string{"x"}})},
	{"a port that another listener has", PortInUse, listenerOn(func(s *ListenerSpec) { s.Port = 80 })},
	{"a listener without load balancer", NotFound, listenerOn(func(s *ListenerSpec) { s.Balancer = "x" })},
	{"a listener without targets", NotFound, listenerOn(func(s *ListenerSpec) { s.Targets = "x" })},
	{"a listener whose targets speak another protocol", InvalidParameter, listenerOn(func(s *ListenerSpec) { s.Protocol = providers.UDP })},
	{"a record that is there", AlreadyExists, record(func(s *RecordSpec) { s.Name = "example.com" })},
	{"a record in an unknown zone", NotFound, record(func(s *RecordSpec) { s.Zone = "example.org" })},
	{"a record outside its zone", InvalidParameter, record(func(s *RecordSpec) { s.Name = "wwwexample.com" })},
	{"a short TTL", InvalidParameter, record(func(s *RecordSpec) { s.TTL = 29 })},
	{"a record without values", InvalidParameter, record(func(s *RecordSpec) { s.Values = nil })},
	{"a record with an address of another family", InvalidParameter, record(func(s *RecordSpec) { s.Values = []string{"2001:db8::1"} })},
	{"deleting an address that is attached", InUse, remove(AddressKind)},
	{"deleting targets that a listener has", InUse, remove(TargetsKind)},
	{"deleting a load balancer that has listeners", InUse, remove(BalancerKind)},
	{"deleting what is not there", NotFound, func(_ *Cloud, client *Client, _ map[Kind]string) error { return client.Delete(RecordKind, "x") }},
	{"getting what is not there", NotFound, func(_ *Cloud, client *Client, _ map[Kind]string) error {
		_, err := client.Get(RecordKind, "x")
		return err
	}},
	{"changing what is being changed", NotReady, func(cloud *Cloud, client *Client, ids map[Kind]string) error {
		cloud.Delay = 1
		spec := BalancerSpec{Families: ipv4, Addresses: []string{ids[AddressKind]}, SourceRanges: []string{"10.0.0.0/8"}}
		if err := client.Update(BalancerKind, ids[BalancerKind], spec, false); err != nil {
			return err
		}
		return client.Update(BalancerKind, ids[BalancerKind], spec, false)
	}},
	{"more than the quota", QuotaExceeded, func(cloud *Cloud, client *Client, _ map[Kind]string) error {
		cloud.Quota[AddressKind] = 1
		_, err := client.Create(Object{Kind: AddressKind, Name: "b", Spec: AddressSpec{Family: providers.IPv4}})
		return err
	}},
}

func TestTheCloudRefuses(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			cloud, client, ids := furnished(t)
			before := len(cloud.Objects())
			err := r.call(cloud, client, ids)
			if !hasCode(err, r.code) {
				t.Errorf("error %v, not %s", err, r.code)
			}
			if after := len(cloud.Objects()); after != before {
				t.Errorf("%d objects have become %d", before, after)
			}
			if class := providers.ClassOf(classed(err)); class == "" || classes[r.code].Class != class {
				t.Errorf("%s has the class %q", r.code, class)
			}
		})
	}
}

func TestTwoAllocationsGiveTwoAddresses(t *testing.T) {
	cloud, client, _ := furnished(t)
	for range 2 {
		if _, err := client.Create(Object{Kind: AddressKind, Name: "same", Spec: AddressSpec{Family: providers.IPv4}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(cloud.Objects()); n != 7 {
		t.Errorf("there are %d objects", n)
	}
}

func TestACrashedClientGetsNoAnswerAnyMore(t *testing.T) {
	cloud, client, ids := furnished(t)
	cloud.After = func(Call) error { return ErrCrash }
	if _, err := client.Get(AddressKind, ids[AddressKind]); !errors.Is(err, ErrCrash) {
		t.Errorf("error %v", err)
	}
	cloud.After = nil
	if _, err := client.Get(AddressKind, ids[AddressKind]); !errors.Is(err, ErrCrash) {
		t.Errorf("it lives on: %v", err)
	}
	if _, err := cloud.Client().Get(AddressKind, ids[AddressKind]); err != nil {
		t.Errorf("a new client: %v", err)
	}
}

func TestListsLagAndGetsDoNot(t *testing.T) {
	cloud, client, ids := furnished(t)
	cloud.Lag = 2
	if err := client.Delete(RecordKind, ids[RecordKind]); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(RecordKind, ids[RecordKind]); !hasCode(err, NotFound) {
		t.Errorf("Get: %v", err)
	}
	for i, want := range []int{1, 0} {
		records, err := client.List(RecordKind, "")
		if err != nil || len(records) != want {
			t.Errorf("list %d has %d records, error %v", i, len(records), err)
		}
	}
}
