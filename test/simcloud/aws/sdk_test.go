package aws

import (
	"context"
	"errors"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// user is somebody with the real SDK in front of a cloud.
type user struct {
	t     testing.TB
	ctx   context.Context
	cloud *Cloud
	conn  *Connection
	ec2   *ec2.Client
	elb   *elb.Client
	dns   *route53.Client
	sts   *sts.Client
	sdk   sdk.Config
}

// newUser returns a user of a fresh cloud.
func newUser(t testing.TB, config Config) *user {
	t.Helper()
	return userOf(t, New(config), DefaultKey, "eu-west-1")
}

// userOf returns another user, and has the test fail if there are gaps.
func userOf(t testing.TB, cloud *Cloud, key Key, region string) *user {
	t.Helper()
	t.Cleanup(func() {
		if gaps := cloud.Gaps(); len(gaps) > 0 && !t.Failed() {
			t.Errorf("gaps: %v", gaps)
		}
	})
	return userWithout(t, cloud, key, region)
}

// userWithout returns a user whose gaps are the test's own business.
func userWithout(t testing.TB, cloud *Cloud, key Key, region string) *user {
	u := &user{t: t, ctx: context.Background(), cloud: cloud, conn: cloud.Connect()}
	u.sdk = sdk.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, key.Session),
		HTTPClient: u.conn.Client(), BaseEndpoint: sdk.String(Endpoint), RetryMaxAttempts: 1}
	u.ec2, u.elb, u.dns, u.sts = ec2.NewFromConfig(u.sdk), elb.NewFromConfig(u.sdk), route53.NewFromConfig(u.sdk), sts.NewFromConfig(u.sdk)
	return u
}

// code returns AWS's code of an error that the SDK gives.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return "no API error: " + err.Error()
	}
	return ""
}

// must fails the test if there is an error.
func must[T any](u *user) func(T, error) T {
	return func(value T, err error) T {
		u.t.Helper()
		if err != nil {
			u.t.Fatal(err)
		}
		return value
	}
}

func ec2Tags(kind ec2types.ResourceType, pairs ...string) []ec2types.TagSpecification {
	spec := ec2types.TagSpecification{ResourceType: kind}
	for i := 0; i < len(pairs); i += 2 {
		spec.Tags = append(spec.Tags, ec2types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return []ec2types.TagSpecification{spec}
}

// address allocates an address and returns its ID.
func (u *user) address() string {
	u.t.Helper()
	out := must[*ec2.AllocateAddressOutput](u)(u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc}))
	return *out.AllocationId
}

// group makes a security group.
func (u *user) group(name string) string {
	u.t.Helper()
	out := must[*ec2.CreateSecurityGroupOutput](u)(u.ec2.CreateSecurityGroup(u.ctx, &ec2.CreateSecurityGroupInput{
		GroupName: &name, Description: &name, VpcId: sdk.String(SeedVPC), TagSpecifications: ec2Tags("security-group", "owner", "me")}))
	return *out.GroupId
}

// balancerInput asks for a load balancer with an address in the first public subnet, and a group.
func balancerInput(name, allocation string, groups ...string) *elb.CreateLoadBalancerInput {
	mapping := elbtypes.SubnetMapping{SubnetId: &SeedPublicSubnets[0]}
	if allocation != "" {
		mapping.AllocationId = &allocation
	}
	return &elb.CreateLoadBalancerInput{Name: &name, Type: "network", SubnetMappings: []elbtypes.SubnetMapping{mapping}, SecurityGroups: groups,
		Tags: []elbtypes.Tag{{Key: sdk.String("owner"), Value: sdk.String("me")}}}
}

// balancer makes a load balancer and returns its ARN.
func (u *user) balancer(in *elb.CreateLoadBalancerInput) string {
	u.t.Helper()
	return *must[*elb.CreateLoadBalancerOutput](u)(u.elb.CreateLoadBalancer(u.ctx, in)).LoadBalancers[0].LoadBalancerArn
}

