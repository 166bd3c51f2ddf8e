package crash

import (
	"maps"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// policyActions are those that the least policy allows.
func policyActions(t *testing.T) []string {
	t.Helper()
	actions, err := simaws.PolicyActions("../../providers/aws/iam-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

// deny takes one action from the operator's user.
func (w *awsWorld) deny(action string) {
	key := simaws.DefaultKey
	key.Deny = []string{action}
	w.cloud.SetKey(key)
}

// changing are the actions that a gateway's life takes only where something has changed: what somebody has done by hand, for one. Others are
// told by what is done before the gateway is there.
var changing = map[string]string{
	"ec2:AuthorizeSecurityGroupEgress":       "securitygroup-frontend changed: nothing goes out",
	"ec2:DeleteTags":                         "address-ipv4-eu-west-1a changed: to be retained",
	"elasticloadbalancing:DeregisterTargets": "targets-tcp-80 changed: a target more",
	"elasticloadbalancing:ModifyListener":    "listener-80 changed: another target group",
	"elasticloadbalancing:ModifyTargetGroup": "targets-tcp-80 changed: path of checks",
	"elasticloadbalancing:SetIpAddressType":  "loadbalancer-main changed: no IPv6",
	"elasticloadbalancing:SetSecurityGroups": "loadbalancer-main changed: another security group",
	"elasticloadbalancing:SetSubnets":        "loadbalancer-main changed: another subnet",
	"elasticloadbalancing:RemoveTags":        "",
	"ec2:DescribeRouteTables":                "",
}

// asking has a gateway ask for what takes an action that others don't.
func asking(s *sim, action string) {
	gateway := dual()
	switch action {
	case "elasticloadbalancing:RemoveTags", "elasticloadbalancing:DeleteListener": // of one of its own making, they go with it
		share(s)
		gateway = newGateway()
		gateway.Spec.LoadBalancer = sharedARN
	case "ec2:DescribeRouteTables":
		// The subnets are neither named nor tagged.
		subnetsAre()(s)
		for _, id := range simaws.SeedPublicSubnets {
			s.world.(*awsWorld).cloud.Retag(id, simaws.Tags{"kubernetes.io/role/elb": ""})
		}
	}
	mustCreate(s, gateway)
	s.world.touch()
}

// TestEachMissingPermissionIsNamed takes away one action of the policy at a time. Whatever needs it, the gateway's Ready says which to allow; and
// once it is allowed all goes on.
func TestEachMissingPermissionIsNamed(t *testing.T) {
	actions := policyActions(t)
	if len(actions) < 40 {
		t.Fatalf("the policy has only %v", actions)
	}
	for _, action := range actions {
		if changing[action] != "" {
			continue // TestARepairThatIsNotPermittedIsNamed has those
		}
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newAWSWorld().(*awsWorld)
			w.deny(action)
			s := newSim(w, scenario{disruptive: true})
			asking(s, action)
			s.spend(t, 10*time.Minute)
			if s.condition(api.ConditionReady).Status == metav1.ConditionTrue {
				deleteGateway(s)
				s.spend(t, 10*time.Minute)
			}
			c := s.condition(api.ConditionReady)
			if lack := lacking(c.Message, []string{"spec.credentials: ", "allow the action ", action, "(see iam-policy.json)"}); c.Status != metav1.ConditionFalse || len(lack) > 0 {
				t.Fatalf("Ready is %s, %s, and does not say %q: %s", c.Status, c.Reason, lack, c.Message)
			}
			s.restsFor(t, 20*time.Minute)
			in(s).restore()
			s.spend(t, 15*time.Minute)
			if s.gateway(tenant, gatewayName) != nil {
				s.isWell(t)
			}
		})
	}
}

// TestARepairThatIsNotPermittedIsNamed has somebody change a thing that the operator may not change back. Drifted goes on
// naming what was done, and Provisioned, which is true of what clients find, says what to allow.
func TestARepairThatIsNotPermittedIsNamed(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets)
	repairs := maps.Clone(changing)
	repairs["elasticloadbalancing:CreateListener"] = "listener-80 removed"
	repairs["ec2:RevokeSecurityGroupIngress"] = "securitygroup-frontend changed: another port is open"
	for _, action := range slices.Sorted(maps.Keys(repairs)) {
		if repairs[action] == "" {
			continue
		}
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(tamperings(), func(c tampering) bool { return c.name() == repairs[action] })
			c, s := tamperings()[i], start.another(t)
			before := s.outside()
			s.world.(*awsWorld).deny(action)
			at := s.tamper(c)
			s.spend(t, oneSweep)
			allow := []string{"spec.credentials: ", "allow the action " + action}
			s.named(t, at, "PermissionMissing", append(append(c.says, "repairing it fails: "), allow...))
			s.restsFor(t, 20*time.Minute)
			for _, kind := range []string{api.ConditionDrifted, api.ConditionProvisioned} {
				s.says(t, kind, "", "PermissionMissing", allow)
			}
			in(s).restore()
			s.spend(t, 10*time.Minute)
			s.isMended(t, before)
		})
	}
}
