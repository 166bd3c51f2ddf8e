package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

// measured is a cloud with a data plane, which the test plays.
func measured(t *testing.T) *user {
	return newUser(t, Config{Measured: true, PublicRange: "203.0.113.128/25", PublicRange6: "2001:db8:113::/64",
		NodeAddresses: map[string]string{SeedNodes[0]: "198.51.100.10"}})
}

// states are the states of the targets in the table, by ID.
func (u *user) tableStates() map[string]plane.State {
	states := map[string]plane.State{}
	for _, p := range u.cloud.Table().Pools {
		for _, t := range p.Targets {
			states[t.ID] = t.State
		}
	}
	return states
}

func TestTheTableSaysWhatAWSForwards(t *testing.T) {
	u := measured(t)
	group := u.group("front")
	permit := func(id string, permission ec2types.IpPermission) {
		t.Helper()
		permission.IpProtocol, permission.ToPort = sdk.String("tcp"), permission.FromPort
		_, err := u.ec2.AuthorizeSecurityGroupIngress(u.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []ec2types.IpPermission{permission}})
		if err != nil {
			t.Fatal(err)
		}
	}
	permit(group, ec2types.IpPermission{FromPort: sdk.Int32(443), IpRanges: []ec2types.IpRange{{CidrIp: sdk.String("198.51.100.0/24")}}})
	permit(SeedNodeGroup, ec2types.IpPermission{FromPort: sdk.Int32(30443), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &group}}})
	in := balancerInput("front", u.address(), group)
	in.IpAddressType = "dualstack"
	balancer := u.balancer(in)
	targets := u.targets(targetsInput("front", "TCP", 30443))
	u.listener(listenerInput(balancer, targets, "TCP", 443))
	if err := u.register(targets, SeedNodes[0], SeedNodes[1]); err != nil {
		t.Fatal(err)
	}
	if table := u.cloud.Table(); len(table.Balancers) != 0 {
		t.Errorf("a load balancer that is not active forwards: %+v", table.Balancers)
	}
	u.cloud.Advance(3 * time.Minute)
	table := u.cloud.Table()
	if len(table.Balancers) != 1 || len(table.Pools) != 1 {
		t.Fatalf("the table is %+v", table)
	}
	b := table.Balancers[0]
	if got, want := fmt.Sprint(b.Addresses), "[{203.0.113.129 eu-west-1a} {2001:db8:113:0:1::15 eu-west-1a}]"; got != want {
		t.Errorf("the addresses are %s, not %s", got, want)
	}
	if got, want := fmt.Sprint(b.Firewalled, b.Firewall, b.Listeners), "true [{tcp 443 443 198.51.100.0/24 }] [{tcp 443 "+targets+" false}]"; got != want {
		t.Errorf("who may come where: %s, not %s", got, want)
	}
	p := table.Pools[0]
	if got, want := fmt.Sprintf("%+v", p.Check), "{Path:/healthz Codes:[{From:200 To:399}] Port:30999 Interval:10s Timeout:6s Rise:2 Fall:2}"; got != want {
		t.Errorf("the check is %s, not %s", got, want)
	}
	// The load balancer is in one zone, and does not go to others.
	if len(p.Targets) != 1 || p.Targets[0].Address != netip.MustParseAddr("198.51.100.10") || !slices.Equal(p.From.Groups, []string{group}) {
		t.Errorf("the pool is %+v", p)
	}
	if got, want := fmt.Sprint(p.Targets[0].Firewall), fmt.Sprintf("[{ 0 0 invalid Prefix %s} {tcp 30443 30443 invalid Prefix %s}]", SeedNodeGroup, group); got != want {
		t.Errorf("the node lets in %s, not %s", got, want)
	}
}

