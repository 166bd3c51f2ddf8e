package aws

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/test/simcloud"
)

// addresses counts them in the cloud itself.
func (u *user) addresses() int {
	count := 0
	for _, item := range u.cloud.Inventory() {
		if item.Kind == "address" {
			count++
		}
	}
	return count
}

func TestFaultsOnAllocateAddressAsTheSDKSeesThem(t *testing.T) {
	for name, c := range map[string]struct {
		act       simcloud.Act
		attempts  int
		addresses int
		fails     bool
	}{
		"a lost reply and the SDK's retry make two, silently": {simcloud.LoseReply, 3, 2, false},
		"a lost reply without retry makes one, and an error":  {simcloud.LoseReply, 1, 1, true},
		"a cut reply makes one, and an error":                 {simcloud.CutReply, 1, 1, true},
		"an outage after the effect makes one, and an error":  {simcloud.FailLate, 1, 1, true},
		"a dropped request makes none":                        {simcloud.Drop, 1, 0, true},
		"a throttled request makes none":                      {simcloud.Throttle, 1, 0, true},
		"a throttled request is retried":                      {simcloud.Throttle, 3, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUser(t, Config{})
			u.cloud.Inject(simcloud.Fault{API: "ec2:AllocateAddress", Fate: simcloud.Fate{Act: c.act}})
			u.sdk.RetryMaxAttempts = c.attempts
			_, err := ec2.NewFromConfig(u.sdk).AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
			if (err != nil) != c.fails || u.addresses() != c.addresses || u.cloud.Script.Left() != 0 {
				t.Errorf("%d addresses, and %v", u.addresses(), err)
			}
		})
	}
}

func TestAKilledConnectionReachesNothing(t *testing.T) {
	u := newUser(t, Config{})
	u.conn.Kill()
	_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
	if !errors.Is(err, syscall.ECONNREFUSED) || u.addresses() != 0 {
		t.Errorf("%d addresses, and %v", u.addresses(), err)
	}
	if userOf(t, u.cloud, DefaultKey, "eu-west-1").address(); u.addresses() != 1 {
		t.Error("another connection does not reach the cloud")
	}
}

func TestADelayRunsIntoTheCallersDeadline(t *testing.T) {
	u := newUser(t, Config{})
	u.cloud.Inject(simcloud.Fault{Fate: simcloud.Fate{Delay: time.Hour}})
	ctx, cancel := context.WithTimeout(u.ctx, 300*time.Millisecond)
	defer cancel()
	_, err := u.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{})
	if !errors.Is(err, context.DeadlineExceeded) || u.addresses() != 1 {
		t.Errorf("%d addresses, and %v", u.addresses(), err)
	}
}

func TestListsLagByCalls(t *testing.T) {
	u := newUser(t, Config{})
	u.group("before")
	u.cloud.SetLag(simcloud.Lag{Calls: 2})
	id := u.group("eg-main")
	describe := func() string {
		_, err := u.ec2.DescribeSecurityGroups(u.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
		return code(err)
	}
	for call, want := range []string{"InvalidGroup.NotFound", "InvalidGroup.NotFound", ""} {
		if got := describe(); got != want {
			t.Errorf("call %d after the creation: %q, not %q", call+1, got, want)
		}
	}
	must[*ec2.DeleteSecurityGroupOutput](u)(u.ec2.DeleteSecurityGroup(u.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id}))
	for call, want := range []string{"", "", "InvalidGroup.NotFound"} {
		if got := describe(); got != want {
			t.Errorf("call %d after the deletion: %q, not %q", call+1, got, want)
		}
	}
}

func TestListsLagByTime(t *testing.T) {
	u := newUser(t, Config{})
	u.cloud.SetLag(simcloud.Lag{Time: time.Minute})
	arn := u.balancer(balancerInput("eg-main", ""))
	listed := func() int {
		return len(must[*elb.DescribeLoadBalancersOutput](u)(u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{})).LoadBalancers)
	}
	if n := listed(); n != 0 {
		t.Errorf("at once, %d are listed", n)
	}
	u.cloud.Advance(time.Minute)
	if n := listed(); n != 1 {
		t.Errorf("a minute later, %d are listed", n)
	}
	if err := setAttribute(u, arn, "load_balancing.cross_zone.enabled", "true"); err != nil {
		t.Error(err)
	}
	if n := listed(); n != 1 {
		t.Errorf("a change hides it: %d are listed", n)
	}
}

