package edgegateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
)

// entrance is a gateway whose load balancer a test plays, in virtual time.
type entrance struct {
	t     *testing.T
	began time.Time
	r     *Reconciler
	round
	// down says when the load balancer sends nothing through; its checks arrive at the proxy from one time to another.
	down                 func(second float64) bool
	checksFrom, checksTo float64
	// asked is how often the proxy was asked what arrived.
	asked int
	stop  context.CancelFunc
}

func openEntrance(t *testing.T, down func(second float64) bool) *entrance {
	e := &entrance{t: t, began: time.Now(), round: goodRound(), down: down, checksTo: 1000}
	replicas := int32(1)
	e.in.deployment = &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &replicas}, Status: appsv1.DeploymentStatus{ReadyReplicas: 1}}
	e.in.service = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	e.in.pods = []corev1.Pod{proxyPod("web-a", "198.18.0.4")}
	e.in.vantages = []vantagePoint{{name: "client"}}
	e.startOperator()
	return e
}

func (e *entrance) second() float64 { return time.Since(e.began).Seconds() }

// startOperator starts one that knows nothing but what is in the gateway's status.
func (e *entrance) startOperator() {
	if e.stop != nil {
		e.stop()
		synctest.Wait()
	}
	node := "a"
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"198.18.0.4"}, NodeName: &node, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "web-a"}}},
	}
	e.r = &Reconciler{Reach: NewReach(nil), Health: NewHealth(fake.NewClientBuilder().WithScheme(clientgoscheme.Scheme).WithObjects(slice).Build())}
	e.r.Health.proxies.Transport = e
	e.r.Reach.probe = func(context.Context, prober.Request, []vantagePoint) finding {
		defer time.Sleep(17 * time.Millisecond) // so that nothing else happens at the moment at which it ends
		if e.down(e.second()) {
			return no(api.ReasonNoHealthyBackend, "closed at once")
		}
		return yes(api.ReasonReady, "well")
	}
	ctx, stop := context.WithCancel(e.t.Context())
	e.stop = stop
	go func() { _ = e.r.Reach.Start(ctx) }()
	go func() { _ = e.r.Health.Start(ctx) }()
}

// RoundTrip answers for the proxy: a check each three seconds.
func (e *entrance) RoundTrip(request *http.Request) (*http.Response, error) {
	defer time.Sleep(13 * time.Millisecond)
	e.asked++
	checks := max(0, int(min(e.second(), e.checksTo)-e.checksFrom+3)/3)
	text := fmt.Sprintf("envoy_listener_manager_total_listeners_active{} 4\nenvoy_http_health_check_request_total{envoy_http_conn_manager_prefix=\"health\"} %d\n", checks)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text)), Request: request}, nil
}

// until has the operator look at the gateway ten times a second until a time, and returns the times at which Ready changed, as "12.3 True".
func (e *entrance) until(second float64) []string {
	var changes []string
	for ; e.second() < second; time.Sleep(100 * time.Millisecond) {
		before := conditionOf(e.in.gateway.Status.Conditions, api.ConditionReady).Status
		e.in.gateway.Status = statusOf(e.in, e.out, e.r.view(e.in, e.out, nil))
		if now := conditionOf(e.in.gateway.Status.Conditions, api.ConditionReady); now.Status != before {
			changes = append(changes, fmt.Sprintf("%.1f %s %s", e.second(), now.Status, now.Reason))
		}
	}
	return changes
}

func (e *entrance) wantReady(until float64, want ...string) {
	e.t.Helper()
	if got := e.until(until); strings.Join(got, ", ") != strings.Join(want, ", ") {
		e.t.Errorf("until second %.0f, Ready was %v, want %v", until, got, want)
	}
}

// TestReadyIsNoSnapshot: a load balancer that took the proxies for well before it looked, and turns clients away for two seconds when it has.
func TestReadyIsNoSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(second float64) bool { return second >= 5 && second < 7 })
		defer e.stop()
		e.wantReady(40, "0.0 False Pending", "17.3 True Ready")
	})
}

func TestReadyWaitsForAHealthCheckThatArrivedAfterTheProxiesWereReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(float64) bool { return false })
		defer e.stop()
		e.checksFrom = 20
		if got := e.until(60); len(got) != 2 || got[1] != "20.3 True Ready" {
			t.Errorf("Ready was %v", got)
		}
	})
}

// TestReadyDoesNotCountAHealthCheckOfFormerProxies: those that arrived of late were answered by proxies that are gone.
func TestReadyDoesNotCountAHealthCheckOfFormerProxies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(second float64) bool { return second > 31 && second < 33 })
		defer e.stop()
		e.checksTo = 30
		e.until(30)
		e.in.pods = []corev1.Pod{proxyPod("web-b", "198.18.0.5")}
		e.wantReady(60, "32.1 False NoHealthyBackend")
	})
}

func TestTheProxiesAreAskedOftenWhileTheLoadBalancerSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(float64) bool { return false })
		defer e.stop()
		e.until(50)
		e.asked = 0
		e.until(60)
		if e.asked > 3 {
			t.Errorf("while nothing changed it was asked %d times in 10 s", e.asked)
		}
		e.in.pods = []corev1.Pod{proxyPod("web-b", "198.18.0.5")}
		e.asked = 0
		e.until(70)
		if e.asked < 5 {
			t.Errorf("after a change it was asked %d times in 10 s", e.asked)
		}
	})
}

func TestAReadyGatewayStaysReadyWhileItsProxiesChangeUnlessAProbeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := 0
		e := openEntrance(t, func(second float64) bool {
			if second > 200 {
				lost++
			}
			return second > 103 && second < 105 || lost == 1
		})
		defer e.stop()
		e.until(30)
		e.in.pods = append(e.in.pods, proxyPod("web-b", "198.18.0.5"))
		e.wantReady(100)
		e.in.pods = e.in.pods[:1]
		// One probe that fails just after a change counts at once, and what is ready next must have held.
		e.wantReady(180, "104.1 False NoHealthyBackend", "116.2 True Ready")
		// One that fails while nothing changes is no outage.
		e.wantReady(260)
		if lost < 2 {
			t.Error("nobody has probed after second 200")
		}
	})
}

func TestAReadyGatewayStaysReadyWhenTheOperatorRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(float64) bool { return false })
		defer func() { e.stop() }()
		e.until(30)
		e.startOperator()
		e.wantReady(60)
	})
}

func TestAGatewayThatNobodyProbesIsReadyWhenAllHasBeenInPlaceForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(float64) bool { return true })
		defer e.stop()
		e.in.vantages = nil
		e.wantReady(40, "0.0 False Pending", "9.0 True Ready")
	})
}

func TestAProviderThatKnowsItsTargetsIsNotAskedAtTheProxies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openEntrance(t, func(float64) bool { return false })
		defer e.stop()
		e.in.class.Spec.Provider, e.checksFrom = api.ProviderAWS, 1000
		e.out.Status.Healthy = providers.Verdict{State: providers.Pending}
		e.wantReady(5, "0.0 False Pending")
		e.out.Status.Healthy = providers.Verdict{State: providers.Ready}
		// It takes 10 s to settle since its first target became healthy, at second 5.
		e.wantReady(40, "15.2 True Ready")
	})
	if infra.HealthOf(api.ProviderAWS) == infra.DefaultHealth {
		t.Error("AWS checks as others do")
	}
}
