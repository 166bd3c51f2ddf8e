package dns

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
		{"too many calls of Route 53", answered("Route 53", "ListResourceRecordSets", "Throttling"), providers.Throttled, session.ReasonThrottled, "", ""},
		{"a hosted zone that went", answered("Route 53", "ListResourceRecordSets", "NoSuchHostedZone"), providers.Denied, ReasonZone, "spec.dns.zones", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Provider{field: fieldCredentials}
			providertest.CheckError(t, p.classed(c.err), c.err, providers.Error{Class: c.class, Reason: c.reason, Field: c.field}, c.says, session.ReasonInUse)
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
