package edgegateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// fieldManager is who we are to server-side apply.
const fieldManager = "edgegateway"

// applyObject makes an object as it is wanted, unless one of that name is not the gateway's. What was applied and has not changed since
// is left alone.
func (r *Reconciler) applyObject(ctx context.Context, gateway *api.EdgeGateway, wanted *unstructured.Unstructured) error {
	kind := wanted.GroupVersionKind()
	there := &metav1.PartialObjectMetadata{}
	there.SetGroupVersionKind(kind)
	key := client.ObjectKeyFromObject(wanted)
	err := r.Live.Get(ctx, key, there)
	switch {
	case apierrors.IsNotFound(err):
		// Created and not applied, so that a stranger's object which appears just now is not taken over.
		if err := r.Client.Create(ctx, wanted, client.FieldOwner(fieldManager)); err != nil {
			return fmt.Errorf("creating %s %s: %w", kind.Kind, key, err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("reading %s %s: %w", kind.Kind, key, err)
	case !ownedBy(there, gateway.UID):
		return &takenError{kind: kind.Kind, namespace: key.Namespace, name: key.Name}
	}
	id := applicationID{gateway: client.ObjectKeyFromObject(gateway), kind: kind.Kind, name: key.Name}
	digest := digestOf(wanted.Object)
	if r.applied.same(id, digest, there.Generation, there.ResourceVersion) {
		return nil
	}
	if err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(wanted), client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("applying %s %s: %w", kind.Kind, key, err)
	}
	r.applied.note(id, application{digest: digest, generation: wanted.GetGeneration(), version: wanted.GetResourceVersion()})
	return nil
}

// deleteObject deletes the gateway's own object of that kind and name, if there is one.
func (r *Reconciler) deleteObject(ctx context.Context, gateway *api.EdgeGateway, object client.Object) error {
	kind, err := apiutil.GVKForObject(object, r.Client.Scheme())
	if err != nil {
		return fmt.Errorf("finding the kind of %T: %w", object, err)
	}
	there := &metav1.PartialObjectMetadata{}
	there.SetGroupVersionKind(kind)
	key := client.ObjectKeyFromObject(object)
	if err := r.Live.Get(ctx, key, there); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !ownedBy(there, gateway.UID) {
		return nil
	}
	uid := there.GetUID()
	if err := r.Client.Delete(ctx, there, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting %s %s: %w", kind.Kind, key, err)
	}
	return nil
}

// applications remembers what was applied, so that a settled gateway makes no writes. It is lost with the process, which costs one
// write that changes nothing.
type applications struct {
	mu    sync.Mutex
	known map[applicationID]application
}

type applicationID struct {
	gateway    types.NamespacedName
	kind, name string
}

type application struct {
	digest string
	// generation that resulted, or, for kinds without one, the version.
	generation int64
	version    string
}

func (a *applications) same(id applicationID, digest string, generation int64, version string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	last, known := a.known[id]
	if !known || last.digest != digest {
		return false
	}
	if last.generation != 0 {
		return last.generation == generation
	}
	return last.version == version
}

func (a *applications) note(id applicationID, done application) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil {
		a.known = map[applicationID]application{}
	}
	a.known[id] = done
}

func (a *applications) forget(gateway types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.known {
		if id.gateway == gateway {
			delete(a.known, id)
		}
	}
}

func digestOf(object map[string]any) string {
	// Maps are encoded in the order of their keys, so that equal objects have equal digests.
	encoded, err := json.Marshal(object)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// manages reports whether our applied fields include the one with this path, in the form of managedFields. It is pure.
func manages(entries []metav1.ManagedFieldsEntry, path ...string) bool {
	for _, entry := range entries {
		if entry.Manager != fieldManager || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if _, found, _ := unstructured.NestedFieldNoCopy(fields, path...); found {
			return true
		}
	}
	return false
}
