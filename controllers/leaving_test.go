package controllers

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetesfake "k8s.io/client-go/kubernetes/fake"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	k8stesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/edgegateway/edgegateway/controllers/identity"
	"github.com/edgegateway/edgegateway/controllers/leaving"
	"github.com/edgegateway/edgegateway/edgeproxy/drain"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
)

// reviewed answers TokenReviews of tokens that read "namespace account pod audience", as an API server does: a token for another audience than
// those asked for is not authenticated.
func reviewed() *kubernetesfake.Clientset {
	api := kubernetesfake.NewClientset()
	api.PrependReactor("create", "tokenreviews", func(action k8stesting.Action) (bool, runtime.Object, error) {
		review := action.(k8stesting.CreateAction).GetObject().(*authenticationv1.TokenReview)
		if review.Spec.Token == "down" {
			return true, nil, errors.New("down")
		}
		parts := strings.Split(review.Spec.Token, " ")
		if len(parts) != 4 || len(review.Spec.Audiences) != 1 || parts[3] != review.Spec.Audiences[0] {
			return true, review, nil
		}
		review.Status = authenticationv1.TokenReviewStatus{
			Authenticated: true, Audiences: []string{parts[3]},
			User: authenticationv1.UserInfo{Username: "system:serviceaccount:" + parts[0] + ":" + parts[1], Extra: map[string]authenticationv1.ExtraValue{
				"authentication.kubernetes.io/pod-name": {parts[2]}, "authentication.kubernetes.io/pod-uid": {"uid"},
			}},
		}
		return true, review, nil
	})
	return api
}

// proxyPod is one of gateway web in namespace shop, with what the leader has written on it.
func proxyPod(name string, status corev1.ConditionStatus, reason string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{infra.GatewayLabel: "web"}},
		Spec:       corev1.PodSpec{ServiceAccountName: "web-edge"},
		Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
			{Type: corev1.PodReady, Status: corev1.ConditionTrue}, {Type: infra.Registered, Status: status, Reason: reason, Message: "why"},
		}},
	}
}

// theOperator serves what is known of these pods, by the authenticator of xDS.
func theOperator(t *testing.T, pods ...client.Object) (*httptest.Server, client.Client) {
	t.Helper()
	known := fake.NewClientBuilder().WithScheme(clientgoscheme.Scheme).WithStatusSubresource(&corev1.Pod{}).WithObjects(pods...).
		WithInterceptorFuncs(interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if key.Name == "unreadable" {
				return errors.New("down")
			}
			return c.Get(ctx, key, obj, opts...)
		}}).Build()
	served := httptest.NewTLSServer(&leaving.Server{Authenticate: identity.NewAuthenticator(reviewed()).Authenticate, Pods: known})
	t.Cleanup(served.Close)
	return served, known
}

func TestOnlyAProxyIsAnsweredAndOnlyAboutItself(t *testing.T) {
	stray := proxyPod("stray", corev1.ConditionTrue, infra.RegisteredServing)
	stray.Labels = nil
	borrowed := proxyPod("borrowed", corev1.ConditionTrue, infra.RegisteredServing)
	borrowed.Spec.ServiceAccountName = "other-edge"
	served, _ := theOperator(t, proxyPod("p", corev1.ConditionFalse, infra.RegisteredOut), stray, borrowed)
	cases := []struct {
		name, method, path, header string
		want                       int
	}{
		{"a proxy", "GET", leaving.Path, "Bearer " + tokenOf("shop", "web-edge", "p"), http.StatusOK},
		{"no token", "GET", leaving.Path, "", http.StatusUnauthorized},
		{"an empty token", "GET", leaving.Path, "Bearer ", http.StatusUnauthorized},
		{"another kind of credentials", "GET", leaving.Path, "Basic " + tokenOf("shop", "web-edge", "p"), http.StatusUnauthorized},
		{"a token for Kubernetes", "GET", leaving.Path, "Bearer shop web-edge p https://kubernetes.default.svc", http.StatusUnauthorized},
		{"a person's token", "GET", leaving.Path, "Bearer nonsense", http.StatusUnauthorized},
		{"a ServiceAccount that is no proxy's", "GET", leaving.Path, "Bearer " + tokenOf("shop", "default", "p"), http.StatusUnauthorized},
		{"a token of another gateway", "GET", leaving.Path, "Bearer " + tokenOf("shop", "other-edge", "p"), http.StatusForbidden},
		{"a token of a gateway of that name elsewhere", "GET", leaving.Path, "Bearer " + tokenOf("team", "web-edge", "p"), http.StatusOK},
		{"a pod that only uses the ServiceAccount", "GET", leaving.Path, "Bearer " + tokenOf("shop", "web-edge", "stray"), http.StatusForbidden},
		{"a pod with another ServiceAccount", "GET", leaving.Path, "Bearer " + tokenOf("shop", "web-edge", "borrowed"), http.StatusForbidden},
		{"tokens can't be reviewed", "GET", leaving.Path, "Bearer down", http.StatusServiceUnavailable},
		{"the pod can't be read", "GET", leaving.Path, "Bearer " + tokenOf("shop", "web-edge", "unreadable"), http.StatusServiceUnavailable},
		{"another path", "GET", "/v1/pods", "Bearer " + tokenOf("shop", "web-edge", "p"), http.StatusNotFound},
		{"another method", "POST", leaving.Path, "Bearer " + tokenOf("shop", "web-edge", "p"), http.StatusNotFound},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, answer := ask(t, served, c.method, c.path, c.header)
			if status != c.want {
				t.Errorf("answered %d, want %d", status, c.want)
			}
			if (answer.State == drain.Out) != (c.name == "a proxy") {
				t.Errorf("it is told %+v", answer)
			}
		})
	}
}

