package lb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// surveyed returns what both halves find of a cluster's, without any place.
func surveyed(t *testing.T, w *world, cluster string) []providers.OwnedResource {
	t.Helper()
	lb, dns := w.halves(t)
	all, err := lb.ListOwned(context.Background(), cluster, nil)
	if err != nil {
		t.Fatal(err)
	}
	records, err := dns.ListOwned(context.Background(), cluster, nil)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, records...)
}

// TestASurveyFindsAllOfAClusterAndNothingElse compares it with the inventory, in which each thing is told with its owner.
func TestASurveyFindsAllOfAClusterAndNothingElse(t *testing.T) {
	w := newWorld()
	w.class = func(c *Config) { c.Retain = true }
	l, gw := created(t, w)
	other := testGateway()
	other.Owner.Cluster, other.Owner.Gateway = "another-cluster", "other"
	other.Hostnames = []string{"other.example.com"}
	if err := build(w, w.provider(), other); err != nil {
		t.Fatal(err)
	}
	for _, cluster := range []string{gw.Owner.Cluster, other.Owner.Cluster} {
		owner := gw.Owner
		if cluster == other.Owner.Cluster {
			owner = other.Owner
		}
		var wanted, found []string
		for _, thing := range w.inventory() {
			// The rules of our group go with it, listeners with our load balancer, claims with their records.
			part := strings.HasPrefix(thing.Name, "listener") || strings.HasSuffix(thing.ID, "/TXT") || strings.HasPrefix(thing.Name, "rule group eg-")
			if thing.Mark == owner.Mark() && !part {
				wanted = append(wanted, thing.ID)
			}
		}
		for _, p := range surveyed(t, w, cluster) {
			found = append(found, p.ID)
			if p.Mark != owner.Mark() || p.Namespace != "shop" || p.Name != "main" || p.Key == "" || p.Place.Account != simaws.DefaultKey.Account ||
				p.Retained != strings.HasPrefix(p.Key, "address/") {
				t.Errorf("%s is told as %+v", p.ID, p)
			}
			if n, ok := l.d.Observed.Find(p.Key, nameOf(l.d.Observed, p.ID)); cluster == gw.Owner.Cluster && p.Key != nodeAccessKey(simaws.SeedNodeGroup) && !ok {
				t.Errorf("%s is told with the key %s, which is no node's: %+v", p.ID, p.Key, n)
			}
		}
		slices.Sort(wanted)
		slices.Sort(found)
		if diff := cmp.Diff(wanted, found); diff != "" || len(found) < 8 {
			t.Errorf("of %s (-there +found):\n%s", cluster, diff)
		}
	}
	if got := surveyed(t, w, "a-third-cluster"); len(got) > 0 {
		t.Errorf("of a cluster that has nothing: %v", got)
	}
}

// nameOf returns the name of the node with an ID.
func nameOf(g providers.Graph, id string) string {
	for _, n := range g.Nodes {
		if n.ID == id {
			return n.Name
		}
	}
	return ""
}

