package crash

import (
	"context"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// TestStoreAgreesWithTheFakeClient makes the same calls of the API server that the proof uses and of controller-runtime's fake client, and
// compares the answers and what is there in the end: creations, updates by late readers, patches with and without a version, statuses apart from
// specs, server-side apply, deletions held by finalizers.
func TestStoreAgreesWithTheFakeClient(t *testing.T) {
	theirs := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&api.EdgeGateway{}).WithReturnManagedFields().Build()
	s := newSim(newManualWorld(), scenario{})
	ours := &kubeClient{s, &process{sim: s}, false}
	key := client.ObjectKey{Namespace: tenant, Name: gatewayName}
	ctx := context.Background()
	for _, step := range storeSteps(ctx, key) {
		var answers []string
		for _, c := range []client.Client{ours, theirs} {
			answers = append(answers, codeOf(step.do(c)))
		}
		if answers[0] != answers[1] || answers[0] != step.code {
			t.Errorf("%s: the store answers %q, the fake client %q, and it should be %q", step.name, answers[0], answers[1], step.code)
		}
		if mine, other := stateOf(ctx, ours, key), stateOf(ctx, theirs, key); mine != other {
			t.Errorf("%s: the store has\n%s\nand the fake client\n%s", step.name, mine, other)
		}
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return string(apierrors.ReasonForError(err))
}

// stateOf is what there is of what the steps touch.
func stateOf(ctx context.Context, c client.Client, key client.ObjectKey) string {
	var gateway api.EdgeGateway
	text := "no gateway"
	if c.Get(ctx, key, &gateway) == nil {
		text = fmt.Sprintf("%v %v %v deleting=%t", gateway.Spec.Hostnames, gateway.Status.ClassName, gateway.Finalizers, gateway.DeletionTimestamp != nil)
	}
	var service corev1.Service
	if c.Get(ctx, key, &service) != nil {
		return text + ", no service"
	}
	var managers []string
	for _, m := range service.ManagedFields {
		managers = append(managers, m.Manager+" "+string(m.Operation))
	}
	slices.Sort(managers)
	var ports []string
	for _, p := range service.Spec.Ports {
		ports = append(ports, fmt.Sprintf("%s=%d", p.Name, p.Port))
	}
	return fmt.Sprintf("%s, service %v %v %v", text, service.Labels, ports, managers)
}

type storeStep struct {
	name string
	do   func(c client.Client) error
	code string
}

func storeSteps(ctx context.Context, key client.ObjectKey) []storeStep {
	read := func(c client.Client) *api.EdgeGateway {
		var gateway api.EdgeGateway
		_ = c.Get(ctx, key, &gateway)
		return &gateway
	}
	// stale changes a gateway, and then writes by what was read before.
	stale := func(c client.Client, write func(old *api.EdgeGateway) error) error {
		old, now := read(c), read(c)
		now.Labels = map[string]string{"seen": now.ResourceVersion}
		if err := c.Update(ctx, now); err != nil {
			return err
		}
		return write(old)
	}
	locked := func(before client.Object) client.Patch {
		return client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	}
	conflict, missing := string(metav1.StatusReasonConflict), string(metav1.StatusReasonNotFound)
	return []storeStep{
		{"create", func(c client.Client) error { return c.Create(ctx, newGateway()) }, ""},
		{"create again", func(c client.Client) error { return c.Create(ctx, newGateway()) }, string(metav1.StatusReasonAlreadyExists)},
		{"update", func(c client.Client) error {
			gateway := read(c)
			gateway.Spec.Hostnames, gateway.Finalizers = []string{"a.example.com"}, []string{api.Finalizer}
			gateway.Status.ClassName = "not by an update"
			return c.Update(ctx, gateway)
		}, ""},
		{"update by a late reader", func(c client.Client) error {
			return stale(c, func(old *api.EdgeGateway) error { return c.Update(ctx, old) })
		}, conflict},
		{"status", func(c client.Client) error {
			before := read(c)
			after := before.DeepCopy()
			after.Status.ClassName, after.Spec.Hostnames = "by its own subresource", []string{"not by a status"}
			return c.Status().Patch(ctx, after, locked(before))
		}, ""},
		{"locked status by a late reader", func(c client.Client) error {
			return stale(c, func(old *api.EdgeGateway) error {
				after := old.DeepCopy()
				after.Status.ClassName = "late"
				return c.Status().Patch(ctx, after, locked(old))
			})
		}, conflict},
		{"unlocked status by a late reader", func(c client.Client) error {
			return stale(c, func(old *api.EdgeGateway) error {
				after := old.DeepCopy()
				after.Status.ClassName = "merged"
				return c.Status().Patch(ctx, after, client.MergeFrom(old))
			})
		}, ""},
		{"delete of another version", func(c client.Client) error {
			version := "1"
			return c.Delete(ctx, read(c), client.Preconditions{ResourceVersion: &version})
		}, conflict},
		{"delete, held by a finalizer", func(c client.Client) error { return c.Delete(ctx, read(c)) }, ""},
		{"delete again", func(c client.Client) error { return c.Delete(ctx, read(c)) }, ""},
		{"the finalizer goes", func(c client.Client) error {
			gateway := read(c)
			gateway.Finalizers = nil
			return c.Update(ctx, gateway)
		}, ""},
		{"update of what is gone", func(c client.Client) error {
			gateway := newGateway()
			gateway.ResourceVersion = "1"
			return c.Update(ctx, gateway)
		}, missing},
		{"create a service", func(c client.Client) error {
			return c.Create(ctx, applied(key, map[string]any{"made": "true"}, "http", 80), client.FieldOwner("edgegateway"))
		}, ""},
		{"apply another port and label", func(c client.Client) error {
			return apply(ctx, c, applied(key, map[string]any{"kept": "true"}, "alt", 8080))
		}, ""},
		{"apply without the label", func(c client.Client) error { return apply(ctx, c, applied(key, nil, "alt", 8080)) }, ""},
		{"apply the same", func(c client.Client) error { return apply(ctx, c, applied(key, nil, "alt", 8080)) }, ""},
		{"delete the service", func(c client.Client) error {
			return c.Delete(ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}})
		}, ""},
	}
}

