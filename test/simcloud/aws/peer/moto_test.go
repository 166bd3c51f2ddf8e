package peer

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/edgegateway/edgegateway/test/simcloud/python"
)

// motoServer runs moto until its standard input ends, so that it dies with the test whatever becomes of that.
const motoServer = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
`

// motoAccount is moto's only account.
const motoAccount = "123456789012"

// motoImage is one of the images that moto has. To ask for them takes it seconds.
const motoImage = "ami-03cf127a"

// startMoto starts moto on a free port and returns its address. It ends with the test.
func startMoto(t *testing.T) string {
	t.Helper()
	dir := python.Find(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	_, port, _ := strings.Cut(address, ":")
	command := exec.Command("python3", "-c", motoServer, port)
	command.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONPYCACHEPREFIX="+filepath.Join(dir, "pycache"))
	said := &output{}
	command.Stdout, command.Stderr = said, said
	stdin, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatalf("starting moto: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/moto-api/data.json")
		if err == nil {
			_ = response.Body.Close()
			return "http://" + address
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("moto has ended: %v\n%s", err, said)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("moto does not answer: %v\n%s", err, said)
		}
	}
}

// output is what a process says, for when it fails.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// motoSide empties moto, and makes there what New seeds in a Cloud.
func motoSide(t *testing.T, address string) *side {
	t.Helper()
	response, err := http.Post(address+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	u := newUser(t, address, "AKIA", "secret", http.DefaultClient)
	s := &side{user: u, name: "moto", wait: func(time.Duration) {}, ids: map[string]string{"account": motoAccount}}
	s.furnish()
	return s
}

// furnish makes a VPC, its subnets and nodes, and a zone, as a Cloud begins with.
func (s *side) furnish() {
	s.t.Helper()
	vpc := must[*ec2.CreateVpcOutput](s.user)(s.ec2.CreateVpc(s.ctx, &ec2.CreateVpcInput{CidrBlock: sdk.String("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: sdk.Bool(true), TagSpecifications: ec2Tags("vpc", "Name", "main")})).Vpc
	s.learn("vpc", vpc.VpcId)
	gateway := must[*ec2.CreateInternetGatewayOutput](s.user)(s.ec2.CreateInternetGateway(s.ctx, &ec2.CreateInternetGatewayInput{})).InternetGateway
	must[*ec2.AttachInternetGatewayOutput](s.user)(s.ec2.AttachInternetGateway(s.ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway.InternetGatewayId, VpcId: vpc.VpcId}))
	group := must[*ec2.CreateSecurityGroupOutput](s.user)(s.ec2.CreateSecurityGroup(s.ctx, &ec2.CreateSecurityGroupInput{GroupName: sdk.String("nodes"),
		Description: sdk.String("the cluster's nodes"), VpcId: vpc.VpcId, TagSpecifications: ec2Tags("security-group", "kubernetes.io/cluster/main", "owned")}))
	s.learn("nodes", group.GroupId)
	for i, letter := range seedZones {
		s.subnet("public-"+letter, letter, fmt.Sprintf("10.0.%d.0/24", i), "kubernetes.io/role/elb")
		private := s.subnet("private-"+letter, letter, fmt.Sprintf("10.0.%d.0/24", i+16), "kubernetes.io/role/internal-elb")
		run := must[*ec2.RunInstancesOutput](s.user)(s.ec2.RunInstances(s.ctx, &ec2.RunInstancesInput{ImageId: sdk.String(motoImage), MinCount: sdk.Int32(1), MaxCount: sdk.Int32(1),
			SubnetId: private, PrivateIpAddress: sdk.String(fmt.Sprintf("10.0.%d.10", i+16)), SecurityGroupIds: []string{*group.GroupId},
			TagSpecifications: ec2Tags("instance", "Name", "node-"+letter, "kubernetes.io/cluster/main", "owned")}))
		s.learn("node-"+letter, run.Instances[0].InstanceId)
	}
	zone := must[*route53.CreateHostedZoneOutput](s.user)(s.dns.CreateHostedZone(s.ctx, &route53.CreateHostedZoneInput{Name: sdk.String("example.com"), CallerReference: sdk.String("1")}))
	s.learn("zone", sdk.String(strings.TrimPrefix(*zone.HostedZone.Id, "/hostedzone/")))
	_, err := batch(record("CREATE", "example.com", "MX", 300, "10 mail.example.com."), record("CREATE", "legacy.example.com", "A", 300, "192.0.2.10"),
		record("CREATE", "wiki.example.com", "CNAME", 300, "legacy.example.com."))(s)
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *side) subnet(name, letter, cidr, role string) *string {
	s.t.Helper()
	out := must[*ec2.CreateSubnetOutput](s.user)(s.ec2.CreateSubnet(s.ctx, &ec2.CreateSubnetInput{VpcId: s.ref("vpc"), CidrBlock: &cidr, AvailabilityZone: sdk.String("eu-west-1" + letter),
		TagSpecifications: ec2Tags(ec2types.ResourceTypeSubnet, "Name", name, role, "1", "kubernetes.io/cluster/main", "owned")}))
	s.learn(name, out.Subnet.SubnetId)
	return out.Subnet.SubnetId
}
