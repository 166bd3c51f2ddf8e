package crash

import (
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/registry"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// obstacle is what a person must mend, and what they are told.
type obstacle struct {
	name string
	// quota that is too small, by the simulator's name.
	quota string
	limit int
	// spoil is done before the gateway is there, and cure by who has read the condition.
	spoil, cure func(s *sim)
	// condition of the gateway that is False, with the reason and these words: the field and the cure.
	condition, reason string
	says              []string
}

// secretOf are the class's credentials.
var secretOf = objectID{"Secret", operatorNamespace, "cloud"}

// keys has the Secret hold these keys.
func keys(data map[string]string) func(*sim) {
	return func(s *sim) {
		edit(s, secretOf, func(secret *corev1.Secret) {
			secret.Data = map[string][]byte{}
			for key, value := range data {
				secret.Data[key] = []byte(value)
			}
		})
	}
}

var (
	goodKeys = keys(map[string]string{registry.AWSAccessKeyID: simaws.DefaultKey.ID, registry.AWSSecretAccessKey: simaws.DefaultKey.Secret})
	regionIs = func(region string) func(*sim) {
		return editClass(func(c *api.EdgeGatewayClass) { c.Spec.AWS.Region = region })
	}
	subnetsAre = func(ids ...string) func(*sim) {
		return editClass(func(c *api.EdgeGatewayClass) { c.Spec.AWS.Subnets = ids })
	}
	hostedIn = func(zone string) func(*sim) {
		return func(s *sim) {
			editClass(func(c *api.EdgeGatewayClass) { c.Spec.DNS.Zones = []string{zone} })(s)
			editGateway(func(g *api.EdgeGateway) { g.Spec.Hostnames = []string{"www." + zone} })(s)
		}
	}
)

func obstacles() []obstacle {
	const account, raise = "AWS account 111122223333, region eu-west-1", "raise the quota "
	all := []obstacle{
		{name: "the Secret is missing", spoil: func(s *sim) { _ = s.store.delete(secretOf, nil) }, cure: func(s *sim) {
			mustCreate(s, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: "cloud"}})
			goodKeys(s)
		}, condition: api.ConditionAccepted, reason: api.ReasonClassNotAccepted, says: []string{"spec.credentials.name: there is no Secret \"cloud\"", "create it there"}},
		{name: "the Secret is half", spoil: keys(map[string]string{registry.AWSAccessKeyID: simaws.DefaultKey.ID}), cure: goodKeys,
			condition: api.ConditionAccepted, reason: api.ReasonClassNotAccepted, says: []string{"spec.credentials.name: Secret \"cloud\" has no key \"aws-secret-access-key\": add it"}},
		{name: "the secret key is wrong", spoil: keys(map[string]string{registry.AWSAccessKeyID: simaws.DefaultKey.ID, registry.AWSSecretAccessKey: "wrong"}), cure: goodKeys,
			condition: api.ConditionAddressReady, reason: "CredentialsRefused", says: []string{"spec.credentials: ", "SignatureDoesNotMatch", "correct the secret access key"}},
		{name: "the key is unknown", spoil: func(s *sim) { in(s).revoke() }, cure: func(s *sim) { in(s).restore() },
			condition: api.ConditionAddressReady, reason: "CredentialsRefused", says: []string{"spec.credentials: ", "InvalidClientTokenId", "correct the access key"}},
		{name: "the zone is not allowed", spoil: editGateway(func(g *api.EdgeGateway) { g.Spec.Hostnames = []string{"www.example.org"} }),
			cure:      editGateway(func(g *api.EdgeGateway) { g.Spec.Hostnames = []string{hostname} }),
			condition: api.ConditionAccepted, reason: api.ReasonHostnameOutsideZones, says: []string{"spec.hostnames[0]: \"www.example.org\" is in none", "use a name in one of them"}},
		{name: "the zone is not there", spoil: hostedIn("example.net"), cure: hostedIn(zone),
			condition: api.ConditionDNSReady, reason: "ZoneNotFound", says: []string{"spec.dns.zones: ", "has no public hosted zone example.net; make it there, or take it out of the class"}},
		{name: "the subnet is gone", spoil: subnetsAre("subnet-0123456789abcdef0"), cure: subnetsAre(simaws.SeedPublicSubnets[:2]...),
			condition: api.ConditionAccepted, reason: "SubnetUnusable", says: []string{"spec.aws.subnets[0]: there is no subnet subnet-0123456789abcdef0 in region eu-west-1; name one that is there"}},
		{name: "two subnets are in one zone", spoil: subnetsAre(simaws.SeedPublicSubnets[0], simaws.SeedPrivateSubnets[0]), cure: subnetsAre(simaws.SeedPublicSubnets[:2]...),
			condition: api.ConditionAccepted, reason: "SubnetUnusable", says: []string{"spec.aws.subnets: ", "are both in zone eu-west-1a; name one a zone"}},
		{name: "the region is mistyped", spoil: regionIs("eu-west-9"), cure: regionIs(awsRegion),
			condition: api.ConditionAddressReady, reason: "RegionUnknown", says: []string{"spec.aws.region: ", "eu-west-9", "correct the region"}},
		{name: "the region is no region", spoil: regionIs("Dublin"), cure: regionIs(awsRegion),
			condition: api.ConditionAccepted, reason: api.ReasonInvalidSpec, says: []string{"spec.aws.region: \"Dublin\" is not an AWS region; write it like eu-west-1"}},
	}
	for _, q := range []struct {
		quota, told string
		limit       int
		condition   string
		says        []string
	}{
		{"elastic-ips", "EC2-VPC Elastic IPs", 2, api.ConditionAddressReady, []string{account, "is 2, of which 1 are in use, and this needs 2 more"}},
		{"network-load-balancers", "Network Load Balancers per Region", 0, api.ConditionProvisioned, []string{account, "this needs 1 more"}},
		{"target-groups", "Target Groups per Region", 0, api.ConditionProvisioned, []string{account, "this needs 1 more"}},
		{"security-groups", "VPC security groups per Region", 3, api.ConditionProvisioned, []string{"SecurityGroupLimitExceeded"}},
		{"rules-per-security-group", "Inbound or outbound rules per security group", 2, api.ConditionProvisioned, []string{"security group " + simaws.SeedNodeGroup}},
	} {
		all = append(all, obstacle{name: "the quota of " + q.quota, quota: q.quota, limit: q.limit,
			condition: q.condition, reason: "QuotaExceeded", says: append(q.says, "spec.aws.region: ", raise+`"`+q.told+`"`)})
	}
	return all
}

