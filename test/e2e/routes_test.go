package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/load"
	"github.com/edgegateway/edgegateway/test/site"
)

// badCase is something wrong, and what its owner is told.
type badCase struct {
	Name string `json:"name"`
	// Objects to apply. Their API version follows from their kind, their namespace is shop unless they have one, and an HTTPRoute names
	// shop/web as its parent unless it names another.
	Objects []map[string]any `json:"objects"`
	// Listeners to add to the gateway bad/edge.
	Listeners []map[string]any `json:"listeners"`
	Want      []badWant        `json:"want"`
	// Ask what the good gateway's edge answers.
	Ask []struct {
		URL    string `json:"url"`
		Status int    `json:"status"`
	} `json:"ask"`
}

// badWant is what an object is told: by a condition that is False unless Status says otherwise or, without one, by an Event.
type badWant struct {
	// Of is the object: its kind, and its namespace and name.
	Of        string                 `json:"of"`
	Listener  string                 `json:"listener"`
	Condition string                 `json:"condition"`
	Status    metav1.ConditionStatus `json:"status"`
	Reason    string                 `json:"reason"`
	Says      []string               `json:"says"`
}

// badWorld is where the gateway bad/edge is: its good listener and the older route that holds a host come before all that is bad.
const badWorld = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: older, namespace: bad}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: edge}]
  hostnames: [held.bad.test]
  rules: [{backendRefs: [{name: echo, port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: bad}
spec:
  controller: edgegateway.dev/ingress
  parameters: {apiGroup: edgegateway.dev, kind: EdgeGateway, name: edge, namespace: bad, scope: Namespace}
`

// goodListener is the one of bad/edge that nothing is wrong with. It admits everyone.
const goodListener = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"

// TestBadRoutes applies everything at once that routes, Ingresses, listeners and Secrets can have wrong, most of it to the very gateway that
// clients use meanwhile. Each object says what is wrong and in which field; the good routes answer all the time.
func TestBadRoutes(t *testing.T) {
	s := newScene(t)
	var cases []badCase
	for _, file := range []string{"httproutes", "ingresses", "listeners"} {
		cases = append(cases, readBadCases(t, file)...)
	}
	if len(cases) < 25 {
		t.Fatalf("there are only %d cases", len(cases))
	}
	class := classManifest("bad", manualSpec+", hostnames: [{pattern: '*.bad.test'}, {pattern: '*.bank.test', namespaces: [bank]}]")
	s.apply(t, namespaceManifest("bad"), namespaceManifest("bad-other"), class, badWorld)
	before := s.goodConditions(t)
	clients := load.Start(s.goodLoad())
	t.Cleanup(func() { clients.Stop() })

	manifest := manifestOf(t, cases)
	s.apply(t, manifest)
	began := time.Now()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { s.tryBad(t, c) })
	}
	t.Logf("%d cases are told within %.1f s", len(cases), time.Since(began).Seconds())
	s.takeAway(t, manifest)
	time.Sleep(time.Second)
	report := clients.Stop()
	t.Log(report)
	if report.Failures > 0 || report.Attempts == 0 {
		t.Errorf("the good routes failed: %s", report)
	}
	if after := s.goodConditions(t); !maps.Equal(before, after) {
		t.Errorf("the good gateway's conditions were %v and are %v", before, after)
	}
}

// readBadCases reads a file of cases. "@name" stands for a file of the translation's own tests.
func readBadCases(t *testing.T, file string) []badCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/routes", file+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []badCase
	if err := yaml.UnmarshalStrict(text, &cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

// versions of the kinds in cases.
var versions = map[string]string{
	"HTTPRoute": "gateway.networking.k8s.io/v1", "Ingress": "networking.k8s.io/v1", "IngressClass": "networking.k8s.io/v1",
	"Service": "v1", "Secret": "v1",
}

// manifestOf is everything that the cases apply.
func manifestOf(t *testing.T, cases []badCase) string {
	t.Helper()
	listeners := []string{goodListener}
	var manifest strings.Builder
	for _, c := range cases {
		for _, object := range c.Objects {
			manifest.WriteString("---\n" + marshal(t, completed(t, object)))
		}
		for _, listener := range c.Listeners {
			text, err := yaml.YAMLToJSON([]byte(marshal(t, listener)))
			if err != nil {
				t.Fatal(err)
			}
			listeners = append(listeners, string(text))
		}
	}
	// The gateway comes first: its routes are then judged by what it is.
	good, err := site.NewCertificate("good.bad.test", "option.bad.test")
	if err != nil {
		t.Fatal(err)
	}
	return gatewayManifest("bad", "edge", "className: bad, listeners: ["+strings.Join(listeners, ", ")+"]") + good.Secret("bad", "good") + manifest.String()
}

// completed fills in what cases leave out.
func completed(t *testing.T, object map[string]any) map[string]any {
	t.Helper()
	kind := object["kind"].(string)
	object["apiVersion"] = versions[kind]
	metadata := object["metadata"].(map[string]any)
	if metadata["namespace"] == nil && kind != "IngressClass" {
		metadata["namespace"] = site.Namespace
	}
	if spec, ok := object["spec"].(map[string]any); ok && kind == "HTTPRoute" && spec["parentRefs"] == nil {
		spec["parentRefs"] = []any{map[string]any{"group": api.GroupVersion.Group, "kind": "EdgeGateway", "name": site.Gateway}}
	}
	data, _ := object["stringData"].(map[string]any)
	for key, value := range data {
		if file, named := strings.CutPrefix(value.(string), "@"); named {
			text, err := os.ReadFile(filepath.Join(repository, "edgeproxy/translate/testdata/certs", file))
			if err != nil {
				t.Fatal(err)
			}
			data[key] = string(text)
		}
	}
	return object
}

func marshal(t *testing.T, object map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *scene) tryBad(t *testing.T, c badCase) {
	if len(c.Want) == 0 {
		t.Fatal("the case wants nothing")
	}
	for _, want := range c.Want {
		kind, object, _ := strings.Cut(want.Of, " ")
		namespace, name, _ := strings.Cut(object, "/")
		status := want.Status
		if status == "" {
			status = metav1.ConditionFalse
		}
		tells := told{want.Condition, status, want.Reason, want.Says}
		switch {
		case want.Condition == "":
			s.event(t, kind, namespace, name, want.Reason, want.Says...)
		case kind == "HTTPRoute":
			s.route(t, namespace, name, tells)
		default:
			s.listener(t, namespace, name, want.Listener, tells)
		}
	}
	for _, ask := range c.Ask {
		got, err := s.status(t.Context(), ask.URL)
		if err != nil || got != ask.Status {
			t.Errorf("%s is answered by %d (%v), want %d", ask.URL, got, err, ask.Status)
		}
	}
}

// tellLimit is how long it may take until somebody is told.
const tellLimit = 20 * time.Second

// route fails the test unless our status of one of a route's parents tells it before long.
func (s *scene) route(t *testing.T, namespace, name string, want told) {
	t.Helper()
	err := site.Until(t.Context(), tellLimit, func(ctx context.Context) error {
		var route gatewayv1.HTTPRoute
		if err := s.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &route); err != nil {
			return err
		}
		err := errors.New("its status has no parent of ours")
		for _, parent := range route.Status.Parents {
			if parent.ControllerName != translate.ControllerName {
				continue
			}
			if err = want.check(parent.Conditions, route.Generation); err == nil {
				return nil
			}
		}
		return err
	})
	if err != nil {
		t.Errorf("HTTPRoute %s/%s: %v", namespace, name, err)
	}
}

// listener fails the test unless the status of a gateway's listener tells it before long.
func (s *scene) listener(t *testing.T, namespace, name, listener string, want told) {
	t.Helper()
	err := site.Until(t.Context(), tellLimit, func(ctx context.Context) error {
		var gateway api.EdgeGateway
		if err := s.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &gateway); err != nil {
			return err
		}
		for _, status := range gateway.Status.Listeners {
			if string(status.Name) == listener {
				return want.check(status.Conditions, gateway.Generation)
			}
		}
		return errors.New("its status has no such listener")
	})
	if err != nil {
		t.Errorf("listener %s of gateway %s/%s: %v", listener, namespace, name, err)
	}
}

// event fails the test unless an Event about an object tells it before long.
func (s *scene) event(t *testing.T, kind, namespace, name, reason string, says ...string) {
	t.Helper()
	err := site.Until(t.Context(), tellLimit, func(ctx context.Context) error {
		var events eventsv1.EventList
		if err := s.client.List(ctx, &events, client.InNamespace(namespace)); err != nil {
			return err
		}
		var notes []string
		for _, event := range events.Items {
			if event.Regarding.Kind != kind || event.Regarding.Name != name {
				continue
			}
			if event.Reason == reason && containsAll(event.Note, says) {
				return nil
			}
			notes = append(notes, event.Reason+": "+event.Note)
		}
		return fmt.Errorf("no Event is %s and says %q; there are %q", reason, says, notes)
	})
	if err != nil {
		t.Errorf("%s %s/%s: %v", kind, namespace, name, err)
	}
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// status is that of the answer to a request which comes from the client's host to the good gateway's address, whatever the URL's host is.
func (s *scene) status(ctx context.Context, address string) (int, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return 0, err
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.Host(cluster.ClientHost).DialContext(ctx, network, net.JoinHostPort(site.Address.String(), "80"))
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, parsed.String(), nil)
	if err != nil {
		return 0, err
	}
	response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(request)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Body.Close()
}

// goodLoad asks by HTTPRoute and Ingress, HTTP and HTTPS.
func (s *scene) goodLoad() load.Config {
	config := load.Config{Rate: 50, Dial: s.Host(cluster.ClientHost).DialContext, Kinds: []load.Kind{load.KeepAlive, load.NewConnection, load.HTTP2}}
	for _, name := range []string{site.WWW, site.API} {
		config.Targets = append(config.Targets,
			load.Target{Address: net.JoinHostPort(site.Address.String(), "80"), URL: "http://" + name + "/"},
			load.Target{Address: net.JoinHostPort(site.Address.String(), "443"), URL: "https://" + name + "/", TLS: site.Trust(name, opened.certificate)})
	}
	return config
}

// goodConditions are those of the good gateway, with the times since when they are so.
func (s *scene) goodConditions(t *testing.T) map[string]string {
	t.Helper()
	if err := s.GatewayIs(t.Context(), 30*time.Second, api.ConditionReady, "True", ""); err != nil {
		t.Fatal(err)
	}
	var gateway api.EdgeGateway
	if err := s.client.Get(t.Context(), client.ObjectKey{Namespace: site.Namespace, Name: site.Gateway}, &gateway); err != nil {
		t.Fatal(err)
	}
	conditions := map[string]string{}
	for _, c := range gateway.Status.Conditions {
		conditions[c.Type] = fmt.Sprintf("%s since %s", c.Status, c.LastTransitionTime.UTC().Format(time.TimeOnly))
	}
	return conditions
}
