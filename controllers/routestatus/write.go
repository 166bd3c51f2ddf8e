package routestatus

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes/status,verbs=patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses/status,verbs=patch
// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways/status,verbs=patch

// write brings an object's status to what it should be, and emits its problems. It writes nothing where nothing differs.
func (s *Statuses) write(ctx context.Context, source ir.Source) error {
	kind, followed := store.KindNamed(source.Kind)
	desired, grace, known := s.desiredOf(source)
	if !known || !followed || kind.Status == nil {
		return nil
	}
	object := kind.New()
	if err := s.client.Get(ctx, client.ObjectKey{Namespace: source.Namespace, Name: source.Name}, object); err != nil {
		if apierrors.IsNotFound(err) {
			s.dropEmitted(source)
			return nil
		}
		return fmt.Errorf("reading %s: %w", describe(source), err)
	}
	before := object.DeepCopyObject().(client.Object)
	if kind.Status.Set(object, desired, grace, s.now()) {
		s.again(source, grace)
	}
	if !equality.Semantic.DeepEqual(before, object) {
		if err := s.patch(ctx, kind, object, before); err != nil {
			return fmt.Errorf("writing the status of %s: %w", describe(source), err)
		}
	}
	if desired != nil && !desired.Undecided {
		s.emit(source, object, desired.Problems)
	}
	return nil
}

// desiredOf returns what an object's status should say, nil for nothing, and the grace that it has. It is not known before everything
// has been translated once.
func (s *Statuses) desiredOf(source ir.Source) (desired *store.Desired, grace store.Grace, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, wanted := s.desired[source]
	now := s.now()
	grace = store.Grace{Fresh: now.Sub(s.leadsFrom) < freshFor, Brief: now.Sub(found.since) < briefFor}
	if wanted {
		desired = &found.Desired
	}
	return desired, grace, s.swept
}

// again has an object looked at once more when a lag would no longer be brief, or the leader no longer fresh.
func (s *Statuses) again(source ir.Source, grace store.Grace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := briefFor
	if !grace.Brief {
		wait = freshFor
	}
	s.queue.AddAfter(source, wait)
}

// patch sends what differs. Where others write to the same list, which is one value to the API, the patch fails if the object is not as
// it was read, and what is read next is merged anew.
func (s *Statuses) patch(ctx context.Context, kind store.Kind, object, before client.Object) error {
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if kind.Status.Exclusive {
		patch = client.MergeFrom(before)
	}
	return client.IgnoreNotFound(s.client.Status().Patch(ctx, object, patch))
}

// failed logs what went wrong. That somebody else wrote at the same time is no news.
func (s *Statuses) failed(ctx context.Context, source ir.Source, err error) {
	if apierrors.IsConflict(err) || ctx.Err() != nil {
		return
	}
	ctrl.LoggerFrom(ctx).Error(err, "writing statuses", "object", describe(source))
}

func describe(source ir.Source) string {
	return source.Kind + " " + source.Namespace + "/" + source.Name
}
