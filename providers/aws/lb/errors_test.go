package lb

import (
	"testing"

	smithy "github.com/aws/smithy-go"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
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
		{"an address whose interface goes", answered("EC2", "ReleaseAddress", "AuthFailure"), providers.Transient, session.ReasonInUse, "", ""},
		{"a group whose interfaces go", answered("EC2", "DeleteSecurityGroup", "DependencyViolation"), providers.Transient, session.ReasonInUse, "", ""},
		{"a target group that a listener had", answered("Elastic Load Balancing v2", "DeleteTargetGroup", "ResourceInUse"), providers.Transient, session.ReasonInUse, "", ""},
		{"the addresses' quota", answered("EC2", "AllocateAddress", "AddressLimitExceeded"), providers.Denied, session.ReasonQuota, "spec.aws.region", "EC2-VPC Elastic IPs"},
		{"the load balancers' quota", answered("Elastic Load Balancing v2", "CreateLoadBalancer", "TooManyLoadBalancers"), providers.Denied, session.ReasonQuota, "spec.aws.region", "Service Quotas"},
		{"a load balancer with 50 tags", answered("Elastic Load Balancing v2", "AddTags", "TooManyTags"), providers.Denied, session.ReasonQuota, "spec.loadBalancer", "50"},
		{"a subnet that went", answered("Elastic Load Balancing v2", "CreateLoadBalancer", "SubnetNotFound"), providers.Invalid, ReasonSubnet, "spec.aws.subnets", ""},
		{"a subnet that is full", answered("Elastic Load Balancing v2", "CreateLoadBalancer", "InvalidSubnet"), providers.Denied, ReasonSubnet, "spec.aws.subnets", "8 free"},
		{"deletion protection", answered("Elastic Load Balancing v2", "DeleteLoadBalancer", "OperationNotPermitted"), providers.Denied, ReasonProtected, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			providertest.CheckError(t, classed(c.err), c.err, providers.Error{Class: c.class, Reason: c.reason, Field: c.field}, c.says, session.ReasonInUse)
		})
	}
}

func TestEveryDeniedOrInvalidCodeSaysWhatToDoOrWhichField(t *testing.T) {
	for code, v := range codes {
		if v.Class == "" || v.Reason == "" {
			t.Errorf("%s has class %q and reason %q", code, v.Class, v.Reason)
		}
		if v.Class == providers.Denied && v.Cure == "" && v.Reason != session.ReasonPermission {
			t.Errorf("%s is Denied and names no cure", code)
		}
	}
}
