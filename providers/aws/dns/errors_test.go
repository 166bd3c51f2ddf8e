package dns

import (
	"errors"
	"strings"
	"testing"

	smithy "github.com/aws/smithy-go"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
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
			var got *providers.Error
			p := Provider{field: fieldCredentials}
			if err := p.classed(c.err); !errors.As(err, &got) {
				t.Fatalf("%v has no class", err)
			}
			if got.Class != c.class || got.Reason != c.reason || got.Field != c.field || !strings.Contains(got.Error(), c.says) {
				t.Errorf("it is %s, %s, %q: %s", got.Class, got.Reason, got.Field, got)
			}
			if (got.Class == providers.Throttled || got.Reason == session.ReasonInUse) != (got.After > 0) {
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
		if v.Class == "" || v.Reason == "" {
			t.Errorf("%s has class %q and reason %q", code, v.Class, v.Reason)
		}
		if v.Class == providers.Denied && v.Cure == "" && v.Reason != session.ReasonPermission {
			t.Errorf("%s is Denied and names no cure", code)
		}
	}
}
