package crash

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// objectID names an object. The kinds that are used here have different names in all groups.
type objectID struct{ kind, namespace, name string }

func (id objectID) compare(other objectID) int {
	return cmp.Or(cmp.Compare(id.kind, other.kind), cmp.Compare(id.namespace, other.namespace), cmp.Compare(id.name, other.name))
}

func (id objectID) String() string { return id.kind + " " + id.namespace + "/" + id.name }

// revision is one change of an object: from before (nil if it was not there) to after (nil if it is gone).
type revision struct {
	id            objectID
	before, after client.Object
	at            time.Time
}

// store is an API server: what is in it, with versions, generations, finalizers and owners as Kubernetes keeps them. Objects in it are never
// changed, only replaced, so that a copy of it is cheap. controller-runtime's fake client gives neither UIDs nor generations, keeps no
// precondition on a UID, and takes the time from the wall; TestStoreKeepsKubernetesRules compares the two where they agree.
type store struct {
	scheme  *runtime.Scheme
	clock   func() time.Time
	version int
	objects map[objectID]client.Object
	// births count how often an object of that name was created: UIDs are made of it, so that equal runs have equal UIDs.
	births map[objectID]int
	// history is what changed since the store was made, for caches that are late.
	history []revision
	// changed is told of each change. Optional.
	changed func(revision)
}

func newStore(scheme *runtime.Scheme, clock func() time.Time) *store {
	return &store{scheme: scheme, clock: clock, version: 100, objects: map[objectID]client.Object{}, births: map[objectID]int{}}
}

// fork returns a copy that goes its own way.
func (s *store) fork(clock func() time.Time) *store {
	copied := newStore(s.scheme, clock)
	copied.version = s.version
	for id, object := range s.objects {
		copied.objects[id] = object
	}
	for id, n := range s.births {
		copied.births[id] = n
	}
	return copied
}

// identify returns an object's ID. It panics for what is not in the scheme, which is a mistake in this package.
func (s *store) identify(object client.Object) objectID {
	return objectID{s.kindOf(object).Kind, object.GetNamespace(), object.GetName()}
}

func (s *store) kindOf(object runtime.Object) schema.GroupVersionKind {
	if kind := object.GetObjectKind().GroupVersionKind(); kind.Kind != "" {
		return kind
	}
	kinds, _, err := s.scheme.ObjectKinds(object)
	if err != nil {
		panic(err)
	}
	return kinds[0]
}

func (s *store) resource(id objectID) schema.GroupResource {
	return schema.GroupResource{Resource: id.kind}
}

// get returns an object, which must not be changed.
func (s *store) get(id objectID) (client.Object, error) {
	object, ok := s.objects[id]
	if !ok {
		return nil, apierrors.NewNotFound(s.resource(id), id.name)
	}
	return object, nil
}

// list returns the objects of a kind, sorted.
func (s *store) list(kind string) []client.Object { return listed(s.objects, kind) }

