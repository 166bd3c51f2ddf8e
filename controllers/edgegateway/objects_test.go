package edgegateway

import (
	"errors"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestManages(t *testing.T) {
	entry := func(manager, subresource, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const replicas = `{"f:spec":{"f:replicas":{}}}`
	cases := []struct {
		name    string
		entries []metav1.ManagedFieldsEntry
		want    bool
	}{
		{"nobody", nil, false},
		{"we do", []metav1.ManagedFieldsEntry{entry("other", "", `{}`), entry(fieldManager, "", replicas)}, true},
		{"we manage other fields", []metav1.ManagedFieldsEntry{entry(fieldManager, "", `{"f:spec":{"f:template":{}}}`)}, false},
		{"the autoscaler does", []metav1.ManagedFieldsEntry{entry("kube-controller-manager", "scale", replicas)}, false},
		{"somebody scaled in our name", []metav1.ManagedFieldsEntry{entry(fieldManager, "scale", replicas)}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := manages(c.entries, "f:spec", "f:replicas"); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestApplications shows that only what is as it was applied counts as done.
func TestApplications(t *testing.T) {
	var done applications
	gateway := types.NamespacedName{Namespace: "shop", Name: "web"}
	id := applicationID{gateway: gateway, kind: "Deployment", name: "web-edge"}
	done.note(id, application{digest: "d", generation: 4, version: "100"})
	account := applicationID{gateway: gateway, kind: "ServiceAccount", name: "web-edge"}
	done.note(account, application{digest: "d", version: "100"})
	cases := []struct {
		name       string
		id         applicationID
		digest     string
		generation int64
		version    string
		want       bool
	}{
		{"as applied", id, "d", 4, "100", true},
		{"a new status", id, "d", 4, "101", true},
		{"an edit by hand", id, "d", 5, "101", false},
		{"another wish", id, "e", 4, "100", false},
		{"a kind without generation, as applied", account, "d", 0, "100", true},
		{"a kind without generation, changed", account, "d", 0, "101", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := done.same(c.id, c.digest, c.generation, c.version); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if done.forget(gateway); done.same(id, "d", 4, "100") {
		t.Error("a gateway that is gone is still known")
	}
}

func TestUnlessTaken(t *testing.T) {
	taken := fmt.Errorf("applying: %w", &takenError{"Service", "shop", "web-edge"})
	if unlessTaken(taken) != nil {
		t.Error("a taken name is retried at once")
	}
	if err := errors.New("down"); unlessTaken(err) != err {
		t.Error("another error is lost")
	}
}