func TestPodsAreBehindTheirNodesGroups(t *testing.T) {
	u := newUser(t, Config{Measured: true, PodRanges: map[string]string{SeedNodes[0]: podRange}, NodeAddresses: map[string]string{SeedNodes[0]: "198.51.100.10"}})
	in := targetsInput("pods", "TCP", 10443)
	in.TargetType = "ip"
	pods, nodes := u.targets(in), u.targets(targetsInput("nodes", "TCP", 30443))
	balancer := u.balancer(balancerInput("front", u.address(), u.group("front")))
	u.listener(listenerInput(balancer, pods, "TCP", 443))
	u.listener(listenerInput(balancer, nodes, "TCP", 80))
	// AWS takes any address of the VPC's, whether or not something has it.
	if err := u.register(pods, "198.18.0.7", "10.0.16.99"); err != nil {
		t.Fatal(err)
	}
	if err := u.register(nodes, SeedNodes[0]); err != nil {
		t.Fatal(err)
	}
	u.cloud.Advance(3 * time.Minute)
	var got []string
	for _, p := range u.cloud.Table().Pools {
		for _, target := range p.Targets {
			got = append(got, fmt.Sprintf("%s %s in %s: %v", target.ID, target.Address, target.Zone, target.Firewall))
		}
	}
	slices.Sort(got)
	among := fmt.Sprintf("[{ 0 0 invalid Prefix %s}]", SeedNodeGroup)
	want := []string{"10.0.16.99 10.0.16.99 in eu-west-1a: []", "198.18.0.7 198.18.0.7 in eu-west-1a: " + among, SeedNodes[0] + " 198.51.100.10 in eu-west-1a: " + among}
	if !slices.Equal(got, want) {
		t.Errorf("the targets are\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMeasuredTargetsAreAsTheyAre(t *testing.T) {
	u := measured(t)
	_, targets, _ := u.entrance()
	node := SeedNodes[0]
	if got := u.health(targets)[node]; got != "initial Elb.InitialHealthChecking" {
		t.Errorf("before anything was measured: %s", got)
	}
	for _, want := range []struct {
		health plane.Health
		state  string
	}{{plane.Healthy, "healthy "}, {plane.Unhealthy, "unhealthy Target.FailedHealthChecks"}, {plane.Healthy, "healthy "}} {
		u.cloud.Measure(plane.Report{Pool: targets, Target: node, Port: 30443, Health: want.health})
		if got := u.health(targets)[node]; got != want.state {
			t.Errorf("measured as %s: %s", want.health, got)
		}
	}
	for key, value := range map[string]string{"deregistration_delay.timeout_seconds": "0", "proxy_protocol_v2.enabled": "true"} {
		_, err := u.elb.ModifyTargetGroupAttributes(u.ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &targets,
			Attributes: []elbtypes.TargetGroupAttribute{{Key: &key, Value: &value}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !u.cloud.Table().Pools[0].ProxyProtocol {
		t.Error("there is no PROXY protocol")
	}
	u.cloud.SetTimes(func(t *Times) { t.Deregister = 3 * time.Minute })
	if _, err := u.elb.DeregisterTargets(u.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &targets, Targets: []elbtypes.TargetDescription{{Id: &node}}}); err != nil {
		t.Fatal(err)
	}
	if got := u.health(targets)[node]; !strings.HasPrefix(got, "draining") || u.tableStates()[node] != plane.Leaving {
		t.Errorf("deregistered: %s, %v", got, u.tableStates())
	}
	u.cloud.Advance(2 * time.Minute)
	if got := u.tableStates()[node]; got != plane.Leaving {
		t.Errorf("two minutes later it is %s", got)
	}
	if err := u.register(targets, node); err != nil {
		t.Fatal(err)
	}
	if got := u.health(targets)[node]; u.tableStates()[node] != plane.Registering || got != "initial Elb.RegistrationInProgress" {
		t.Errorf("registered again: %s, %v", got, u.tableStates())
	}
	u.cloud.Advance(time.Minute)
	if got := u.health(targets)[node]; u.tableStates()[node] != plane.Active || got != "initial Elb.InitialHealthChecking" {
		t.Errorf("a minute later: %s, %v", got, u.tableStates())
	}
}

func TestNameServersAnswerWhatIsInSync(t *testing.T) {
	u := measured(t)
	names := func() string {
		var all []string
		for _, r := range u.cloud.Table().Zones[0].Records {
			if !slices.Contains([]string{"NS", "SOA", "MX"}, r.Type) {
				all = append(all, r.Type+" "+r.Name+" "+r.Alias)
			}
		}
		return strings.Join(all, ", ")
	}
	seeded := "A legacy.example.com. , CNAME wiki.example.com. "
	if got := names(); got != seeded {
		t.Errorf("at first: %s", got)
	}
	balancer := u.balancer(balancerInput("front", u.address(), u.group("front")))
	b, _ := u.cloud.Balancers.Get(u.cloud.Kernel.Inventory.Now(), balancer)
	if _, err := u.change(alias("CREATE", "*.example.com", "A", b.HostedZone, "dualstack."+strings.ToUpper(b.DNSName))); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != seeded {
		t.Errorf("before it is in sync: %s", got)
	}
	u.cloud.Advance(30 * time.Second)
	if got, want := names(), seeded+", A *.example.com. "+strings.ToLower(b.DNSName)+"."; got != want {
		t.Errorf("in sync: %s, not %s", got, want)
	}
	if err := u.cloud.Remove(RecordSet{Zone: SeedZone, Name: "wiki.example.com.", Type: "CNAME"}.Key()); err != nil {
		t.Fatal(err)
	}
	u.cloud.Advance(30 * time.Second)
	if got := names(); strings.Contains(got, "wiki") {
		t.Errorf("after a removal by hand: %s", got)
	}
}
