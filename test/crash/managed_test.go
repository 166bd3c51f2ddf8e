package crash

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// appliers are Kubernetes' own server-side apply, one for each kind.
type appliers struct {
	mu     sync.Mutex
	types  managedfields.TypeConverter
	byKind map[schema.GroupVersionKind]*managedfields.FieldManager
}

var serverSide = &appliers{byKind: map[schema.GroupVersionKind]*managedfields.FieldManager{}}

// noDefaults leaves objects as they are.
type noDefaults struct{}

func (noDefaults) Default(runtime.Object) {}

func (a *appliers) of(kind schema.GroupVersionKind) (*managedfields.FieldManager, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if manager := a.byKind[kind]; manager != nil {
		return manager, nil
	}
	if a.types == nil {
		a.types = applyconfigurations.NewTypeConverter(clientgoscheme.Scheme)
	}
	scheme := clientgoscheme.Scheme
	manager, err := managedfields.NewDefaultFieldManager(a.types, scheme, noDefaults{}, scheme, kind, kind.GroupVersion(), "", nil)
	if err != nil {
		return nil, fmt.Errorf("making the field manager of %s: %w", kind.Kind, err)
	}
	a.byKind[kind] = manager
	return manager, nil
}

// created notes whose fields a new object's are.
func (a *appliers) created(kind schema.GroupVersionKind, object client.Object, owner string) (client.Object, error) {
	if owner == "" {
		return object, nil
	}
	manager, err := a.of(kind)
	if err != nil {
		return nil, err
	}
	blank := emptyLike(object)
	blank.GetObjectKind().SetGroupVersionKind(kind)
	object.GetObjectKind().SetGroupVersionKind(kind)
	made, err := manager.Update(blank, object, owner)
	if err != nil {
		return nil, fmt.Errorf("noting whose the fields of %s are: %w", kind.Kind, err)
	}
	return made.(client.Object), nil
}

// applied merges an applied configuration into the object that is there.
func (a *appliers) applied(kind schema.GroupVersionKind, there client.Object, configuration *unstructured.Unstructured, owner string) (client.Object, error) {
	manager, err := a.of(kind)
	if err != nil {
		return nil, err
	}
	live := copied(there)
	live.GetObjectKind().SetGroupVersionKind(kind)
	made, err := manager.Apply(live, configuration, owner, true)
	if err != nil {
		return nil, err
	}
	return made.(client.Object), nil
}
