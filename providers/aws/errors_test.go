package aws

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
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
		{"bad credentials", answered("EC2", "DescribeAddresses", "AuthFailure"), providers.Denied, ReasonCredentials, "spec.credentials", "access key"},
		{"an expired token", answered("STS", "GetCallerIdentity", "ExpiredToken"), providers.Denied, ReasonCredentials, "spec.credentials", "renew"},
		{"a permission of EC2", answered("EC2", "AllocateAddress", "UnauthorizedOperation"), providers.Denied, ReasonPermission, "spec.credentials", "ec2:AllocateAddress"},
		{"a permission of ELB", answered("Elastic Load Balancing v2", "CreateListener", "AccessDenied"), providers.Denied, ReasonPermission, "spec.credentials",
			"elasticloadbalancing:CreateListener"},
		{"a region that is off", answered("EC2", "DescribeSubnets", "OptInRequired"), providers.Denied, ReasonRegion, "spec.aws.region", "enable"},
		{"a code that nobody knows", answered("EC2", "DescribeAddresses", "Novelty"), providers.Transient, ReasonCloud, "", ""},
		{"no connection", &net.OpError{Op: "dial", Err: errors.New("refused")}, providers.Transient, ReasonCloud, "", ""},
		{"no such endpoint", fmt.Errorf("sending: %w", &net.DNSError{IsNotFound: true}), providers.Denied, ReasonRegion, "spec.aws.region", "correct the region"},
		{"a name server that fails", &net.DNSError{IsTemporary: true}, providers.Transient, ReasonCloud, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			providertest.CheckError(t, common.Classed(c.err), c.err, providers.Error{Class: c.class, Reason: c.reason, Field: c.field}, c.says, ReasonInUse)
		})
	}
}

func TestEveryDeniedOrInvalidCodeSaysWhatToDoOrWhichField(t *testing.T) {
	for code, v := range common {
		if v.Class == "" || v.Reason == "" {
			t.Errorf("%s has class %q and reason %q", code, v.Class, v.Reason)
		}
		if v.Class == providers.Denied && v.Cure == "" && v.Reason != ReasonPermission {
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
	one, other := common.Classed(refused("1", "")), common.Classed(refused("2", " Encoded authorization failure message: a1b2c3"))
	if one.Error() != other.Error() || !strings.Contains(one.Error(), "EC2 AllocateAddress: UnauthorizedOperation: You are not authorized.; allow the action ec2:AllocateAddress") {
		t.Errorf("they say\n%v\n%v", one, other)
	}
	if !HasCode(other, "UnauthorizedOperation") {
		t.Error("its code is lost")
	}
}
