package crash

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// unmarking takes from a thing what makes it the gateway's. It is nobody's then, and is left alone; no other is made in its place while it is in
// the way.
type unmarking struct {
	thing, what string
	do          func(h hand)
	undo        func(h hand, id string)
	// condition that is False, and what it says. It is True if clients are served as before.
	condition, reason string
	serves            bool
	says              []string
}

// unmarkings are all of them.
func unmarkings() []unmarking {
	const foreign, alone = "ForeignOwner", " is not this EdgeGateway's and is left alone; remove or rename it"
	const mark = "edgegateway-ec86027118585dcd7f8bba3081a00b2a5559b45b"
	const roleTag, address = "edgegateway.dev/role", "address/ipv4-eu-west-1a"
	untag := func(thing, tag string) func(hand) {
		return func(h hand) { h.cloud.Retag(h.thing(thing), simaws.Tags{tag: ""}) }
	}
	tag := func(tag, value string) func(hand, string) {
		return func(h hand, id string) { h.cloud.Retag(id, simaws.Tags{tag: value}) }
	}
	claims := func(value string) func(hand) {
		return func(h hand) { h.record(claimThing, func(r *simaws.RecordSet) { r.Values = []string{value} }) }
	}
	reclaim := func(h hand, id string) {
		set := simaws.RecordSet{Place: simaws.Place{Account: simaws.DefaultKey.Account}, Zone: simaws.SeedZone, Name: "_edgegateway." + hostname + ".", Type: "TXT", TTL: 300,
			Values: []string{`"edgegateway v1 ` + mark + ` A AAAA cluster=` + clusterUID + ` gateway=shop/web"`}}
		h.cloud.Edit(func(t *simaws.Tables) { t.Records.Put(id, set) })
	}
	return []unmarking{
		{balancerThing, "mark", untag(balancerThing, tagOwner), tag(tagOwner, mark), api.ConditionProvisioned, foreign, false, []string{"load balancer arn:", alone}},
		{listenerThing, "mark", untag(listenerThing, tagOwner), tag(tagOwner, mark), api.ConditionProvisioned, foreign, false, []string{"listener arn:", alone}},
		{targetsThing, "mark", untag(targetsThing, tagOwner), tag(tagOwner, mark), api.ConditionProvisioned, foreign, false, []string{"target group arn:", alone}},
		{groupThing, "mark", untag(groupThing, tagOwner), tag(tagOwner, mark), api.ConditionProvisioned, foreign, false, []string{"security group eg-", alone}},
		{address, "mark", untag(address, tagOwner), tag(tagOwner, mark), api.ConditionProvisioned, foreign, true, []string{"eipalloc-", "tag it " + tagOwner + "=" + mark, "or delete the load balancer"}},
		{address, "role", untag(address, roleTag), tag(roleTag, address), api.ConditionProvisioned, foreign, true, []string{"eipalloc-", "tag it ", roleTag + "=" + address}},
		{nodesThing, "mark", untag(nodesThing, tagOwner), tag(tagOwner, mark), api.ConditionProvisioned, foreign, true, []string{"rule sgr-", "of security group " + simaws.SeedNodeGroup, "remove it, or tag it " + tagOwner + "=" + mark}},
		{recordThing, "claim", func(h hand) { h.remove(claimThing) }, reclaim, api.ConditionDNSReady, "RecordConflict", false, []string{hostname + " has an A record that is not ours", "remove that record"}},
		{recordThing, "claim for another text", claims(`"hello"`), reclaim, api.ConditionDNSReady, "RecordConflict", false, []string{"the TXT record at _edgegateway." + hostname + " is not a claim of ours", "remove that record"}},
	}
}

// TestWhatHasLostItsMarkIsLeftAlone takes marks away by hand.
func TestWhatHasLostItsMarkIsLeftAlone(t *testing.T) {
	start := settled(t, newAWSWorld(), dual())
	for _, c := range unmarkings() {
		t.Run(c.thing+" "+c.what, func(t *testing.T) {
			t.Parallel()
			s := start.another(t)
			h := hand{s.world.(*awsWorld)}
			before, addresses := s.outside(), s.gateway("shop", "web").Status.Addresses
			id := h.thing(c.thing)
			if c.condition == api.ConditionDNSReady {
				id = h.thing(claimThing)
			}
			if c.thing == balancerThing {
				h.lose() // that the name points at what is nobody's is no fault of the operator's
			}
			c.do(h)
			h.watch.ours = nil
			h.touch()
			left, writes := s.outside(), s.cloud
			s.spend(t, oneSweep)
			s.restsFor(t, 20*time.Minute)
			status := metav1.ConditionFalse
			if c.serves {
				status = metav1.ConditionTrue
			}
			s.says(t, c.condition, status, c.reason, c.says)
			if ready := s.condition(api.ConditionReady); ready.Status != status || ready.Reason != c.reason {
				t.Errorf("Ready is %s, %s: %s", ready.Status, ready.Reason, ready.Message)
			}
			if now := s.gateway("shop", "web").Status.Addresses; c.serves && !slices.Equal(addresses, now) {
				t.Errorf("clients are still served at %v, and the status says %v", addresses, now)
			}
			if now := s.outside(); !slices.Equal(left, now) || s.cloud != writes {
				t.Errorf("there are %d writes:\n%s", s.cloud-writes, difference(left, now))
			}
			c.undo(h, id)
			h.watch.ours = nil
			h.touch()
			s.spend(t, oneSweep)
			s.isWell(t)
			if after := s.outside(); !slices.Equal(before, after) {
				t.Errorf("it is not as it was:\n%s", difference(before, after))
			}
		})
	}
}