// applied is a Service's configuration.
func applied(key client.ObjectKey, labels map[string]any, port string, number int64) *unstructured.Unstructured {
	metadata := map[string]any{"namespace": key.Namespace, "name": key.Name}
	if labels != nil {
		metadata["labels"] = labels
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": metadata,
		"spec": map[string]any{"ports": []any{map[string]any{"name": port, "port": number, "protocol": "TCP"}}},
	}}
}

func apply(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
	var configuration runtime.ApplyConfiguration = client.ApplyConfigurationFromUnstructured(u)
	return c.Apply(ctx, configuration, client.FieldOwner("edgegateway"), client.ForceOwnership)
}

// TestStoreKeepsKubernetesRules is about what the fake client does not do.
func TestStoreKeepsKubernetesRules(t *testing.T) {
	s := newSim(newManualWorld(), scenario{})
	c := &kubeClient{s, &process{sim: s}, false}
	ctx := context.Background()
	createGateway(s)
	id := objectID{"EdgeGateway", tenant, gatewayName}
	first := s.gateway(tenant, gatewayName)
	if first.UID == "" || first.Generation != 1 || !first.CreationTimestamp.Time.Equal(s.now()) {
		t.Errorf("it is made with %+v", first.ObjectMeta)
	}
	addListener(s)
	if got := s.gateway(tenant, gatewayName).Generation; got != 2 {
		t.Errorf("an edit of its spec makes generation %d", got)
	}
	before := s.store.version
	same := s.gateway(tenant, gatewayName).DeepCopy()
	if err := c.Update(ctx, same); err != nil || s.store.version != before {
		t.Errorf("an update that changes nothing makes a version, or %v", err)
	}
	uid := types.UID("another")
	if err := c.Delete(ctx, same, client.Preconditions{UID: &uid}); !apierrors.IsConflict(err) {
		t.Errorf("a deletion of another UID gives %v", err)
	}
	edit(s, id, func(g *api.EdgeGateway) { g.Finalizers = []string{api.Finalizer} })
	deleteGateway(s)
	going := s.gateway(tenant, gatewayName).DeepCopy()
	if going.DeletionTimestamp == nil || going.Generation != 3 {
		t.Errorf("deleted, it is %+v", going.ObjectMeta)
	}
	going.Finalizers = append(going.Finalizers, "example.com/late")
	if err := c.Update(ctx, going); !apierrors.IsForbidden(err) {
		t.Errorf("a finalizer that comes too late gives %v", err)
	}
	mustCreate(s, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: "owned", OwnerReferences: []metav1.OwnerReference{{UID: going.UID}}}})
	edit(s, id, func(g *api.EdgeGateway) { g.Finalizers = nil })
	if _, err := s.store.get(objectID{"Service", tenant, "owned"}); !apierrors.IsNotFound(err) {
		t.Errorf("what it owned is still there: %v", err)
	}
	createGateway(s)
	if s.gateway(tenant, gatewayName).UID == first.UID {
		t.Errorf("a second of its name has its UID")
	}
}

// TestPlansAreRead shows that what a failing run prints is understood.
func TestPlansAreRead(t *testing.T) {
	for _, text := range []string{"aws/create", "aws/create 12:crash-after", "rfc2136/delete 3:crash-before 9:lost-reply twins seed=4", "manual/churn stale seed=1 mutant=double"} {
		p, err := parsePlan(text)
		if err != nil || p.String() != text {
			t.Errorf("%q is read as %q, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "create", "aws/create 12", "aws/create x:crash-after", "aws/create 1:nonsense", "aws/create seed=x", "aws/create sideways"} {
		if p, err := parsePlan(text); err == nil {
			t.Errorf("%q is read as %q", text, p)
		}
	}
}