// before returns a run whose gateway has just met an obstacle, and what raises the quota that it may be.
func (o obstacle) before(t *testing.T) (s *sim, raise func()) {
	t.Helper()
	config := awsConfig
	config.Quotas = maps.Clone(awsConfig.Quotas)
	if o.quota != "" {
		config.Quotas[o.quota] = o.limit
	}
	w := &awsWorld{cloud: simaws.New(config)}
	s = newSim(w, scenario{disruptive: true})
	mustCreate(s, dual())
	if o.spoil != nil {
		o.spoil(s)
	}
	w.touch()
	s.spend(t, 10*time.Minute)
	return s, func() { w.cloud.With(func() { config.Quotas[o.quota] = 50 }) }
}

// TestWhatAPersonMustMendIsACondition runs into each obstacle, waits for an hour, mends it, and starts nothing again.
func TestWhatAPersonMustMendIsACondition(t *testing.T) {
	for _, o := range obstacles() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			s, raise := o.before(t)
			told := func() {
				t.Helper()
				s.says(t, o.condition, metav1.ConditionFalse, o.reason, o.says)
				s.says(t, api.ConditionReady, metav1.ConditionFalse, "", o.says)
				s.saysNothingUntrue(t)
			}
			told()
			s.restsFor(t, time.Hour)
			told()
			if o.cure != nil {
				o.cure(s)
			}
			raise()
			s.world.touch()
			s.spend(t, 10*time.Minute)
			s.isWell(t)
			if s.serial != 1 {
				t.Errorf("the operator was started %d times", s.serial)
			}
		})
	}
}

// restsFor lets time go by in which a person does nothing, and fails the test if the operator does more than to look now and then: one try
// in half a minute, with what has to be read for it, and no word that is not news.
func (s *sim) restsFor(t *testing.T, d time.Duration) {
	t.Helper()
	w := s.world.(*awsWorld)
	_, wrote := w.cloud.Calls()
	requests, rounds, statuses, kube := w.requests, s.rounds, s.statuses, s.kube
	s.spend(t, d)
	_, writes := w.cloud.Calls()
	tries := int(d / (30 * time.Second))
	most := func(what string, is, bound int) {
		if is > bound {
			t.Errorf("in %v there are %d %s, and %d are enough", d, is, what, bound)
		}
	}
	most("requests to AWS", w.requests-requests, 20*tries)
	most("calls that change something", writes-wrote, tries)
	// A class looks for its Secret every five seconds.
	most("looks", s.rounds-rounds, 8*tries)
	most("statuses", s.statuses-statuses, 2)
	most("writes in the cluster", s.kube-kube, 0)
}

// saysNothingUntrue compares those conditions that are true with what clients find.
func (s *sim) saysNothingUntrue(t *testing.T) {
	t.Helper()
	gateway := s.gateway(tenant, gatewayName)
	host := gateway.Spec.Hostnames[0]
	published := len(s.world.(*awsWorld).resolve(host)) > 0
	if meta.IsStatusConditionTrue(gateway.Status.Conditions, api.ConditionDNSReady) && !published {
		t.Errorf("DNSReady is true (%s) and nobody finds %s", strings.TrimSpace(s.condition(api.ConditionDNSReady).Message), host)
	}
}