// untold is what somebody does by hand to a thing of the gateway's and nobody is told of: the reason is that we decide nothing about it.
type untold struct {
	what, why string
	do        func(h hand)
}

// untolds are all that is known of it.
func untolds() []untold {
	return []untold{
		{"the names that people read in tags", "they are for people; nothing is found by them", func(h hand) {
			for _, thing := range []string{balancerThing, listenerThing, targetsThing, groupThing, "address/ipv4-eu-west-1a"} {
				h.cloud.Retag(h.thing(thing), simaws.Tags{"Name": "mine", "edgegateway.dev/gateway": "shop/other"})
			}
		}},
		{"a tag more", "whose it is, is theirs to say", func(h hand) { h.cloud.Retag(h.thing(balancerThing), simaws.Tags{"cost-centre": "42"}) }},
		{"the load balancer's role", "there is but one, and it is found by its name", func(h hand) {
			h.cloud.Retag(h.thing(balancerThing), simaws.Tags{"edgegateway.dev/role": "loadbalancer/other"})
		}},
		{"deletion protection and logs", "attributes of load balancers are the account's to decide", func(h hand) {
			h.balancer(func(b *simaws.Balancer) {
				b.Attributes["deletion_protection.enabled"], b.Attributes["access_logs.s3.enabled"] = "true", "true"
			})
		}},
		{"a listener's idle timeout", "no attribute of listeners is ours", func(h hand) {
			h.listener(func(l *simaws.Listener) { l.Attributes["tcp.idle_timeout.seconds"] = "400" })
		}},
		{"a target group's stickiness", "it is not among the attributes that are ours", func(h hand) {
			h.targets(func(g *simaws.TargetGroup) { g.Attributes["stickiness.enabled"] = "true" })
		}},
		{"a listener more", "it bears no mark, and is on a port that is not wanted", func(h hand) {
			const arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/net/theirs/0feed0feed0feed0/0feed0feed0feed7"
			balancer := h.thing(balancerThing)
			h.cloud.Edit(func(t *simaws.Tables) {
				t.Listeners.Put(arn, simaws.Listener{Place: h.place(), ARN: arn, Balancer: balancer, Protocol: "TCP", Port: 9000, TargetGroup: spareTargets, Attributes: map[string]string{}})
			})
		}},
		{"the way out by IPv6", "no target has an IPv6 address", func(h hand) { h.dropRule("group eg-", "egress", "::/0") }},
		{"another rule of the nodes", "it bears no mark", func(h hand) {
			rule := simaws.GroupRule{Place: h.place(), ID: "sgr-0bad0000000000002", Group: simaws.SeedNodeGroup, Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"}
			h.cloud.Edit(func(t *simaws.Tables) { t.Rules.Put(rule.ID, rule) })
		}},
		{"how long the claim may be remembered", "it is never asked for by DNS", func(h hand) {
			h.record(claimThing, func(r *simaws.RecordSet) { r.TTL = 60 })
		}},
		{"another record at the name", "a claim is of the types that it names", func(h hand) {
			recorded(hostname, "TXT", `"v=spf1 -all"`)(h.sim, nil)
		}},
	}
}

// TestWhatIsNotOursToDecideIsNotTold does all of it, and nothing is said or done.
func TestWhatIsNotOursToDecideIsNotTold(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets)
	for _, c := range untolds() {
		t.Run(c.what+": "+c.why, func(t *testing.T) {
			t.Parallel()
			s := start.another(t)
			at, writes := s.tamper(tampering{do: c.do}), s.cloud
			left := s.outside()
			s.spend(t, oneSweep+5*time.Minute)
			s.isAlwaysReady(t, at)
			s.isWell(t)
			if now := s.outside(); !slices.Equal(left, now) || s.cloud != writes {
				t.Errorf("there are %d writes:\n%s", s.cloud-writes, difference(left, now))
			}
		})
	}
}
