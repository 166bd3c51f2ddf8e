package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/edgegateway/edgegateway/providers"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// answered is an error as the SDK gives it.
func answered(service, operation, code string) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: "AWS says so"}}
}

func TestErrorsGetTheirClassFromTheirCode(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		class  providers.Class
		reason string
		field  string
		says   string
	}{
		{"too many calls", answered("EC2", "DescribeAddresses", "RequestLimitExceeded"), providers.Throttled, ReasonThrottled, "", ""},
		{"too many calls of Route 53", answered("Route 53", "ListResourceRecordSets", "Throttling"), providers.Throttled, ReasonThrottled, "", ""},
		{"an address whose interface goes", answered("EC2", "ReleaseAddress", "AuthFailure"), providers.Transient, ReasonInUse, "", ""},
		{"a group whose interfaces go", answered("EC2", "DeleteSecurityGroup", "DependencyViolation"), providers.Transient, ReasonInUse, "", ""},
		{"a target group that a listener had", answered("Elastic Load Balancing v2", "DeleteTargetGroup", "ResourceInUse"), providers.Transient, ReasonInUse, "", ""},
		{"bad credentials", answered("EC2", "DescribeAddresses", "AuthFailure"), providers.Denied, ReasonCredentials, "spec.credentials", "access key"},
		{"an expired token", answered("STS", "GetCallerIdentity", "ExpiredToken"), providers.Denied, ReasonCredentials, "spec.credentials", "renew"},
		{"a permission of EC2", answered("EC2", "AllocateAddress", "UnauthorizedOperation"), providers.Denied, ReasonPermission, "spec.credentials", "ec2:AllocateAddress"},
		{"a permission of ELB", answered("Elastic Load Balancing v2", "CreateListener", "AccessDenied"), providers.Denied, ReasonPermission, "spec.credentials",
			"elasticloadbalancing:CreateListener"},
		{"the addresses' quota", answered("EC2", "AllocateAddress", "AddressLimitExceeded"), providers.Denied, ReasonQuota, "spec.aws.region", "EC2-VPC Elastic IPs"},
		{"the load balancers' quota", answered("Elastic Load Balancing v2", "CreateLoadBalancer", "TooManyLoadBalancers"), providers.Denied, ReasonQuota, "spec.aws.region", "Service Quotas"},
		{"a load balancer with 50 tags", answered("Elastic Load Balancing v2", "AddTags", "TooManyTags"), providers.Denied, ReasonQuota, "spec.loadBalancer", "50"},
		{"a region that is off", answered("EC2", "DescribeSubnets", "OptInRequired"), providers.Denied, ReasonRegion, "spec.aws.region", "enable"},
		{"a subnet that went", answered("Elastic Load Balancing v2", "CreateLoadBalancer", "SubnetNotFound"), providers.Invalid, ReasonSubnet, "spec.aws.subnets", ""},
		{"a subnet that is full", answered("Elastic Load Balancing v2", "CreateLoadBalancer", "InvalidSubnet"), providers.Denied, ReasonSubnet, "spec.aws.subnets", "8 free"},
		{"a hosted zone that went", answered("Route 53", "ListResourceRecordSets", "NoSuchHostedZone"), providers.Denied, ReasonZone, "spec.dns.zones", ""},
		{"deletion protection", answered("Elastic Load Balancing v2", "DeleteLoadBalancer", "OperationNotPermitted"), providers.Denied, ReasonProtected, "", ""},
		{"a code that nobody knows", answered("EC2", "DescribeAddresses", "Novelty"), providers.Transient, ReasonCloud, "", ""},
		{"no connection", &net.OpError{Op: "dial", Err: errors.New("refused")}, providers.Transient, ReasonCloud, "", ""},
		{"no such endpoint", fmt.Errorf("sending: %w", &net.DNSError{IsNotFound: true}), providers.Denied, ReasonRegion, "spec.aws.region", "correct the region"},
		{"a name server that fails", &net.DNSError{IsTemporary: true}, providers.Transient, ReasonCloud, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got *providers.Error
			if err := classed(c.err); !errors.As(err, &got) {
				t.Fatalf("%v has no class", err)
			}
			if got.Class != c.class || got.Reason != c.reason || got.Field != c.field || !strings.Contains(got.Error(), c.says) {
				t.Errorf("it is %s, %s, %q: %s", got.Class, got.Reason, got.Field, got)
			}
			if (got.Class == providers.Throttled || got.Reason == ReasonInUse) != (got.After > 0) {
				t.Errorf("it is to be tried again after %s", got.After)
			}
			if !errors.Is(got, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestEveryDeniedOrInvalidCodeSaysWhatToDoOrWhichField(t *testing.T) {
	for code, v := range codes {
		if v.class == "" || v.reason == "" {
			t.Errorf("%s has class %q and reason %q", code, v.class, v.reason)
		}
		if v.class == providers.Denied && v.cure == "" && v.reason != ReasonPermission {
			t.Errorf("%s is Denied and names no cure", code)
		}
	}
}

// TestEqualAnswersSayTheSame leaves out of an error what differs between two answers to the same call.
func TestEqualAnswersSayTheSame(t *testing.T) {
	refused := func(request, blob string) error {
		return &smithy.OperationError{ServiceID: "EC2", OperationName: "AllocateAddress", Err: &awshttp.ResponseError{RequestID: request, ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusForbidden}},
			Err:      &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "You are not authorized." + blob}}}}
	}
	one, other := classed(refused("1", "")), classed(refused("2", " Encoded authorization failure message: a1b2c3"))
	if one.Error() != other.Error() || !strings.Contains(one.Error(), "EC2 AllocateAddress: UnauthorizedOperation: You are not authorized.; allow the action ec2:AllocateAddress") {
		t.Errorf("they say\n%v\n%v", one, other)
	}
	if !hasCode(other, "UnauthorizedOperation") {
		t.Error("its code is lost")
	}
}

