package crash

import (
	"context"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kubeClient is a process's client of the API server. It panics where the operator begins to use what it does not have.
type kubeClient struct {
	sim     *sim
	process *process
	// cached reads are from the process's cache, which may be late; others are from the server.
	cached bool
}

var _ client.Client = (*kubeClient)(nil)

func (c *kubeClient) objects() map[objectID]client.Object {
	if c.cached {
		return c.process.cache
	}
	return c.sim.store.objects
}

func (c *kubeClient) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	id := objectID{c.sim.store.kindOf(into).Kind, key.Namespace, key.Name}
	if !c.cached {
		if err := c.read(id); err != nil {
			return err
		}
	}
	found, ok := c.objects()[id]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{Resource: id.kind}, id.name)
	}
	fill(into, found)
	return nil
}

// read counts the reads by which a hand-off is observed: ConfigMaps are the cloud of provider manual.
func (c *kubeClient) read(id objectID) error {
	if c.process.dead {
		return errGone
	}
	if id.kind != "ConfigMap" || !c.sim.world.holds(id) {
		return nil
	}
	switch c.sim.gate.enter(c.process, "kube get "+id.String(), false) {
	case "":
		return nil
	case throttled:
		return tooMany()
	case lostReply:
		return errCut
	default:
		return errGone
	}
}

func tooMany() error {
	return apierrors.NewTooManyRequests("the server has received too many requests", 1)
}

// fill copies what was found into what the caller holds, which may ask for the metadata only.
func fill(into, found client.Object) {
	if partial, ok := into.(*metav1.PartialObjectMetadata); ok {
		kind := partial.GroupVersionKind()
		partial.ObjectMeta = *metaOf(found).DeepCopy()
		partial.SetGroupVersionKind(kind)
		return
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(copied(found)).Elem())
}

func metaOf(object client.Object) *metav1.ObjectMeta {
	return reflect.ValueOf(object).Elem().FieldByName("ObjectMeta").Addr().Interface().(*metav1.ObjectMeta)
}

func (c *kubeClient) List(_ context.Context, into client.ObjectList, opts ...client.ListOption) error {
	var options client.ListOptions
	options.ApplyOptions(opts)
	if c.process.dead {
		return errGone
	}
	kind := c.sim.store.kindOf(into).Kind
	kind = kind[:len(kind)-len("List")]
	var items []runtime.Object
	for _, object := range listed(c.objects(), kind) {
		if options.Namespace != "" && object.GetNamespace() != options.Namespace {
			continue
		}
		if options.LabelSelector != nil && !options.LabelSelector.Matches(labels.Set(object.GetLabels())) {
			continue
		}
		item := copied(object)
		if _, partial := into.(*metav1.PartialObjectMetadataList); partial {
			items = append(items, &metav1.PartialObjectMetadata{ObjectMeta: *metaOf(item)})
			continue
		}
		items = append(items, item)
	}
	return meta.SetList(into, items)
}

// write makes a call that writes. Its effect returns the object as it is then.
func (c *kubeClient) write(verb string, id objectID, into client.Object, effect func() (client.Object, error)) error {
	fault := c.sim.gate.enter(c.process, "kube "+verb+" "+id.String(), true)
	if fault == throttled {
		c.sim.unsaid = c.sim.unsaid || id.kind == "EdgeGateway"
		return tooMany()
	}
	if !fault.effective() {
		return errGone
	}
	version := c.sim.store.version
	object, err := effect()
	c.sim.wrote(c.process, verb, id, c.sim.store.version != version)
	switch {
	case fault == lostReply:
		return errCut
	case fault == crashAfter:
		return errGone
	case err != nil:
		return err
	}
	if object != nil && into != nil {
		receive(into, object)
	}
	return nil
}

// receive gives a writer what the server answers.
func receive(into, object client.Object) {
	if u, ok := into.(*unstructured.Unstructured); ok {
		u.SetResourceVersion(object.GetResourceVersion())
		u.SetGeneration(object.GetGeneration())
		u.SetUID(object.GetUID())
		return
	}
	fill(into, object)
}

