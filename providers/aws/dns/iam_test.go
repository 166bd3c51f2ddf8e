package dns

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// clients are all the interfaces to AWS.
var clients = []reflect.Type{reflect.TypeFor[zoneAPI](), reflect.TypeFor[recordAPI]()}

func TestThePolicyAllowsTheCallsThatAreMadeAndNoOthers(t *testing.T) {
	for _, client := range clients {
		if client.NumMethod() > 5 {
			t.Errorf("%s has %d calls, and 5 is the limit", client.Name(), client.NumMethod())
		}
	}
	allowed, err := simaws.PolicyActions("../iam-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	allowed = slices.DeleteFunc(allowed, func(action string) bool { return !strings.HasPrefix(action, "route53:") })
	if diff := cmp.Diff(simaws.CalledActions(clients...), allowed); diff != "" {
		t.Errorf("iam-policy.json (-called +allowed):\n%s", diff)
	}
}