func TestPlacesThatAClassDoesNotHaveAreSurveyedToo(t *testing.T) {
	w := newWorld()
	created(t, w)
	config := w.config()
	config.Region = "us-east-1"
	elsewhere, err := New(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	there := providers.Place{Provider: Name, Account: simaws.DefaultKey.Account, Region: "eu-west-1"}
	foreign := there
	foreign.Account = "444455556666"
	for _, c := range []struct {
		places []providers.Place
		finds  bool
	}{{nil, false}, {[]providers.Place{foreign}, false}, {[]providers.Place{there, foreign}, true}} {
		if got, err := elsewhere.ListOwned(context.Background(), "cluster", c.places); err != nil || len(got) > 0 != c.finds {
			t.Errorf("in %v it finds %v, %v", c.places, got, err)
		}
	}
}

// TestWhatASurveyTellsToRunRemovesAllOfIt runs the commands that it tells, as a person might: all of them, over and over, until nothing is left.
func TestWhatASurveyTellsToRunRemovesAllOfIt(t *testing.T) {
	w := newWorld()
	_, gw := created(t, w)
	left := surveyed(t, w, gw.Owner.Cluster)
	for round := 0; len(left) > 0; round++ {
		if round == 20 {
			t.Fatalf("left: %v", left)
		}
		for _, p := range left {
			if err := run(w, p.Remove); err != nil && round == 19 {
				t.Errorf("%s: %v", p.Remove, err)
			}
		}
		w.cloud.Advance(time.Minute)
		left = surveyed(t, w, gw.Owner.Cluster)
	}
	for _, thing := range w.inventory() {
		t.Errorf("%s is left", thing.Name)
	}
	if gaps := w.cloud.Gaps(); len(gaps) > 0 {
		t.Error(gaps)
	}
}

// TestAnAdoptedLoadBalancerIsNeverToBeDeleted lets a gateway adopt one that was there before it, whose name looks like ours, and goes by what a
// survey tells then.
func TestAnAdoptedLoadBalancerIsNeverToBeDeleted(t *testing.T) {
	w := newWorld()
	w.cloud.Edit(func(t *simaws.Tables) {
		share(t)
		t.Balancers.Change(sharedARN, func(b *simaws.Balancer) { b.Name = "eg-shared" })
	})
	w.seed()
	l, gw := newLife(t, w), adopting("eg-shared")
	l.reach(&gw)
	var commands []string
	for _, p := range surveyed(t, w, gw.Owner.Cluster) {
		if p.Key == balancerKey && (!p.Retained || p.ID != sharedARN) {
			t.Errorf("it is told as %+v", p)
		}
		commands = append(commands, p.Remove)
	}
	text := strings.Join(commands, "\n")
	if strings.Contains(text, "delete-load-balancer") || strings.Count(text, "delete-listener") != len(gw.Ports) {
		t.Errorf("the commands are\n%s", text)
	}
	for range 5 {
		for _, command := range commands {
			_ = run(w, command) // what is in use is tried again
		}
		w.cloud.Advance(time.Minute)
	}
	if left := surveyed(t, w, gw.Owner.Cluster); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := w.invariant(); err != nil && !strings.Contains(err.Error(), "points at") {
		t.Error(err)
	}
}

// TestASurveyOutlivesWhatGoesMeanwhile lets a load balancer go between the list and the reading of its tags.
func TestASurveyOutlivesWhatGoesMeanwhile(t *testing.T) {
	f := newFleet(2)
	gone := f.arn("loadbalancer/net", fleetOwner(0).NameOf(balancerKey))
	f.w.cloud.After = func(call simcloud.Call) {
		if call.Action == "DescribeTargetGroups" {
			f.w.cloud.Edit(func(t *simaws.Tables) { t.Balancers.Delete(gone) })
		}
	}
	balancers := 0
	for _, p := range surveyed(t, f.w, "cluster") {
		if p.Key == balancerKey {
			balancers++
		}
		if p.ID == gone {
			t.Errorf("%s is told", gone)
		}
	}
	if balancers != 1 {
		t.Errorf("%d load balancers are told", balancers)
	}
}

// run does what the AWS CLI does with a command.
func run(w *world, command string) error {
	words, flags := strings.Fields(command), map[string][]string{}
	if text, batch, ok := strings.Cut(command, " --change-batch "); ok {
		words = strings.Fields(text)
		flags["--change-batch"] = []string{strings.Trim(batch, "'")}
	}
	flag := ""
	for _, word := range words[3:] {
		if strings.HasPrefix(word, "--") {
			flag = word
			continue
		}
		flags[flag] = append(flags[flag], word)
	}
	access := w.access()
	region := "us-east-1"
	if len(flags["--region"]) > 0 {
		region = flags["--region"][0]
	}
	loaded, _, err := access.Open(context.Background(), region, session.FieldCredentials)
	if err != nil {
		return err
	}
	return perform(loaded, strings.Join(words[1:3], " "), flags)
}

func perform(loaded aws.Config, action string, flags map[string][]string) error {
	ctx, compute, balancing := context.Background(), ec2.NewFromConfig(loaded), elb.NewFromConfig(loaded)
	one := func(flag string) *string { return &flags[flag][0] }
	var err error
	switch action {
	case "ec2 release-address":
		_, err = compute.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: one("--allocation-id")})
	case "ec2 delete-security-group":
		_, err = compute.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: one("--group-id")})
	case "ec2 revoke-security-group-ingress":
		_, err = compute.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{
			GroupId: one("--group-id"), SecurityGroupRuleIds: flags["--security-group-rule-ids"]})
	case "elbv2 delete-load-balancer":
		_, err = balancing.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: one("--load-balancer-arn")})
	case "elbv2 delete-target-group":
		_, err = balancing.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: one("--target-group-arn")})
	case "elbv2 delete-listener":
		_, err = balancing.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: one("--listener-arn")})
	case "elbv2 remove-tags":
		_, err = balancing.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: flags["--resource-arns"], TagKeys: flags["--tag-keys"]})
	case "route53 change-resource-record-sets":
		var batch types.ChangeBatch
		if err := json.Unmarshal([]byte(flags["--change-batch"][0]), &batch); err != nil {
			return err
		}
		_, err = route53.NewFromConfig(loaded).ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: one("--hosted-zone-id"), ChangeBatch: &batch})
	default:
		err = fmt.Errorf("nobody can %s", action)
	}
	return err
}