func TestTheLogSaysWhatAPolicyMustAllow(t *testing.T) {
	u := newUser(t, Config{})
	u.entrance()
	want := []string{"ec2:AllocateAddress", "ec2:CreateSecurityGroup", "ec2:CreateTags", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener",
		"elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:RegisterTargets"}
	if got := u.cloud.Permissions(); !slices.Equal(got, want) {
		t.Errorf("they are %v", got)
	}
	if reads, mutations := u.cloud.Calls(); reads != 0 || mutations != 6 || u.cloud.Counts()["ec2:AllocateAddress"] != 1 {
		t.Errorf("%d reads, %d mutations, %v", reads, mutations, u.cloud.Counts())
	}
}

func TestWhatIsNotModelledIsRefusedAndRemembered(t *testing.T) {
	cloud := New(Config{})
	u := userWithout(t, cloud, DefaultKey, "eu-west-1")
	in := balancerInput("eg-main", "")
	in.CustomerOwnedIpv4Pool = sdk.String("ipv4pool-coip-1")
	for what, err := range map[string]error{
		"a parameter":             second(u.elb.CreateLoadBalancer(u.ctx, in)),
		"a type":                  second(u.elb.CreateLoadBalancer(u.ctx, &elb.CreateLoadBalancerInput{Name: sdk.String("eg-app"), Type: "application"})),
		"PROXY protocol with UDP": setGroupAttribute("UDP", "proxy_protocol_v2.enabled", "true").do(u),
		"an action":               second(u.ec2.DescribeNatGateways(u.ctx, &ec2.DescribeNatGatewaysInput{})),
	} {
		if code(err) != gapCode {
			t.Errorf("%s: %v", what, err)
		}
	}
	if gaps := cloud.Gaps(); len(gaps) != 4 || !strings.Contains(strings.Join(gaps, " "), "CustomerOwnedIpv4Pool") {
		t.Errorf("the gaps are %q", gaps)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTwoCloudsAreEqualAndTheirInventoriesToo(t *testing.T) {
	var details [2]string
	for i := range details {
		u := newUser(t, Config{})
		for range i {
			u.group("in the way")
			u.cloud.Advance(time.Hour)
		}
		u.entrance()
		for _, item := range u.cloud.Inventory() {
			if !strings.Contains(item.Name, "in the way") {
				details[i] += item.Kind + " " + item.Name + ": " + item.Detail + "\n"
			}
		}
	}
	if details[0] != details[1] {
		t.Errorf("one:\n%s\nother:\n%s", details[0], details[1])
	}
}

func TestASuitesWorldMeetsTheSuitesFaults(t *testing.T) {
	var clients []*http.Client
	world, cloud := Suite{MarkTag: "owner", Provider: func(client *http.Client) providers.Provider {
		clients = append(clients, client)
		return nil
	}}.World()
	world.Provider()
	u := userOf(t, cloud, DefaultKey, "eu-west-1")
	u.sdk.HTTPClient = clients[0]
	u.ec2 = ec2.NewFromConfig(u.sdk)
	group := u.group("eg-main")
	marked := 0
	for _, thing := range world.Inventory() {
		if thing.Mark == "me" {
			marked++
		}
	}
	if marked != 3 {
		t.Errorf("%d things are marked: the group and its two first rules are", marked)
	}
	if !world.Disown(group) || world.Disown("nothing") {
		t.Error("a group can't be disowned, or nothing can")
	}
	fault := &providertest.Fault{Kind: providertest.CrashAfter}
	world.Inject(fault)
	_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
	if err == nil || !fault.Fired || u.addresses() != 1 {
		t.Errorf("%v, fired %t, %d addresses", err, fault.Fired, u.addresses())
	}
	if _, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the crashed process is answered: %v", err)
	}
}
