package edgegateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
)

// proxyThat answers for every proxy: each time that it is asked, one more check has arrived.
type proxyThat struct{ asked atomic.Int64 }

func (p *proxyThat) RoundTrip(request *http.Request) (*http.Response, error) {
	text := fmt.Sprintf("envoy_listener_manager_total_listeners_active{} 4\nenvoy_http_health_check_request_total{envoy_http_conn_manager_prefix=\"health\"} %d\n", p.asked.Add(1))
	if request.URL.Host != "198.18.0.4:19002" || request.URL.Path != "/stats/prometheus" {
		return nil, fmt.Errorf("asked at %s", request.URL)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text)), Request: request}, nil
}

func TestHealthWakesTheReconcilerWhenChecksArrive(t *testing.T) {
	synctest.Test(t, healthWakesTheReconciler)
}

func healthWakesTheReconciler(t *testing.T) {
	node := "a"
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"198.18.0.4"}, NodeName: &node, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "web-a"}}},
	}
	h := NewHealth(fake.NewClientBuilder().WithScheme(clientgoscheme.Scheme).WithObjects(slice).Build())
	h.proxies.Transport = &proxyThat{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Start(ctx) }()

	r := goodRound()
	r.in.service = &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: infra.HealthPort, NodePort: 30003}}},
	}
	if first := h.look(r.in, r.out, time.Time{}); first.ok || first.reason != api.ReasonPending {
		t.Errorf("before anything was read it says %+v", first)
	}
	select {
	case woken := <-h.changed:
		if woken.Object.GetNamespace() != "shop" || woken.Object.GetName() != "web" {
			t.Errorf("woke %v", woken.Object)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was woken")
	}
	if now := h.look(r.in, r.out, time.Time{}); !now.ok {
		t.Errorf("with a check at each reading it says %+v", now)
	}

	r.out.Status.Provisioned = providers.Verdict{State: providers.Waiting}
	if v := h.look(r.in, r.out, time.Time{}); v.ok || len(h.asked) != 0 {
		t.Errorf("without a load balancer it says %+v and asks %d", v, len(h.asked))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHealthIsTheProvidersWhereItKnows(t *testing.T) {
	h, r := NewHealth(nil), goodRound()
	r.out.Status.Healthy = providers.Verdict{State: providers.Failed, Reason: "Unhealthy", Message: "1 of 2 targets"}
	if v := h.look(r.in, r.out, time.Time{}); v.ok || v.reason != "Unhealthy" || len(h.asked) != 0 {
		t.Errorf("got %+v", v)
	}
}

func TestWhatWasMeasuredOutlivesTheOperator(t *testing.T) {
	r := goodRound()
	r.in.service = &corev1.Service{}
	set := func(generation int64) {
		r.in.gateway.Status.Conditions = []metav1.Condition{{Type: api.ConditionBackendsHealthy, Status: metav1.ConditionTrue, Reason: api.ReasonReady, ObservedGeneration: generation}}
	}
	set(r.in.gateway.Generation)
	if v := NewHealth(nil).look(r.in, r.out, time.Time{}); !v.ok {
		t.Errorf("of this generation: %+v", v)
	}
	set(r.in.gateway.Generation - 1)
	if v := NewHealth(nil).look(r.in, r.out, time.Time{}); v.ok {
		t.Errorf("of another generation: %+v", v)
	}
}
