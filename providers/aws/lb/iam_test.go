package lb

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// clients are all the interfaces to AWS.
var clients = []reflect.Type{
	reflect.TypeFor[addressAPI](), reflect.TypeFor[networkAPI](), reflect.TypeFor[groupAPI](),
	reflect.TypeFor[ruleAPI](), reflect.TypeFor[balancerAPI](), reflect.TypeFor[balancerSettingAPI](), reflect.TypeFor[listenerAPI](),
	reflect.TypeFor[targetGroupAPI](), reflect.TypeFor[attributeAPI](), reflect.TypeFor[targetAPI](), reflect.TypeFor[tagAPI](),
	reflect.TypeFor[accountAPI](), reflect.TypeFor[limitAPI](),
}

// policyActions returns the actions that iam-policy.json allows, sorted.
func policyActions(t *testing.T) []string {
	t.Helper()
	actions, err := simaws.PolicyActions("../iam-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

func TestThePolicyAllowsTheCallsThatAreMadeAndNoOthers(t *testing.T) {
	for _, client := range clients {
		if client.NumMethod() > 5 {
			t.Errorf("%s has %d calls, and 5 is the limit", client.Name(), client.NumMethod())
		}
	}
	allowed := slices.DeleteFunc(policyActions(t), func(action string) bool { return strings.HasPrefix(action, "route53:") })
	if diff := cmp.Diff(simaws.CalledActions(clients...), allowed); diff != "" {
		t.Errorf("iam-policy.json (-called +allowed):\n%s", diff)
	}
}
