package aws

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

func TestACloudAnswersOverSocketsToo(t *testing.T) {
	u := newUser(t, Config{})
	server := httptest.NewServer(u.cloud)
	defer server.Close()
	u.sdk.BaseEndpoint, u.sdk.HTTPClient = &server.URL, server.Client()
	u.ec2, u.elb, u.dns = ec2.NewFromConfig(u.sdk), elb.NewFromConfig(u.sdk), route53.NewFromConfig(u.sdk)
	balancer, targets, _ := u.entrance()
	if state := u.state(balancer); state != "active" || u.health(targets)[SeedNodes[0]] != "healthy " {
		t.Errorf("it is %s, its targets %v", state, u.health(targets))
	}
	if names := u.names("legacy.example.com", 1); names[0] != "legacy.example.com. A" {
		t.Errorf("the names are %v", names)
	}
	for act, want := range map[simcloud.Act]string{simcloud.LoseReply: "EOF", simcloud.CutReply: "unexpected EOF"} {
		before := u.addresses()
		u.cloud.Inject(simcloud.Fault{API: "ec2:AllocateAddress", Fate: simcloud.Fate{Act: act}})
		_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
		if err == nil || !strings.Contains(err.Error(), want) || u.addresses() != before+1 {
			t.Errorf("%s: %d addresses more, and %v", act, u.addresses()-before, err)
		}
	}
}

func TestManyCallAtOnce(t *testing.T) {
	cloud := New(Config{Unlimited: true, Quotas: map[string]int{"elastic-ips": 100}})
	var wait sync.WaitGroup
	for range 4 {
		u := userOf(t, cloud, DefaultKey, "eu-west-1")
		wait.Go(func() {
			for range 20 {
				if _, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{}); err != nil {
					t.Error(err)
				}
				_, _ = u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{})
				cloud.Inventory()
				cloud.SetKey(DefaultKey)
			}
		})
	}
	wait.Wait()
	if reads, mutations := cloud.Calls(); reads != 80 || mutations != 80 || len(cloud.Inventory()) < 80 {
		t.Errorf("%d reads, %d mutations", reads, mutations)
	}
}
