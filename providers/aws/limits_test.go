package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// TestTheLimitsAreThoseOfTheSimulator compares them for all calls that are made: those that the policy allows, and the one that needs no permission.
func TestTheLimitsAreThoseOfTheSimulator(t *testing.T) {
	cloud := simaws.New(simaws.Config{})
	for _, action := range append(policyActions(t), "sts:GetCallerIdentity") {
		service, operation, _ := strings.Cut(action, ":")
		call := simcloud.Call{Account: "1", Region: "eu-west-1", Service: service, Action: operation, Mutating: !reads(operation)}
		var ours, theirs []string
		for _, a := range allowancesOf(service, operation) {
			ours = append(ours, fmt.Sprintf("%v at once, %v a second", a.Burst, a.PerSecond))
		}
		for _, b := range cloud.LimitsOf(call) {
			theirs = append(theirs, fmt.Sprintf("%v at once, %v a second", b.Limit.Burst, b.Limit.PerSecond))
		}
		if !slices.Equal(ours, theirs) {
			t.Errorf("%s: we keep to %v, the simulator to %v", action, ours, theirs)
		}
	}
}

func TestOnlyRoute53CountsTheCallsOfAllRegionsTogether(t *testing.T) {
	for _, action := range policyActions(t) {
		service, operation, _ := strings.Cut(action, ":")
		for _, a := range allowancesOf(service, operation) {
			if a.AllRegions != (service == serviceDNS) {
				t.Errorf("%s: all regions together is %t", action, a.AllRegions)
			}
		}
	}
}

func TestWhatIsOverTheBudgetIsNotSent(t *testing.T) {
	cloud := simaws.New(simaws.Config{Latency: -1})
	budgets := &ratelimit.Budgets{Now: cloud.Now, Sleep: func(_ context.Context, d time.Duration) error {
		cloud.Advance(d)
		return nil
	}}
	type seen struct{ service, operation, code string }
	counted := map[seen]int{}
	budgets.Count = func(service, operation string, _ time.Duration, code string) {
		counted[seen{service, operation, code}]++
	}
	access := accessTo(cloud)
	access.Budgets = budgets
	loaded, _, err := access.Open(context.Background(), "eu-west-1", FieldCredentials)
	if err != nil {
		t.Fatal(err)
	}
	budgets.Sleep = func(context.Context, time.Duration) error { return nil }
	balancing, sent := elb.NewFromConfig(loaded), 0
	for ; err == nil; sent++ {
		_, err = balancing.CreateLoadBalancer(context.Background(), &elb.CreateLoadBalancerInput{Name: aws.String("eg")})
		if HasCode(err, "SimulatorGap") { // a load balancer of no type, which costs as much
			err = nil
		}
	}
	var got *providers.Error
	if err := common.Classed(err); !errors.As(err, &got) || got.Class != providers.Throttled || got.Reason != ratelimit.ReasonBudget || got.After <= 5*time.Second {
		t.Errorf("it gives %v", err)
	}
	if arrived := cloud.Counts()["elasticloadbalancing:CreateLoadBalancer"]; arrived != 9 || sent != arrived+1 {
		t.Errorf("of %d calls %d arrived", sent, arrived)
	}
	if _, err := ec2.NewFromConfig(loaded).ReleaseAddress(context.Background(), &ec2.ReleaseAddressInput{AllocationId: aws.String("eipalloc-0123456789abcdef0")}); err == nil {
		t.Fatal("an address that is not there is released")
	}
	for call, times := range map[seen]int{
		{serviceSTS, "GetCallerIdentity", ""}:                          1,
		{serviceELB, "CreateLoadBalancer", "SimulatorGap"}:             9,
		{serviceELB, "CreateLoadBalancer", ratelimit.ReasonBudget}:     1,
		{serviceEC2, "ReleaseAddress", "InvalidAllocationID.NotFound"}: 1,
	} {
		if counted[call] != times {
			t.Errorf("%v was counted %d times, not %d: %v", call, counted[call], times, counted)
		}
	}
}
