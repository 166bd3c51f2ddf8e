package store

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
)

func TestAcceptance(t *testing.T) {
	classes := map[string]*api.EdgeGatewayClass{"private": storetest.Class()}
	gateway := func(generation int64, conditions ...metav1.Condition) *api.EdgeGateway {
		g := storetest.Gateway()
		g.Generation = generation
		g.Status.Conditions = conditions
		return g
	}
	good := gateway(1, storetest.Accepted(metav1.ConditionTrue, 1))
	accepted := acceptance{gateway: good, class: classes["private"], decided: true}
	reborn := gateway(1)
	reborn.UID = "another"
	cases := []struct {
		name        string
		before      acceptance
		now         *api.EdgeGateway
		classes     map[string]*api.EdgeGatewayClass
		wantServed  int64 // generation, 0: nothing
		wantDecided bool
	}{
		{"a gateway that was neither accepted nor refused is not served, and not decided", acceptance{}, gateway(1), classes, 0, false},
		{"an accepted one is served", acceptance{}, good, classes, 1, true},
		{"a refused one is not", acceptance{}, gateway(1, storetest.Accepted(metav1.ConditionFalse, 1)), classes, 0, true},
		{"an edit is not served before it is accepted", accepted, gateway(2, storetest.Accepted(metav1.ConditionTrue, 1)), classes, 1, false},
		{"an edit that was accepted is served", accepted, gateway(2, storetest.Accepted(metav1.ConditionTrue, 2)), classes, 2, true},
		{"after a bad edit what was accepted stays", accepted, gateway(2, storetest.Accepted(metav1.ConditionFalse, 2)), classes, 1, true},
		{"what a neighbour makes unacceptable stays", accepted, gateway(1, storetest.Accepted(metav1.ConditionFalse, 1)), classes, 1, true},
		{"another gateway of the name inherits nothing", accepted, reborn, classes, 0, false},
		{"an acceptance of an older generation is none after a restart", acceptance{}, gateway(2, storetest.Accepted(metav1.ConditionTrue, 1)), classes, 0, false},
		{"a class that is gone is remembered", accepted, good, nil, 1, true},
		{"a class that was never seen is waited for", acceptance{}, good, nil, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := acceptanceOf(c.before, c.now, func(name string) *api.EdgeGatewayClass { return c.classes[name] })
			if got.served() != (c.wantServed != 0) {
				t.Fatalf("served: %v", got.served())
			}
			if got.served() && got.gateway.Generation != c.wantServed {
				t.Errorf("serves generation %d, want %d", got.gateway.Generation, c.wantServed)
			}
			if got.decided != c.wantDecided {
				t.Errorf("decided: %v", got.decided)
			}
		})
	}
}

func TestAClassThatChangesCountsAtOnce(t *testing.T) {
	store := New()
	store.Set(storetest.Class())
	store.Set(storetest.Gateway())
	changed := storetest.Class()
	changed.Generation = 2
	changed.Spec.Hostnames = []api.HostnameRule{{Pattern: "*.example.com", Namespaces: []string{"others"}}}
	if !store.Set(changed) {
		t.Error("it does not matter")
	}
	if got := store.objects.accepted[storetest.Shop].input().Hostnames; len(got) != 1 {
		t.Errorf("the rules are %v", got)
	}
}
