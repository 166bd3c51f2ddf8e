package aws

import (
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestAnEntranceLivesAndDiesAsAWSLetsIt(t *testing.T) {
	u := newUser(t, Config{})
	who := must[*sts.GetCallerIdentityOutput](u)(u.sts.GetCallerIdentity(u.ctx, &sts.GetCallerIdentityInput{}))
	if *who.Account != DefaultKey.Account {
		t.Errorf("the account is %s", *who.Account)
	}
	before := u.cloud.Inventory()
	allocation, group := u.address(), u.group("eg-main")
	lb := must[*elb.CreateLoadBalancerOutput](u)(u.elb.CreateLoadBalancer(u.ctx, balancerInput("eg-main", allocation, group))).LoadBalancers[0]
	address := lb.AvailabilityZones[0].LoadBalancerAddresses[0]
	if lb.State.Code != "provisioning" || *address.AllocationId != allocation || *lb.CanonicalHostedZoneId != "Z2IFOLAFXWLO4F" ||
		!strings.HasSuffix(*lb.DNSName, ".elb.eu-west-1.amazonaws.com") || !strings.Contains(*lb.LoadBalancerArn, ":loadbalancer/net/eg-main/") {
		t.Errorf("created: %+v", lb)
	}
	arn := *lb.LoadBalancerArn
	targets := u.targets(targetsInput("eg-main-443", "TCP", 30443))
	if err := u.register(targets, SeedNodes...); err != nil {
		t.Fatal(err)
	}
	u.listener(listenerInput(arn, targets, "TCP", 443))
	if states := u.health(targets); states[SeedNodes[0]] != "initial Elb.RegistrationInProgress" {
		t.Errorf("before it is active: %v", states)
	}
	u.cloud.Advance(5 * time.Minute)
	if state := u.state(arn); state != "active" {
		t.Errorf("after five minutes: %s", state)
	}
	if states := u.health(targets); states[SeedNodes[0]] != "healthy " || !strings.HasPrefix(states[SeedNodes[1]], "unused") {
		t.Errorf("healths: %v", states)
	}
	sent := must[*route53.ChangeResourceRecordSetsOutput](u)(u.change(alias("CREATE", "www.example.com", "A", *lb.CanonicalHostedZoneId, *lb.DNSName),
		record("CREATE", "_eg.www.example.com", "TXT", 300, `"owner=me"`)))
	for _, want := range []string{"PENDING", "INSYNC"} {
		got := must[*route53.GetChangeOutput](u)(u.dns.GetChange(u.ctx, &route53.GetChangeInput{Id: sent.ChangeInfo.Id}))
		if string(got.ChangeInfo.Status) != want {
			t.Errorf("the change is %s, not %s", got.ChangeInfo.Status, want)
		}
		u.cloud.Advance(time.Minute)
	}
	u.takeDown(arn, targets, group, allocation, alias("DELETE", "www.example.com", "A", *lb.CanonicalHostedZoneId, *lb.DNSName).ResourceRecordSet.Name)
	if after := u.cloud.Inventory(); len(after) != len(before)+2 {
		t.Errorf("%d things are left of %d and two records", len(after), len(before))
	}
}

// takeDown deletes an entrance, and checks what AWS refuses on the way.
func (u *user) takeDown(arn, targets, group, allocation string, _ *string) {
	u.t.Helper()
	refused := func(want, what string, err error) {
		u.t.Helper()
		if code(err) != want {
			u.t.Errorf("%s: %v, not %s", what, err, want)
		}
	}
	release := func() error {
		_, err := u.ec2.ReleaseAddress(u.ctx, &ec2.ReleaseAddressInput{AllocationId: &allocation})
		return err
	}
	drop := func() error {
		_, err := u.ec2.DeleteSecurityGroup(u.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &group})
		return err
	}
	dropTargets := func() error {
		_, err := u.elb.DeleteTargetGroup(u.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &targets})
		return err
	}
	refused("ResourceInUse", "deleting targets in use", dropTargets())
	must[*elb.DeleteLoadBalancerOutput](u)(u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn}))
	refused("ResourceInUse", "deleting targets at once", dropTargets())
	refused("AuthFailure", "releasing at once", release())
	refused("DependencyViolation", "deleting the group at once", drop())
	u.cloud.Advance(time.Minute)
	for what, err := range map[string]error{"targets": dropTargets(), "address": release(), "group": drop()} {
		refused("", what+" a minute later", err)
	}
}

func TestDrainingTakesTheDelay(t *testing.T) {
	u := newUser(t, Config{})
	_, targets, _ := u.entrance()
	_, err := u.elb.ModifyTargetGroupAttributes(u.ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &targets,
		Attributes: []elbtypes.TargetGroupAttribute{{Key: sdk.String("deregistration_delay.timeout_seconds"), Value: sdk.String("120")}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = u.elb.DeregisterTargets(u.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &targets, Targets: []elbtypes.TargetDescription{{Id: &SeedNodes[0]}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := u.health(targets)[SeedNodes[0]]; got != "draining Target.DeregistrationInProgress" {
		t.Errorf("deregistered: %s", got)
	}
	u.cloud.Advance(2 * time.Minute)
	if got, there := u.health(targets)[SeedNodes[0]]; there {
		t.Errorf("two minutes later: %s", got)
	}
}