func TestWhatTheClassGetsWrongIsRefusedAtOnceWithItsField(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Config)
		field string
		class providers.Class
	}{
		{"a region that can't be", func(c *Config) { c.Region = "eu-west-1a" }, "spec.aws.region", providers.Invalid},
		{"a region that is not there", func(c *Config) { c.Region = "eu-west-9" }, "spec.aws.region", providers.Denied},
		{"an unknown key", func(c *Config) { c.Credentials.AccessKeyID = "AKIANOBODYS" }, "spec.credentials", providers.Denied},
		{"a wrong secret", func(c *Config) { c.Credentials.SecretAccessKey = "wrong" }, "spec.credentials", providers.Denied},
		{"half a key", func(c *Config) { c.Credentials.SecretAccessKey = "" }, "spec.credentials", providers.Denied},
		{"an endpoint that is no URL", func(c *Config) { c.Endpoint = "elb" }, "spec.aws.endpoint", providers.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := newWorld().config()
			c.spoil(&config)
			_, err := NewLoadBalancers(context.Background(), config)
			var got *providers.Error
			if !errors.As(err, &got) || got.Field != c.field || got.Class != c.class {
				t.Errorf("it gives %v", err)
			}
		})
	}
}

// relay sends requests to a cloud whatever the host, as an endpoint of one's own does: a region that does not exist has no name to fail on.
type relay struct{ cloud *simaws.Cloud }

func (r relay) RoundTrip(out *http.Request) (*http.Response, error) {
	recorder := &recorded{header: http.Header{}, status: http.StatusOK}
	in := out.Clone(out.Context())
	in.Host = out.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	r.cloud.ServeHTTP(recorder, in)
	return recorder.response(out), nil
}

func TestARegionThatDoesNotExistIsToldFromAWrongSecret(t *testing.T) {
	config := newWorld().config()
	config.HTTP = &http.Client{Transport: relay{simaws.New(simaws.Config{})}}
	config.Region = "eu-west-9"
	_, err := NewLoadBalancers(context.Background(), config)
	var got *providers.Error
	if !errors.As(err, &got) || got.Field != fieldRegion {
		t.Errorf("it gives %v", err)
	}
	config.Credentials.SecretAccessKey = "wrong"
	if _, err = NewLoadBalancers(context.Background(), config); !errors.As(err, &got) || got.Field != fieldCredentials {
		t.Errorf("a wrong secret gives %v", err)
	}
}

// recorded is an http.ResponseWriter in memory.
type recorded struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorded) WriteHeader(status int)      { r.status = status }

func (r *recorded) response(of *http.Request) *http.Response {
	return &http.Response{StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: r.header, Request: of,
		Body: io.NopCloser(strings.NewReader(r.body.String()))}
}