func (c *kubeClient) Create(_ context.Context, object client.Object, opts ...client.CreateOption) error {
	var options client.CreateOptions
	options.ApplyOptions(opts)
	return c.write("create", c.sim.store.identify(object), object, func() (client.Object, error) {
		typed, kind, err := c.typed(object)
		if err != nil {
			return nil, err
		}
		if typed, err = serverSide.created(kind, typed, options.FieldManager); err != nil {
			return nil, err
		}
		return c.sim.store.create(typed)
	})
}

// typed returns an object as its Go type, and its kind.
func (c *kubeClient) typed(object client.Object) (client.Object, schema.GroupVersionKind, error) {
	kind := c.sim.store.kindOf(object)
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return copied(object), kind, nil
	}
	made, err := c.sim.store.scheme.New(kind)
	if err != nil {
		return nil, kind, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, made, true); err != nil {
		return nil, kind, apierrors.NewBadRequest(err.Error())
	}
	return made.(client.Object), kind, nil
}

func (c *kubeClient) Update(_ context.Context, object client.Object, _ ...client.UpdateOption) error {
	if object.GetResourceVersion() == "" {
		panic("an update without a version is not modelled")
	}
	return c.write("update", c.sim.store.identify(object), object, func() (client.Object, error) { return c.sim.store.update(object, false) })
}

func (c *kubeClient) Delete(_ context.Context, object client.Object, opts ...client.DeleteOption) error {
	var options client.DeleteOptions
	options.ApplyOptions(opts)
	id := c.sim.store.identify(object)
	return c.write("delete", id, nil, func() (client.Object, error) { return nil, c.sim.store.delete(id, options.Preconditions) })
}

func (c *kubeClient) Patch(_ context.Context, object client.Object, patch client.Patch, _ ...client.PatchOption) error {
	return c.patch("patch", object, patch, false)
}

func (c *kubeClient) patch(verb string, object client.Object, patch client.Patch, status bool) error {
	data, err := patch.Data(object)
	if err != nil {
		return err
	}
	id := c.sim.store.identify(object)
	return c.write(verb, id, object, func() (client.Object, error) { return c.sim.store.patch(id, patch.Type(), data, status) })
}

// Apply is only used on what is there: see applyObject.
func (c *kubeClient) Apply(_ context.Context, configuration runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	var options client.ApplyOptions
	options.ApplyOptions(opts)
	// client.ApplyConfigurationFromUnstructured's value embeds the object.
	u, ok := reflect.ValueOf(configuration).Elem().FieldByName("Unstructured").Interface().(*unstructured.Unstructured)
	if !ok || options.Force == nil || !*options.Force {
		panic("only forced applies of unstructured objects are modelled")
	}
	kind := u.GroupVersionKind()
	id := c.sim.store.identify(u)
	return c.write("apply", id, u, func() (client.Object, error) {
		there, err := c.sim.store.get(id)
		if err != nil {
			return nil, err
		}
		made, err := serverSide.applied(kind, there, u, options.FieldManager)
		if err != nil {
			return nil, err
		}
		return c.sim.store.update(made, false)
	})
}

// Status returns the writer of statuses.
func (c *kubeClient) Status() client.SubResourceWriter { return statusWriter{c} }

type statusWriter struct{ *kubeClient }

func (w statusWriter) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	panic("not modelled")
}

func (w statusWriter) Update(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
	panic("not modelled")
}

func (w statusWriter) Apply(context.Context, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
	panic("not modelled")
}

func (w statusWriter) Patch(_ context.Context, object client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
	return w.patch("patch status of", object, patch, true)
}

func (c *kubeClient) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	panic("not modelled")
}

func (c *kubeClient) SubResource(string) client.SubResourceClient { panic("not modelled") }

func (c *kubeClient) Scheme() *runtime.Scheme { return c.sim.store.scheme }

func (c *kubeClient) RESTMapper() meta.RESTMapper { panic("not modelled") }

func (c *kubeClient) GroupVersionKindFor(object runtime.Object) (schema.GroupVersionKind, error) {
	return c.sim.store.kindOf(object), nil
}

func (c *kubeClient) IsObjectNamespaced(runtime.Object) (bool, error) { panic("not modelled") }
