package routing

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// secretAPI is an API server that has one Secret, and lets it be read and watched by name. Anything else fails the test.
type secretAPI struct {
	t *testing.T

	mu sync.Mutex
	// present is the Secret now, nil for none, and failure what reads get instead.
	present  *corev1.Secret
	failure  *apierrors.StatusError
	watchers map[chan metav1.WatchEvent]bool
	reads    int
}

func newSecretAPI(t *testing.T) (*secretAPI, *kubernetes.Clientset) {
	t.Helper()
	a := &secretAPI{t: t, watchers: map[chan metav1.WatchEvent]bool{}}
	served := httptest.NewServer(a)
	t.Cleanup(served.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: served.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	if err != nil {
		t.Fatal(err)
	}
	return a, client
}

func (a *secretAPI) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	switch {
	case request.Method == http.MethodGet && strings.HasSuffix(request.URL.Path, "/namespaces/team/secrets/late"):
		a.read(w)
	case request.Method == http.MethodGet && query.Get("watch") != "" && query.Get("fieldSelector") == "metadata.name=late":
		a.watch(w, request, query.Get("resourceVersion"))
	default:
		a.t.Errorf("%s %s is not for us to ask", request.Method, request.URL)
		w.WriteHeader(http.StatusForbidden)
	}
}

func (a *secretAPI) read(w http.ResponseWriter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reads++
	failure := a.failure
	if failure == nil && a.present == nil {
		failure = apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, "late")
	}
	w.Header().Set("Content-Type", "application/json")
	if failure != nil {
		w.WriteHeader(int(failure.ErrStatus.Code))
		_ = json.NewEncoder(w).Encode(failure.ErrStatus)
		return
	}
	_ = json.NewEncoder(w).Encode(a.present)
}

func (a *secretAPI) watch(w http.ResponseWriter, request *http.Request, version string) {
	events := make(chan metav1.WatchEvent, 16)
	a.mu.Lock()
	if a.present != nil && version != a.present.ResourceVersion {
		events <- eventOf("ADDED", a.present)
	}
	a.watchers[events] = true
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.watchers, events)
		a.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	for {
		select {
		case <-request.Context().Done():
			return
		case event, open := <-events:
			if !open {
				return
			}
			_ = json.NewEncoder(w).Encode(event)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

func eventOf(kind string, secret *corev1.Secret) metav1.WatchEvent {
	event := metav1.WatchEvent{Type: kind}
	text, err := json.Marshal(secret)
	if err != nil {
		panic(err)
	}
	event.Object.Raw = text
	return event
}

// become changes the Secret, nil deletes it.
func (a *secretAPI) become(kind string, secret *corev1.Secret) {
	a.mu.Lock()
	defer a.mu.Unlock()
	about := secret
	if secret == nil {
		about = a.present
	}
	a.present = secret
	for events := range a.watchers {
		events <- eventOf(kind, about)
	}
}

func (a *secretAPI) watching() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.watchers)
}

func (a *secretAPI) fail(err *apierrors.StatusError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failure = err
}

func lateSecret(version, content string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "late", ResourceVersion: version, Annotations: map[string]string{"last-applied": content}},
		Data:       map[string][]byte{"tls.crt": []byte(content)},
	}
}

// heard is what a sink was given: "unread", "missing" or the content.
type heard struct {
	mu   sync.Mutex
	said map[store.Name]string
}

func (h *heard) SetSecret(secret store.Name, object *corev1.Secret) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said[secret] = "missing"
	if object != nil {
		h.said[secret] = string(object.Data["tls.crt"])
		if object.Annotations != nil {
			h.said[secret] = "annotated"
		}
	}
	return true
}

func (h *heard) DropSecret(secret store.Name) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.said, secret)
}

func (h *heard) now(secret store.Name) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if said, known := h.said[secret]; known {
		return said
	}
	return "unread"
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it does not come to pass: %s", what)
}

var late = store.Name{Namespace: "team", Name: "late"}

func TestASecretIsFollowedByName(t *testing.T) {
	api, client := newSecretAPI(t)
	sink := &heard{said: map[store.Name]string{}}
	w := newSecretWatcher(client.CoreV1(), sink, func() {})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w.Want(ctx, []store.Name{late})
	hears := func(content string) {
		t.Helper()
		eventually(t, "hears "+content, func() bool { return sink.now(late) == content })
	}
	hears("missing")
	eventually(t, "watches", func() bool { return api.watching() == 1 })
	api.become("ADDED", lateSecret("5", "one"))
	hears("one")
	api.become("MODIFIED", lateSecret("6", "two"))
	hears("two")
	api.become("DELETED", nil)
	hears("missing")
	api.become("ADDED", lateSecret("9", "three"))
	hears("three")
	w.Want(ctx, nil)
	eventually(t, "the watch ends", func() bool { return api.watching() == 0 })
	if got := sink.now(late); got != "unread" {
		t.Errorf("a secret that is not wanted is %q", got)
	}
}

func TestASecretThatCantBeReadIsNotMissing(t *testing.T) {
	api, client := newSecretAPI(t)
	api.fail(apierrors.NewInternalError(context.DeadlineExceeded))
	sink := &heard{said: map[store.Name]string{}}
	w := newSecretWatcher(client.CoreV1(), sink, func() {})
	w.Want(t.Context(), []store.Name{late})
	eventually(t, "it is tried", func() bool { api.mu.Lock(); defer api.mu.Unlock(); return api.reads >= 1 })
	if got := sink.now(late); got != "unread" {
		t.Errorf("it is %q", got)
	}
	api.mu.Lock()
	api.present, api.failure = lateSecret("5", "one"), nil
	api.mu.Unlock()
	eventually(t, "it is tried again", func() bool { return sink.now(late) == "one" })
}

func TestABrokenWatchTakesNothingAway(t *testing.T) {
	api, client := newSecretAPI(t)
	api.become("ADDED", lateSecret("5", "one"))
	sink := &heard{said: map[store.Name]string{}}
	w := newSecretWatcher(client.CoreV1(), sink, func() {})
	w.Want(t.Context(), []store.Name{late})
	eventually(t, "it is watched", func() bool { return api.watching() == 1 && sink.now(late) == "one" })
	api.mu.Lock()
	api.failure = apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "late", nil)
	for events := range api.watchers {
		close(events)
		delete(api.watchers, events)
	}
	reads := api.reads
	api.mu.Unlock()
	eventually(t, "it is read again", func() bool { api.mu.Lock(); defer api.mu.Unlock(); return api.reads > reads })
	if got := sink.now(late); got != "one" {
		t.Errorf("it is %q", got)
	}
}

func TestANameThatNoSecretCanHaveIsMissing(t *testing.T) {
	_, client := newSecretAPI(t)
	sink := &heard{said: map[store.Name]string{}}
	w := newSecretWatcher(client.CoreV1(), sink, func() {})
	var odd []store.Name
	for _, text := range []string{"..", "a/b", "a%2fb"} {
		odd = append(odd, store.Name{Namespace: "team", Name: text})
	}
	w.Want(t.Context(), odd)
	for _, secret := range odd {
		eventually(t, secret.Name+" is missing", func() bool { return sink.now(secret) == "missing" })
	}
}
