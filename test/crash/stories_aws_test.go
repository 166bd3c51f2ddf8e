package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// The load balancer that somebody has made and lets the tenant adopt.
const (
	sharedARN   = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shared/0feed0feed0feed0"
	sharedGroup = "sg-0feed000000000002"
)

// share makes it, in the class's subnets, with addresses that AWS chose, and has the class allow it.
func share(s *sim) {
	w := s.world.(*awsWorld)
	groups := []string{sharedGroup}
	w.cloud.Edit(func(t *simaws.Tables) {
		b := simaws.Balancer{Place: w.place(), ARN: sharedARN, Name: "shared", DNSName: "shared-0feed0feed0feed0.elb.eu-west-1.amazonaws.com",
			HostedZone: "Z2IFOLAFXWLO4F", VPC: simaws.SeedVPC, Scheme: "internet-facing", IPAddressType: "ipv4", State: "active", Groups: groups,
			SourceNATOnPfx: "off", Attributes: map[string]string{}, Tags: simaws.Tags{"Name": "the shared one"}}
		for i, letter := range []string{"a", "b"} {
			subnet, ip, eni := simaws.SeedPublicSubnets[i], fmt.Sprintf("198.51.100.8%d", i+1), "eni-0feed000000000080"+letter
			b.Mappings = append(b.Mappings, simaws.Mapping{Subnet: subnet, Zone: awsRegion + letter, IP: ip})
			t.Interfaces.Put(eni, simaws.Interface{Place: w.place(), ID: eni, VPC: simaws.SeedVPC, Subnet: subnet, Zone: awsRegion + letter, PublicIP: ip,
				Description: "ELB net/shared/0feed0feed0feed0", Groups: groups, Balancer: sharedARN})
		}
		t.Groups.Put(sharedGroup, simaws.Group{Place: w.place(), ID: sharedGroup, VPC: simaws.SeedVPC, Name: "shared", Description: "of the shared one"})
		// Who lets others use it has opened it: its own group is never ours to change.
		rule := simaws.GroupRule{Place: w.place(), ID: "sgr-0feed000000000002", Group: sharedGroup, Protocol: "tcp", From: 1, To: 65535, CIDR: "0.0.0.0/0"}
		t.Rules.Put(rule.ID, rule)
		t.Balancers.Put(sharedARN, b)
	})
	editClass(func(c *api.EdgeGatewayClass) {
		c.Spec.LoadBalancers = []api.ResourceGrant{{ID: sharedARN, Namespaces: []string{tenant}}}
	})(s)
}

// createAdopting creates a gateway on the shared load balancer.
func createAdopting(s *sim) {
	gateway := newGateway()
	gateway.Spec.LoadBalancer = sharedARN
	mustCreate(s, gateway)
}

// unmarked is an item without what adoption adds to it.
func unmarked(item simaws.Item) simaws.Item {
	if item.ID != sharedARN {
		return item
	}
	item.Tags = maps.Clone(item.Tags)
	maps.DeleteFunc(item.Tags, func(key, _ string) bool { return strings.HasPrefix(key, "edgegateway.dev/") })
	return item
}

// moveRegion has the cluster and its class move to another region: other machines, subnets and load balancers.
func moveRegion(s *sim) {
	const region, vpc, group = "eu-central-1", "vpc-0beef000000000001", "sg-0beef000000000001"
	w := s.world.(*awsWorld)
	at := simaws.Place{Account: simaws.DefaultKey.Account, Region: region}
	var subnets, machines []string
	w.cloud.Edit(func(t *simaws.Tables) {
		t.VPCs.Put(vpc, simaws.VPC{Place: at, ID: vpc, CIDR: "10.9.0.0/16", InternetGateway: true})
		t.Groups.Put(group, simaws.Group{Place: at, ID: group, VPC: vpc, Name: "nodes"})
		for i, letter := range []string{"a", "b"} {
			subnet, id := "subnet-0beef0000000000"+letter+"1", "i-0beef0000000000"+letter+"1"
			t.Subnets.Put(subnet, simaws.Subnet{Place: at, ID: subnet, VPC: vpc, Zone: region + letter, CIDR: fmt.Sprintf("10.9.%d.0/24", i), Public: true})
			t.Instances.Put(id, simaws.Instance{Place: at, ID: id, VPC: vpc, Subnet: subnet, Zone: region + letter, State: "running", Groups: []string{group}})
			subnets, machines = append(subnets, subnet), append(machines, id)
		}
	})
	for i := range machines {
		deleteNode(s, fmt.Sprintf("node-%d", i))
		addNode(s, fmt.Sprintf("moved-%d", i), fmt.Sprintf("10.9.%d.10", i), "aws:///"+region+"a/"+machines[i])
	}
	editClass(func(c *api.EdgeGatewayClass) { c.Spec.AWS.Region, c.Spec.AWS.Subnets = region, slices.Clone(subnets) })(s)
}