// targetsInput asks for a target group of nodes.
func targetsInput(name string, protocol elbtypes.ProtocolEnum, port int32) *elb.CreateTargetGroupInput {
	return &elb.CreateTargetGroupInput{Name: &name, Protocol: protocol, Port: &port, VpcId: sdk.String(SeedVPC), TargetType: "instance",
		HealthCheckProtocol: "HTTP", HealthCheckPath: sdk.String("/healthz"), HealthCheckPort: sdk.String("30999"),
		HealthCheckIntervalSeconds: sdk.Int32(10), HealthyThresholdCount: sdk.Int32(2)}
}

// targets makes a target group and returns its ARN.
func (u *user) targets(in *elb.CreateTargetGroupInput) string {
	u.t.Helper()
	return *must[*elb.CreateTargetGroupOutput](u)(u.elb.CreateTargetGroup(u.ctx, in)).TargetGroups[0].TargetGroupArn
}

func listenerInput(balancer, targets string, protocol elbtypes.ProtocolEnum, port int32) *elb.CreateListenerInput {
	return &elb.CreateListenerInput{LoadBalancerArn: &balancer, Protocol: protocol, Port: &port,
		DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: &targets}}}
}

// listener makes a listener and returns its ARN.
func (u *user) listener(in *elb.CreateListenerInput) string {
	u.t.Helper()
	return *must[*elb.CreateListenerOutput](u)(u.elb.CreateListener(u.ctx, in)).Listeners[0].ListenerArn
}

// register registers nodes.
func (u *user) register(group string, ids ...string) error {
	in := &elb.RegisterTargetsInput{TargetGroupArn: &group}
	for i := range ids {
		in.Targets = append(in.Targets, elbtypes.TargetDescription{Id: &ids[i]})
	}
	_, err := u.elb.RegisterTargets(u.ctx, in)
	return err
}

// health returns the state and the reason of a group's targets.
func (u *user) health(group string) map[string]string {
	u.t.Helper()
	states := map[string]string{}
	out := must[*elb.DescribeTargetHealthOutput](u)(u.elb.DescribeTargetHealth(u.ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &group}))
	for _, d := range out.TargetHealthDescriptions {
		states[*d.Target.Id] = string(d.TargetHealth.State) + " " + string(d.TargetHealth.Reason)
	}
	return states
}

// state returns a load balancer's state.
func (u *user) state(arn string) string {
	u.t.Helper()
	out := must[*elb.DescribeLoadBalancersOutput](u)(u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}}))
	return string(out.LoadBalancers[0].State.Code)
}

// record is a change of a plain record.
func record(action dnstypes.ChangeAction, name string, kind dnstypes.RRType, ttl int64, values ...string) dnstypes.Change {
	set := &dnstypes.ResourceRecordSet{Name: &name, Type: kind, TTL: &ttl}
	for i := range values {
		set.ResourceRecords = append(set.ResourceRecords, dnstypes.ResourceRecord{Value: &values[i]})
	}
	return dnstypes.Change{Action: action, ResourceRecordSet: set}
}

// alias is a change of an alias record.
func alias(action dnstypes.ChangeAction, name string, kind dnstypes.RRType, zone, target string) dnstypes.Change {
	return dnstypes.Change{Action: action, ResourceRecordSet: &dnstypes.ResourceRecordSet{Name: &name, Type: kind,
		AliasTarget: &dnstypes.AliasTarget{HostedZoneId: &zone, DNSName: &target, EvaluateTargetHealth: true}}}
}

// change makes a batch in the seeded zone.
func (u *user) change(changes ...dnstypes.Change) (*route53.ChangeResourceRecordSetsOutput, error) {
	return u.dns.ChangeResourceRecordSets(u.ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: sdk.String(SeedZone),
		ChangeBatch: &dnstypes.ChangeBatch{Changes: changes}})
}

// entrance makes a whole entrance and waits for it.
func (u *user) entrance() (balancer, targets, listener string) {
	u.t.Helper()
	balancer = u.balancer(balancerInput("eg-main", u.address(), u.group("eg-main")))
	targets = u.targets(targetsInput("eg-main-443", "TCP", 30443))
	listener = u.listener(listenerInput(balancer, targets, "TCP", 443))
	if err := u.register(targets, SeedNodes...); err != nil {
		u.t.Fatal(err)
	}
	u.cloud.Advance(5 * time.Minute)
	return balancer, targets, listener
}