func tokenOf(namespace, account, pod string) string {
	return strings.Join([]string{namespace, account, pod, infra.TokenAudience}, " ")
}

func ask(t *testing.T, served *httptest.Server, method, path, header string) (int, drain.Answer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, served.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		request.Header.Set("Authorization", header)
	}
	response, err := served.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer drain.Answer
	_ = json.NewDecoder(response.Body).Decode(&answer) // an error's text is no answer
	return response.StatusCode, answer
}

func TestWhatAPodSaysIsAnswered(t *testing.T) {
	cases := map[string]drain.State{
		infra.RegisteredServing: drain.Serving, infra.RegisteredArriving: drain.Serving, infra.RegisteredLeaving: drain.Leaving,
		infra.RegisteredOut: drain.Out, infra.RegisteredWaived: drain.Unknown, "SomethingNew": drain.Unknown,
	}
	for reason, want := range cases {
		served, _ := theOperator(t, proxyPod("p", corev1.ConditionTrue, reason))
		if _, got := ask(t, served, "GET", leaving.Path, "Bearer "+tokenOf("shop", "web-edge", "p")); got.State != want || got.Message != "why" {
			t.Errorf("%s is answered by %+v, want %s", reason, got, want)
		}
	}
	silent := proxyPod("p", "", "")
	silent.Status.Conditions = nil
	served, _ := theOperator(t, silent)
	for _, pod := range []string{"p", "gone"} {
		if _, got := ask(t, served, "GET", leaving.Path, "Bearer "+tokenOf("shop", "web-edge", pod)); got.State != drain.Unknown {
			t.Errorf("of pod %q it is said %+v", pod, got)
		}
	}
}

// TestAProxyLeavesWhenItIsOut joins the hook and the operator: the hook goes on when the leader has written that the load balancer let go.
func TestAProxyLeavesWhenItIsOut(t *testing.T) {
	pod := proxyPod("p", corev1.ConditionTrue, infra.RegisteredLeaving)
	served, known := theOperator(t, pod)
	envoy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("listener.admin.downstream_cx_active: 1\n"))
	}))
	defer envoy.Close()
	dir := t.TempDir()
	operator := drain.Operator{URL: served.URL + leaving.Path, CAFile: filepath.Join(dir, "ca"), TokenFile: filepath.Join(dir, "token")}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: served.Certificate().Raw})
	if err := errors.Join(os.WriteFile(operator.CAFile, bundle, 0o600), os.WriteFile(operator.TokenFile, []byte(tokenOf("shop", "web-edge", "p")), 0o600)); err != nil {
		t.Fatal(err)
	}
	left := make(chan error, 1)
	go func() {
		left <- drain.Drain(t.Context(), drain.Config{
			Admin: strings.TrimPrefix(envoy.URL, "http://"), Operator: operator, LeaveTimeout: time.Hour, LoadBalancerWait: time.Hour,
			Timeout: time.Minute, Poll: 10 * time.Millisecond, Ask: 10 * time.Millisecond, Logf: t.Logf,
		})
	}()
	select {
	case err := <-left:
		t.Fatalf("it left while the load balancer had it: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	out := proxyPod("p", corev1.ConditionFalse, infra.RegisteredOut)
	if err := known.Status().Patch(t.Context(), out, client.StrategicMergeFrom(pod)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-left:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it has not left")
	}
}
