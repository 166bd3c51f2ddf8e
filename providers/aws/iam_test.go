package aws

import (
	"slices"
	"strings"
	"testing"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// policyActions returns the actions that iam-policy.json allows, sorted.
func policyActions(t *testing.T) []string {
	t.Helper()
	actions, err := simaws.PolicyActions("iam-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

// TestThePolicyIsForTheServicesThatAreUsed leaves it to load balancers and records to compare their services' actions with their calls.
func TestThePolicyIsForTheServicesThatAreUsed(t *testing.T) {
	for _, action := range policyActions(t) {
		service, _, _ := strings.Cut(action, ":")
		if strings.Contains(action, "*") || !slices.Contains([]string{serviceEC2, serviceELB, serviceDNS}, service) {
			t.Errorf("the policy allows %s", action)
		}
	}
}
