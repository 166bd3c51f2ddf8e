package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/test/netns"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// The hosts of the test are addresses of one network namespace.
const (
	nodeAddress     = "198.51.100.10"
	clientAddress   = "198.51.100.74"
	strangerAddress = "198.51.100.75"
	// podAddress is a pod's on the node, whose pods are all in podRange.
	podAddress  = "198.18.0.7"
	podRange    = "198.18.0.0/24"
	trafficPort = 30443
)

// start runs a simulated AWS with its load balancers in a namespace of the test's own. It returns a client for the SDK's, the admin API's URL
// and the namespace's path, whose name ends with a suffix.
func start(t *testing.T, suffix string) (sdk.Config, string, string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("left out: network namespaces need root")
	}
	name := fmt.Sprintf("eg-plane-%d-%s", os.Getpid(), suffix)
	for _, args := range [][]string{{"netns", "add", name}, {"-n", name, "link", "set", "lo", "up"}, {"-n", name, "addr", "add", nodeAddress + "/32", "dev", "lo"},
		{"-n", name, "addr", "add", podAddress + "/32", "dev", "lo"}, {"-n", name, "addr", "add", clientAddress + "/32", "dev", "lo"}, {"-n", name, "addr", "add", strangerAddress + "/32", "dev", "lo"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	o := options{api: freePort(t), admin: freePort(t), zone: "example.com", namespace: "/run/netns/" + name, ranges: [2]string{"203.0.113.0/24", ""}, speed: 600,
		nodes: map[string]string{aws.SeedNodes[0]: nodeAddress}, pods: map[string]string{aws.SeedNodes[0]: podRange}}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, o) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	eventually(t, func() error {
		response, err := http.Get("http://" + o.admin + "/gaps")
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	})
	return sdk.Config{Region: "eu-west-1", BaseEndpoint: sdk.String("http://" + o.api), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(aws.DefaultKey.ID, aws.DefaultKey.Secret, "")}, "http://" + o.admin, o.namespace
}

func freePort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func eventually(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// serve answers each connection to an address with how it began.
func serve(t *testing.T, namespace, address string) {
	var listener net.Listener
	err := netns.Do(namespace, func() (err error) {
		listener, err = net.Listen("tcp", fmt.Sprintf("%s:%d", address, trafficPort))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			head := make([]byte, 28)
			n, _ := connection.Read(head)
			_, _ = fmt.Fprintf(connection, "%x\n", head[:n])
			_ = connection.Close()
		}
	}()
}

// visit connects to a load balancer from an address and returns what the target says.
func visit(namespace, from, to string) (string, error) {
	var connection net.Conn
	err := netns.Do(namespace, func() (err error) {
		dialer := net.Dialer{Timeout: time.Second, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
		connection, err = dialer.Dial("tcp", to+":443")
		return err
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(2 * time.Second))
	line, err := bufio.NewReader(connection).ReadString('\n')
	return strings.TrimSpace(line), err
}

func TestWhatTheAPIIsToldIsWhatPacketsMeet(t *testing.T) {
	for kind, target := range map[elbtypes.TargetTypeEnum]string{elbtypes.TargetTypeEnumInstance: aws.SeedNodes[0], elbtypes.TargetTypeEnumIp: podAddress} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			testPackets(t, kind, target)
		})
	}
}

