package lb

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// The load balancer that somebody has made and lets others use.
const (
	sharedName  = "shared"
	sharedARN   = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shared/0feed0feed0feed0"
	sharedGroup = "sg-0feed000000000002"
)

// anyCheck is a health check of somebody's.
var anyCheck = simaws.HealthCheck{Protocol: "TCP", Port: "traffic-port", Interval: 30, Timeout: 10, Healthy: 5, Unfit: 2}

// sharedWorld is a world in which it is.
func sharedWorld() *world {
	w := newWorld()
	w.cloud.Edit(share)
	w.seed()
	return w
}

// share makes it: internet-facing, with addresses that AWS chose, in two of the public subnets, with a group, and with a listener on port 25.
func share(t *simaws.Tables) {
	at := simaws.Place{Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
	groups := []string{sharedGroup}
	b := simaws.Balancer{Place: at, ARN: sharedARN, Name: sharedName, DNSName: "shared-0feed0feed0feed0.elb.eu-west-1.amazonaws.com",
		HostedZone: "Z2IFOLAFXWLO4F", VPC: simaws.SeedVPC, Scheme: "internet-facing", IPAddressType: "ipv4", State: "active", Groups: groups,
		SourceNATOnPfx: "off", Attributes: map[string]string{"deletion_protection.enabled": "true"}, Tags: simaws.Tags{"Name": "the shared one"}}
	for i, letter := range []string{"a", "b"} {
		subnet, ip, eni := simaws.SeedPublicSubnets[i], []string{"198.51.100.81", "198.51.100.82"}[i], "eni-0feed000000000080"+letter
		b.Mappings = append(b.Mappings, simaws.Mapping{Subnet: subnet, Zone: "eu-west-1" + letter, IP: ip})
		t.Interfaces.Put(eni, simaws.Interface{Place: at, ID: eni, VPC: simaws.SeedVPC, Subnet: subnet, Zone: "eu-west-1" + letter, PublicIP: ip,
			Description: "ELB net/shared/0feed0feed0feed0", Groups: groups, Balancer: sharedARN})
	}
	t.Groups.Put(sharedGroup, simaws.Group{Place: at, ID: sharedGroup, VPC: simaws.SeedVPC, Name: "shared", Description: "of the shared one"})
	t.Balancers.Put(sharedARN, b)
	targets := strings.Replace(sharedARN, "loadbalancer/net", "targetgroup", 1)
	t.TargetGroups.Put(targets, simaws.TargetGroup{Place: at, ARN: targets, Name: "mail", VPC: simaws.SeedVPC, Protocol: "TCP", TargetType: "instance",
		IPAddressType: ipv4Only, Port: 30025, Health: anyCheck})
	listener := strings.Replace(sharedARN, ":loadbalancer/", ":listener/", 1) + "/0feed0feed0feed0"
	t.Listeners.Put(listener, simaws.Listener{Place: at, ARN: listener, Balancer: sharedARN, Protocol: "TCP", Port: 25, TargetGroup: targets})
}

// adopting returns a gateway that adopts the shared load balancer.
func adopting(ref string) providers.Gateway {
	gw := testGateway()
	gw.LoadBalancer = ref
	return gw
}

// sharedTags returns the tags of the shared load balancer.
func (w *world) sharedTags() simaws.Tags {
	items := w.cloud.Inventory()
	return items[slices.IndexFunc(items, func(i simaws.Item) bool { return i.ID == sharedARN })].Tags
}

func TestALoadBalancerIsAdoptedServesAndIsGivenUp(t *testing.T) {
	for _, ref := range []string{sharedName, sharedARN} {
		w := sharedWorld()
		before := w.cloud.Inventory()
		l, gw := newLife(t, w), adopting(ref)
		l.reach(&gw)
		first := strings.Split(l.changed(), "\n")[0]
		if first != "Create loadbalancer/main" {
			t.Errorf("before it is adopted there is %s", first)
		}
		tags := w.sharedTags()
		if tags[tagOwner] != gw.Owner.Mark() || tags[tagRetain] != "true" || tags[tagName] != "the shared one" {
			t.Errorf("its tags are %v", tags)
		}
		status := plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed)
		if !slices.Equal(status.Addresses, []string{"198.51.100.81", "198.51.100.82"}) || status.Addressed.State != providers.Ready ||
			status.Provisioned.State != providers.Ready || status.Published.State != providers.Ready || status.LoadBalancer != sharedName {
			t.Errorf("the status is %+v", status)
		}
		l.reach(nil)
		order := strings.Split(l.changed(), "\n")
		if order[len(order)-1] != "Release loadbalancer/main" {
			t.Errorf("it went in the order %v", order)
		}
		if after := w.cloud.Inventory(); !reflect.DeepEqual(before, after) {
			t.Errorf("there was\n%v\nand is\n%v", before, after)
		}
	}
}

