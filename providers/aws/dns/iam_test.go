package dns

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// clients are all the interfaces to AWS.
var clients = []reflect.Type{reflect.TypeFor[zoneAPI](), reflect.TypeFor[recordAPI]()}

// actionOf returns the action in a policy that allows a call.
func actionOf(method reflect.Method) string {
	path := method.Type.In(1).Elem().PkgPath()
	return path[strings.LastIndex(path, "/")+1:] + ":" + method.Name
}

// policyActions returns the actions that iam-policy.json allows, sorted.
func policyActions(t *testing.T) []string {
	t.Helper()
	document, err := os.ReadFile("../iam-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	actions, err := simaws.PolicyActions(document)
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

func TestThePolicyAllowsTheCallsThatAreMadeAndNoOthers(t *testing.T) {
	var wanted []string
	for _, client := range clients {
		if client.NumMethod() > 5 {
			t.Errorf("%s has %d calls, and 5 is the limit", client.Name(), client.NumMethod())
		}
		for i := range client.NumMethod() {
			wanted = append(wanted, actionOf(client.Method(i)))
		}
	}
	slices.Sort(wanted)
	allowed := slices.DeleteFunc(policyActions(t), func(action string) bool { return !strings.HasPrefix(action, "route53:") })
	if diff := cmp.Diff(wanted, allowed); diff != "" {
		t.Errorf("iam-policy.json (-called +allowed):\n%s", diff)
	}
}
