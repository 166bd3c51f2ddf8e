package routing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;watch

const (
	// firstPause and longestPause between attempts to follow a Secret that fail.
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	// steady is how long a Secret is followed before that counts as a success.
	steady = 10 * time.Second
	// deniedFor is how long the API must refuse a Secret that was never read before it is taken for missing: an API server that
	// starts refuses everything for a moment.
	deniedFor = 30 * time.Second
	// reads at a time: a restart with many Secrets is no storm.
	reads = 16
)

// secretSink takes in what is found: a Store's part of it.
type secretSink interface {
	SetSecret(secret store.Name, object *corev1.Secret) bool
	DropSecret(secret store.Name)
}

// secretWatcher follows Secrets by name, one watch each, as long as they are wanted. It never lists.
type secretWatcher struct {
	client corev1client.SecretsGetter
	sink   secretSink
	// changed is called when the sink said that something matters. It must return at once.
	changed func()
	turns   chan struct{}

	mu        sync.Mutex
	following map[store.Name]*following
}

// following is the work on one Secret. Only while it is the watcher's present one does it hand anything on.
type following struct {
	stop context.CancelFunc
	// delivered reports whether something was handed on of it. Its own goroutine's.
	delivered bool
}

func newSecretWatcher(client corev1client.SecretsGetter, sink secretSink, changed func()) *secretWatcher {
	return &secretWatcher{client: client, sink: sink, changed: changed, turns: make(chan struct{}, reads), following: map[store.Name]*following{}}
}

// Want has exactly these Secrets followed, until ctx ends. One that is no longer wanted is dropped.
func (w *secretWatcher) Want(ctx context.Context, secrets []store.Name) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wanted := map[store.Name]bool{}
	for _, secret := range secrets {
		wanted[secret] = true
		if w.following[secret] != nil {
			continue
		}
		ctx, stop := context.WithCancel(ctx)
		f := &following{stop: stop}
		w.following[secret] = f
		go w.follow(ctx, secret, f)
	}
	for secret, f := range w.following {
		if !wanted[secret] {
			f.stop()
			delete(w.following, secret)
			w.sink.DropSecret(secret)
		}
	}
}

// deliver hands a Secret on, nil for one that does not exist, unless it is no longer wanted.
func (w *secretWatcher) deliver(secret store.Name, f *following, object *corev1.Secret) {
	f.delivered = true
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.following[secret] != f {
		return
	}
	if object != nil {
		// kubectl's annotation holds all of it once more.
		object.ManagedFields, object.Annotations = nil, nil
	}
	if w.sink.SetSecret(secret, object) {
		w.changed()
	}
}

// follow reads and watches a Secret again and again, until ctx ends.
func (w *secretWatcher) follow(ctx context.Context, secret store.Name, f *following) {
	pause := firstPause
	start := time.Now()
	for {
		began := time.Now()
		err := w.once(ctx, secret, f)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= steady {
			pause = firstPause
		}
		if err != nil {
			// Messages of the API name the object, never its content.
			ctrl.LoggerFrom(ctx).Info("following a secret failed", "secret", secret, "error", err.Error())
		}
		if !f.delivered && denied(err) && time.Since(start) >= deniedFor {
			w.deliver(secret, f, nil)
		}
		select {
		case <-ctx.Done():
			return
		// Not in step with all the others.
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
		pause = min(2*pause, longestPause)
	}
}

// denied reports whether an error says that this operator can't have the Secret, and not only that it could not be read now.
func denied(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) || apierrors.IsInvalid(err)
}

// once reads a Secret and follows it from there until its watch ends, which is no error.
//
// The watch begins where the read ended, so that nothing comes twice or backwards. For a Secret that is not there it begins with what
// there is by then: its first event, if any, is that the Secret was made.
func (w *secretWatcher) once(ctx context.Context, secret store.Name, f *following) error {
	if !validName(secret.Name) {
		w.deliver(secret, f, nil)
		<-ctx.Done()
		return nil
	}
	client := w.client.Secrets(secret.Namespace)
	object, err := w.read(ctx, secret)
	version := ""
	switch {
	case apierrors.IsNotFound(err):
		w.deliver(secret, f, nil)
	case err != nil:
		return fmt.Errorf("reading secret %s: %w", secret, err)
	default:
		version = object.ResourceVersion
		w.deliver(secret, f, object)
	}
	events, err := client.Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector(metav1.ObjectNameField, secret.Name).String(),
		ResourceVersion: version,
	})
	if err != nil {
		return fmt.Errorf("watching secret %s: %w", secret, err)
	}
	defer events.Stop()
	for event := range events.ResultChan() {
		object, isSecret := event.Object.(*corev1.Secret)
		switch {
		case event.Type == watch.Error:
			return fmt.Errorf("watching secret %s: %w", secret, apierrors.FromObject(event.Object))
		case !isSecret || object.Name != secret.Name:
		case event.Type == watch.Deleted:
			w.deliver(secret, f, nil)
		case event.Type == watch.Added || event.Type == watch.Modified:
			w.deliver(secret, f, object.DeepCopy())
		}
	}
	return nil
}

// read reads a Secret when it is its turn.
func (w *secretWatcher) read(ctx context.Context, secret store.Name) (*corev1.Secret, error) {
	select {
	case w.turns <- struct{}{}:
		defer func() { <-w.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return w.client.Secrets(secret.Namespace).Get(ctx, secret.Name, metav1.GetOptions{})
}

// validName reports whether an object can have this name at all: listeners may name what the API would not even look for.
func validName(text string) bool {
	forbidden := func(r rune) bool { return r == '/' || r == '%' }
	return text != "" && text != "." && text != ".." && !slices.ContainsFunc([]rune(text), forbidden)
}