func TestNoOtherOwnersLoadBalancerIsAdopted(t *testing.T) {
	for name, tags := range map[string]simaws.Tags{
		"another gateway's":    {tagOwner: providers.Owner{Cluster: "thief"}.Mark()},
		"another controller's": {"elbv2.k8s.aws/cluster": "main"},
	} {
		t.Run(name, func(t *testing.T) {
			w := sharedWorld()
			w.cloud.Retag(sharedARN, tags)
			w.seed()
			before := w.cloud.Inventory()
			l, gw := newLife(t, w), adopting(sharedName)
			if got := l.refused(&gw); got.Class != providers.Denied || got.Reason != ReasonForeign || got.Field != fieldLoadBalancer {
				t.Errorf("it gives %s %s: %s", got.Class, got.Reason, got)
			}
			if after := w.cloud.Inventory(); !reflect.DeepEqual(before, after) {
				t.Errorf("something was made:\n%v", after)
			}
		})
	}
}

func TestAListenerThatIsOnThePortAlreadyStays(t *testing.T) {
	w := sharedWorld()
	l, gw := newLife(t, w), adopting(sharedName)
	l.reach(&gw)
	before := w.cloud.Inventory()
	gw.Ports = append(gw.Ports, providers.Port{Name: "mail", Protocol: providers.TCP, Number: 25, NodePort: 30026})
	if got := l.refused(&gw); got.Class != providers.Denied || got.Reason != ReasonForeign {
		t.Errorf("it gives %s %s: %s", got.Class, got.Reason, got)
	}
	gw = adopting(sharedName)
	l.reach(&gw)
	if after := w.cloud.Inventory(); !reflect.DeepEqual(before, after) {
		t.Errorf("there was\n%v\nand is\n%v", before, after)
	}
}

func TestAnAdoptedLoadBalancerThatLosesItsTagIsNotDeleted(t *testing.T) {
	w := sharedWorld()
	l, gw := newLife(t, w), adopting(sharedName)
	l.reach(&gw)
	w.cloud.Retag(sharedARN, simaws.Tags{tagRetain: ""})
	l.reach(nil)
	if !strings.Contains(l.changed(), "Release loadbalancer/main") || strings.Contains(l.changed(), "Delete loadbalancer/main") {
		t.Errorf("it made:\n%s", l.changed())
	}
}

func TestAnAdoptedLoadBalancerThatFailedIsNotDeleted(t *testing.T) {
	w := sharedWorld()
	l, gw := newLife(t, w), adopting(sharedName)
	l.reach(&gw)
	w.cloud.Edit(func(t *simaws.Tables) { t.Balancers.Change(sharedARN, func(b *simaws.Balancer) { b.State = "failed" }) })
	if got := l.refused(&gw); got.Class != providers.Denied || got.Field != fieldLoadBalancer {
		t.Errorf("it gives %s", got)
	}
	if tags := w.sharedTags(); tags[tagOwner] != gw.Owner.Mark() {
		t.Errorf("its tags are %v", tags)
	}
}

func TestAGatewayMovesToAnAdoptedLoadBalancerAndBack(t *testing.T) {
	w := sharedWorld()
	l, gw := created(t, w)
	adopted := adopting(sharedName)
	l.reach(&adopted)
	changed := l.changed()
	// The old load balancer takes its listeners with it.
	made, gone := strings.Index(changed, "Create listener/443"), strings.Index(changed, "Delete loadbalancer/main")
	if made < 0 || gone < made || strings.Contains(changed, "Delete listener/443") {
		t.Errorf("it made:\n%s", changed)
	}
	l.reach(&gw)
	if tags := w.sharedTags(); tags[tagOwner] != "" || !strings.HasSuffix(l.changed(), "Release loadbalancer/main") {
		t.Errorf("its tags are %v; it made:\n%s", tags, l.changed())
	}
}

func TestLoadBalancersThatCantServeAreNamed(t *testing.T) {
	for name, change := range map[string]func(b *simaws.Balancer){
		"it is an Application Load Balancer": func(b *simaws.Balancer) { b.Type = "application" },
		"it has no security group":           func(b *simaws.Balancer) { b.Groups, b.WithoutGroups = nil, true },
		"it is in another VPC":               func(b *simaws.Balancer) { b.VPC = "vpc-0bad000000000000b" },
		"it is internal":                     func(b *simaws.Balancer) { b.Scheme = "internal" },
		"it has IPv6 and no source NAT":      func(b *simaws.Balancer) { b.IPAddressType = "dualstack" },
	} {
		t.Run(name, func(t *testing.T) {
			w := sharedWorld()
			w.cloud.Edit(func(t *simaws.Tables) { t.Balancers.Change(sharedARN, change) })
			w.seed()
			gw := adopting(sharedName)
			overUDPToo(&gw)
			_, before := w.cloud.Calls()
			if got := newLife(t, w).refused(&gw); got.Class != providers.Invalid || got.Field != fieldLoadBalancer {
				t.Errorf("it gives %s: %s", got.Class, got)
			}
			if _, after := w.cloud.Calls(); after != before {
				t.Errorf("%d mutating calls", after-before)
			}
		})
	}
}