func listed(objects map[objectID]client.Object, kind string) []client.Object {
	var ids []objectID
	for id := range objects {
		if id.kind == kind {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, objectID.compare)
	found := make([]client.Object, 0, len(ids))
	for _, id := range ids {
		found = append(found, objects[id])
	}
	return found
}

// create adds an object and returns it as it is kept.
func (s *store) create(object client.Object) (client.Object, error) {
	id := s.identify(object)
	if _, there := s.objects[id]; there {
		return nil, apierrors.NewAlreadyExists(s.resource(id), id.name)
	}
	if object.GetResourceVersion() != "" {
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	made := copied(object)
	made.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	s.births[id]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, s.births[id]))
	made.SetUID(types.UID(fmt.Sprintf("%x-%x-4%x-8%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])))
	made.SetCreationTimestamp(metav1.NewTime(s.clock()))
	made.SetDeletionTimestamp(nil)
	if hasGeneration(made) {
		made.SetGeneration(1)
	}
	if hasStatus(made) {
		clearStatus(made)
	}
	admit(s, made, nil)
	return s.put(id, made), nil
}

// update replaces an object, or its status if that is what is written.
func (s *store) update(object client.Object, status bool) (client.Object, error) {
	id := s.identify(object)
	before, err := s.get(id)
	if err != nil {
		return nil, err
	}
	if err := s.precondition(id, before, object); err != nil {
		return nil, err
	}
	after := copied(object)
	after.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	if status {
		after = withStatus(before, after)
	} else if hasStatus(before) {
		after = withStatus(after, before)
	}
	after.SetUID(before.GetUID())
	after.SetCreationTimestamp(before.GetCreationTimestamp())
	after.SetDeletionTimestamp(before.GetDeletionTimestamp())
	after.SetGeneration(before.GetGeneration())
	after.SetResourceVersion(before.GetResourceVersion())
	if before.GetDeletionTimestamp() != nil {
		for _, finalizer := range after.GetFinalizers() {
			if !slices.Contains(before.GetFinalizers(), finalizer) {
				return nil, apierrors.NewForbidden(s.resource(id), id.name, fmt.Errorf("no new finalizers can be added if the object is being deleted"))
			}
		}
	}
	admit(s, after, before)
	if equality.Semantic.DeepEqual(before, after) {
		return before, nil
	}
	if hasGeneration(after) && !status && !equality.Semantic.DeepEqual(specOf(before), specOf(after)) {
		after.SetGeneration(before.GetGeneration() + 1)
	}
	if after.GetDeletionTimestamp() != nil && len(after.GetFinalizers()) == 0 {
		s.remove(id, before)
		return after, nil
	}
	return s.put(id, after), nil
}

// precondition compares the version and the UID that a writer has with those that there are.
func (s *store) precondition(id objectID, there, given client.Object) error {
	if uid := given.GetUID(); uid != "" && uid != there.GetUID() {
		return apierrors.NewConflict(s.resource(id), id.name, fmt.Errorf("precondition failed: UID is %s, not %s", there.GetUID(), uid))
	}
	if version := given.GetResourceVersion(); version != "" && version != there.GetResourceVersion() {
		return apierrors.NewConflict(s.resource(id), id.name, fmt.Errorf("the object has been modified; please apply your changes to the latest version and try again"))
	}
	return nil
}

// delete takes an object away, or marks it while finalizers hold it.
func (s *store) delete(id objectID, preconditions *metav1.Preconditions) error {
	before, err := s.get(id)
	if err != nil {
		return err
	}
	if preconditions != nil {
		given := &metav1.PartialObjectMetadata{}
		if preconditions.UID != nil {
			given.UID = *preconditions.UID
		}
		if preconditions.ResourceVersion != nil {
			given.ResourceVersion = *preconditions.ResourceVersion
		}
		if err := s.precondition(id, before, given); err != nil {
			return err
		}
	}
	if len(before.GetFinalizers()) == 0 {
		s.remove(id, before)
		return nil
	}
	if before.GetDeletionTimestamp() != nil {
		return nil
	}
	after := copied(before)
	now := metav1.NewTime(s.clock())
	after.SetDeletionTimestamp(&now)
	if hasGeneration(after) {
		after.SetGeneration(after.GetGeneration() + 1)
	}
	s.put(id, after)
	return nil
}

// remove takes an object out, and what it owned, as the garbage collector does.
func (s *store) remove(id objectID, before client.Object) {
	delete(s.objects, id)
	s.version++
	s.tell(revision{id: id, before: before, at: s.clock()})
	for owned, object := range s.objects {
		owners := object.GetOwnerReferences()
		if slices.ContainsFunc(owners, func(o metav1.OwnerReference) bool { return o.UID == before.GetUID() }) {
			defer func() { _ = s.delete(owned, nil) }()
		}
	}
}

func (s *store) put(id objectID, object client.Object) client.Object {
	s.version++
	object.SetResourceVersion(strconv.Itoa(s.version))
	before := s.objects[id]
	s.objects[id] = object
	s.tell(revision{id: id, before: before, after: object, at: s.clock()})
	return object
}

func (s *store) tell(r revision) {
	s.history = append(s.history, r)
	if s.changed != nil {
		s.changed(r)
	}
}

// patch is a JSON merge patch (RFC 7386) or a strategic one of an object or of its status.
func (s *store) patch(id objectID, form types.PatchType, patch []byte, status bool) (client.Object, error) {
	before, err := s.get(id)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	switch form {
	case types.MergePatchType:
		text, err = mergedText(text, patch)
	case types.StrategicMergePatchType:
		text, err = strategicpatch.StrategicMergePatch(text, patch, before)
	default:
		panic(fmt.Sprintf("patches of type %s are not modelled", form))
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	after := emptyLike(before)
	if err := json.Unmarshal(text, after); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return s.update(after, status)
}

func mergedText(text, patch []byte) ([]byte, error) {
	var there, change map[string]any
	if err := json.Unmarshal(text, &there); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(patch, &change); err != nil {
		return nil, err
	}
	return json.Marshal(merged(there, change))
}

func merged(there, change map[string]any) map[string]any {
	for key, value := range change {
		inner, isMap := value.(map[string]any)
		switch {
		case value == nil:
			delete(there, key)
		case isMap:
			below, _ := there[key].(map[string]any)
			if below == nil {
				below = map[string]any{}
			}
			there[key] = merged(below, inner)
		default:
			there[key] = value
		}
	}
	return there
}

func copied(object client.Object) client.Object { return object.DeepCopyObject().(client.Object) }

func emptyLike(object client.Object) client.Object {
	return reflect.New(reflect.TypeOf(object).Elem()).Interface().(client.Object)
}

// hasGeneration reports whether Kubernetes counts generations for a kind.
func hasGeneration(object client.Object) bool {
	switch object.(type) {
	case *api.EdgeGateway, *api.EdgeGatewayClass, *appsv1.Deployment, *policyv1.PodDisruptionBudget, *autoscalingv2.HorizontalPodAutoscaler:
		return true
	default:
		return false
	}
}

// hasStatus reports whether a kind has a status that only its own subresource writes.
func hasStatus(object client.Object) bool {
	_, isService := object.(*corev1.Service)
	return hasGeneration(object) || isService
}

func field(object client.Object, name string) reflect.Value {
	return reflect.ValueOf(object).Elem().FieldByName(name)
}

func specOf(object client.Object) any { return field(object, "Spec").Interface() }

func clearStatus(object client.Object) { field(object, "Status").SetZero() }

// withStatus returns a copy of an object with another's status.
func withStatus(object, other client.Object) client.Object {
	made := copied(object)
	field(made, "Status").Set(field(copied(other), "Status"))
	return made
}

// admit does what the API server adds to a Service: node ports, which stay as they are.
func admit(s *store, after, before client.Object) {
	service, ok := after.(*corev1.Service)
	if !ok || service.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return
	}
	if old, ok := before.(*corev1.Service); ok {
		service.Spec.ClusterIP, service.Spec.ClusterIPs = old.Spec.ClusterIP, old.Spec.ClusterIPs
		for i := range service.Spec.Ports {
			port := &service.Spec.Ports[i]
			j := slices.IndexFunc(old.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == port.Port && p.Protocol == port.Protocol })
			if j >= 0 && port.NodePort == 0 {
				port.NodePort = old.Spec.Ports[j].NodePort
			}
		}
	}
	if service.Spec.ClusterIP == "" {
		service.Spec.ClusterIP = "10.96.0.10"
		service.Spec.ClusterIPs = []string{service.Spec.ClusterIP}
	}
	for i := range service.Spec.Ports {
		if port := &service.Spec.Ports[i]; port.NodePort == 0 {
			port.NodePort = freeNodePort(s, service, port.Port)
		}
	}
}

// freeNodePort gives a port a node port that nobody has. It is the same for the same port wherever that is free.
func freeNodePort(s *store, service *corev1.Service, port int32) int32 {
	taken := map[int32]bool{}
	for _, object := range append(s.list("Service"), service) {
		for _, p := range object.(*corev1.Service).Spec.Ports {
			taken[p.NodePort] = true
		}
	}
	candidate := 30000 + port%2000
	for taken[candidate] {
		candidate++
	}
	return candidate
}
