package crash

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// intruders are all of them.
func intruders() []intruder {
	const foreign, alone = "ForeignOwner", " is not this EdgeGateway's and is left alone; remove or rename it"
	all := []intruder{
		{name: "a load balancer", puts: edited(func(w *awsWorld, t *simaws.Tables, names map[string]string) string {
			const arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/theirs/0feed0feed0feed9"
			t.Balancers.Put(arn, simaws.Balancer{Place: w.place(), ARN: arn, Name: names[balancerThing], DNSName: "theirs-1.elb.eu-west-1.amazonaws.com",
				HostedZone: "Z2IFOLAFXWLO4F", VPC: simaws.SeedVPC, Scheme: "internet-facing", IPAddressType: "ipv4", State: "active",
				Attributes: map[string]string{}, Tags: simaws.Tags{"Name": "theirs"}})
			return arn
		}), condition: api.ConditionProvisioned, reason: foreign, says: []string{"load balancer arn:", "/theirs/", alone}},
		{name: "a target group", puts: edited(func(w *awsWorld, t *simaws.Tables, names map[string]string) string {
			t.TargetGroups.Put(spareTargets, simaws.TargetGroup{Place: w.place(), ARN: spareTargets, Name: names[targetsThing], VPC: simaws.SeedVPC, Protocol: "TCP",
				TargetType: "instance", IPAddressType: "ipv4", Port: 30080, Attributes: map[string]string{},
				Health: simaws.HealthCheck{Protocol: "TCP", Port: "traffic-port", Interval: 30, Timeout: 10, Healthy: 5, Unfit: 2}})
			return spareTargets
		}), condition: api.ConditionProvisioned, reason: foreign, says: []string{"target group arn:", "/theirs/", alone}},
		{name: "a security group", puts: edited(func(w *awsWorld, t *simaws.Tables, names map[string]string) string {
			group := simaws.Group{Place: w.place(), ID: "sg-0b0b00000000000001", VPC: simaws.SeedVPC, Name: names[groupThing], Description: "theirs"}
			t.Groups.Put(group.ID, group)
			return group.ID
		}), condition: api.ConditionProvisioned, reason: foreign, says: []string{"security group eg-", alone}},
		{name: "an address with the name, which addresses share", puts: edited(func(w *awsWorld, t *simaws.Tables, names map[string]string) string {
			t.Addresses.Put(broughtID, simaws.Address{Place: w.place(), Allocation: broughtID, IP: brought, Tags: simaws.Tags{"Name": names["address/ipv4-eu-west-1a"]}})
			return broughtID
		})},
		{name: "a record", puts: recorded(hostname, "A", "192.0.2.99"), condition: api.ConditionDNSReady, reason: "RecordConflict",
			says: []string{hostname + " has an A record that is not ours; remove that record, or use another hostname"}},
		{name: "a record of the other family", puts: recorded(hostname, "AAAA", "2001:db8::99"), condition: api.ConditionDNSReady, reason: "RecordConflict",
			says: []string{hostname + " has an AAAA record that is not ours; remove that record, or use another hostname"}},
		{name: "an alias record of another kind", puts: recorded(hostname, "CNAME", "legacy."+zone+"."), condition: api.ConditionDNSReady, reason: "RecordConflict",
			says: []string{hostname + " has a CNAME record that is not ours; remove that record, or use another hostname"}},
		{name: "a text where the claim goes", puts: recorded("_edgegateway."+hostname, "TXT", `"theirs"`), condition: api.ConditionDNSReady, reason: "RecordConflict",
			says: []string{"the TXT record at _edgegateway." + hostname + " is not a claim of ours; remove that record, or use another hostname"}},
		{name: "who has the brought address", asks: asksBrought, leaves: freed, puts: bring(func(w *awsWorld, t *simaws.Tables, a *simaws.Address) {
			t.Interfaces.Put(someoneElses, simaws.Interface{Place: w.place(), ID: someoneElses, VPC: simaws.SeedVPC, Subnet: simaws.SeedPublicSubnets[0], Zone: awsRegion + "a"})
			a.Interface, a.Association = someoneElses, "eipassoc-0b0b000000000000e"
		}), condition: api.ConditionAddressReady, reason: foreign, says: []string{"spec.addresses", brought, "attached to " + someoneElses, "which is not this EdgeGateway's", "detach it, or bring another"}},
		{name: "whose the brought address is", asks: asksBrought, leaves: freed, puts: bring(func(_ *awsWorld, _ *simaws.Tables, a *simaws.Address) {
			a.Tags = simaws.Tags{tagOwner: theirs.Mark(), "edgegateway.dev/role": "address/ipv4-eu-west-1b"}
		}), condition: api.ConditionAddressReady, reason: foreign, says: []string{"spec.addresses", brought, "belongs to another EdgeGateway", "bring another"}},
		{name: "a listener of the shared load balancer", asks: asksShared, puts: func(s *sim, _ map[string]string) string {
			share(s)
			const arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/net/shared/0feed0feed0feed0/0feed0feed0feed8"
			addSpareTargets(s)
			w := s.world.(*awsWorld)
			w.cloud.Edit(func(t *simaws.Tables) {
				t.Listeners.Put(arn, simaws.Listener{Place: w.place(), ARN: arn, Balancer: sharedARN, Protocol: "TCP", Port: 80, TargetGroup: spareTargets, Attributes: map[string]string{}})
			})
			return arn
		}, condition: api.ConditionProvisioned, reason: foreign, says: []string{"listener arn:", "/0feed0feed0feed8", alone}},
		{name: "who has adopted the load balancer", asks: asksShared, puts: func(s *sim, _ map[string]string) string {
			share(s)
			s.world.(*awsWorld).cloud.Retag(sharedARN, simaws.Tags{tagOwner: theirs.Mark(), "edgegateway.dev/gateway": "shop/theirs"})
			return sharedARN
		}, leaves: func(s *sim, id string) {
			s.world.(*awsWorld).cloud.Retag(id, simaws.Tags{tagOwner: "", "edgegateway.dev/gateway": ""})
		}, condition: api.ConditionProvisioned, reason: foreign, says: []string{"spec.loadBalancer: ", sharedARN, "is another EdgeGateway's (shop/theirs) and is left alone", "name another"}},
	}
	name := metav1.ObjectMeta{Namespace: tenant, Name: gatewayName + "-edge"}
	for kind, object := range map[string]kubeObject{"Service": &corev1.Service{ObjectMeta: name}, "Deployment": &appsv1.Deployment{ObjectMeta: name}} {
		puts, leaves := inCluster(object)
		all = append(all, intruder{name: "a " + kind, puts: puts, leaves: leaves, condition: api.ConditionProxyReady, reason: api.ReasonNameTaken,
			says: []string{kind + " " + tenant + "/" + gatewayName + "-edge exists and is not this EdgeGateway's: delete or rename it"}})
	}
	return all
}