func testPackets(t *testing.T, kind elbtypes.TargetTypeEnum, target string) {
	config, admin, namespace := start(t, string(kind))
	serve(t, namespace, map[string]string{aws.SeedNodes[0]: nodeAddress, podAddress: podAddress}[target])
	inventory := func() (all []aws.Item) {
		response, err := http.Get(admin + "/inventory")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := inventory()
	e := build(t, config, kind, target)
	// Nothing reaches the node, or a pod on it, as long as the node's own security group does not let the load balancer in.
	eventually(t, e.is("unhealthy"))
	e.admit()
	eventually(t, e.is("healthy"))
	said, err := visit(namespace, clientAddress, e.address)
	want := fmt.Sprintf("%x%x%x", "\r\n\r\n\x00\r\nQUIT\n", []byte{0x21, 0x11, 0, 12}, netip.MustParseAddr(clientAddress).AsSlice())
	if err != nil || !strings.HasPrefix(said, want) {
		t.Errorf("the target says %q, %v; want it to begin with %q", said, err, want)
	}
	if said, err := visit(namespace, strangerAddress, e.address); err == nil {
		t.Errorf("a source that no rule lets in gets %q", said)
	}
	e.takeDown()
	if after := inventory(); !reflect.DeepEqual(before, after) {
		t.Errorf("there was\n%+v\nand there is\n%+v", before, after)
	}
	if said, err := visit(namespace, clientAddress, e.address); err == nil {
		t.Errorf("what was deleted answers %q", said)
	}
}

// entrance is one in the simulated AWS.
type entrance struct {
	t                                        *testing.T
	ec2                                      *ec2.Client
	elb                                      *elb.Client
	group, address, allocation, targets, nlb string
}

// build makes an entrance for the client alone, and does not open the nodes to it.
func build(t *testing.T, config sdk.Config, kind elbtypes.TargetTypeEnum, target string) *entrance {
	t.Helper()
	e := &entrance{t: t, ec2: ec2.NewFromConfig(config), elb: elb.NewFromConfig(config)}
	ctx := t.Context()
	address, err := e.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{})
	e.must(err)
	group, err := e.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: sdk.String("front"), Description: sdk.String("front"), VpcId: sdk.String(aws.SeedVPC)})
	e.must(err)
	e.allocation, e.address, e.group = *address.AllocationId, *address.PublicIp, *group.GroupId
	e.let(e.group, 443, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: sdk.String(clientAddress + "/32")}}})
	balancer, err := e.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: sdk.String("front"), Type: "network", SecurityGroups: []string{e.group},
		SubnetMappings: []elbtypes.SubnetMapping{{SubnetId: &aws.SeedPublicSubnets[0], AllocationId: &e.allocation}}})
	e.must(err)
	targets, err := e.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{Name: sdk.String("front"), TargetType: kind, Protocol: "TCP", Port: sdk.Int32(trafficPort), VpcId: sdk.String(aws.SeedVPC),
		HealthCheckIntervalSeconds: sdk.Int32(5), HealthCheckTimeoutSeconds: sdk.Int32(2), HealthyThresholdCount: sdk.Int32(2), UnhealthyThresholdCount: sdk.Int32(2)})
	e.must(err)
	e.nlb, e.targets = *balancer.LoadBalancers[0].LoadBalancerArn, *targets.TargetGroups[0].TargetGroupArn
	_, err = e.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &e.targets,
		Attributes: []elbtypes.TargetGroupAttribute{{Key: sdk.String("proxy_protocol_v2.enabled"), Value: sdk.String("true")}}})
	e.must(err)
	_, err = e.elb.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &e.targets, Targets: []elbtypes.TargetDescription{{Id: &target}}})
	e.must(err)
	_, err = e.elb.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &e.nlb, Protocol: "TCP", Port: sdk.Int32(443),
		DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: &e.targets}}})
	e.must(err)
	return e
}

func (e *entrance) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *entrance) let(group string, port int32, permission ec2types.IpPermission) {
	e.t.Helper()
	permission.IpProtocol, permission.FromPort, permission.ToPort = sdk.String("tcp"), &port, &port
	_, err := e.ec2.AuthorizeSecurityGroupIngress(e.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{permission}})
	e.must(err)
}

// admit opens the nodes to the load balancer.
func (e *entrance) admit() {
	e.t.Helper()
	e.let(aws.SeedNodeGroup, trafficPort, ec2types.IpPermission{UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &e.group}}})
}

// is checks how DescribeTargetHealth has the target.
func (e *entrance) is(want elbtypes.TargetHealthStateEnum) func() error {
	return func() error {
		out, err := e.elb.DescribeTargetHealth(e.t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &e.targets})
		if err != nil {
			return err
		}
		if got := out.TargetHealthDescriptions[0].TargetHealth; got.State != want {
			return fmt.Errorf("the target is %s (%s), not %s", got.State, got.Reason, want)
		}
		return nil
	}
}

// takeDown removes all of it, when AWS lets go of it.
func (e *entrance) takeDown() {
	e.t.Helper()
	ctx := e.t.Context()
	_, err := e.elb.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &e.nlb})
	e.must(err)
	_, err = e.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: sdk.String(aws.SeedNodeGroup), IpPermissions: []ec2types.IpPermission{{
		IpProtocol: sdk.String("tcp"), FromPort: sdk.Int32(trafficPort), ToPort: sdk.Int32(trafficPort), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &e.group}}}}})
	e.must(err)
	eventually(e.t, func() error {
		_, err := e.elb.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &e.targets})
		return err
	})
	eventually(e.t, func() error {
		_, err := e.ec2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &e.allocation})
		return err
	})
	eventually(e.t, func() error {
		_, err := e.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &e.group})
		return err
	})
}
