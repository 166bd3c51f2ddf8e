package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

func TestDefaultsAreFilledIn(t *testing.T) {
	c := needCluster(t).client(t)
	for name, test := range map[string]struct{ object, want string }{
		"EdgeGateway": {
			`{kind: EdgeGateway, metadata: {name: defaults, namespace: default}, spec: {
				proxy: {autoscaling: {maxReplicas: 9}},
				listeners: [{name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: tls}]}}]}}`,
			`{ipFamilies: [IPv4], routing: {mode: Pods},
				proxy: {autoscaling: {minReplicas: 2, maxReplicas: 9, targetCPUPercent: 70}},
				listeners: [{name: https, protocol: HTTPS, port: 443, allowedRoutes: {namespaces: {from: Same}},
					tls: {mode: Terminate, certificateRefs: [{name: tls, group: "", kind: Secret}]}}]}`,
		},
		"EdgeGatewayClass of provider manual": {
			`{kind: EdgeGatewayClass, metadata: {name: defaults}, spec: {
				provider: manual, manual: {addressRanges: [203.0.113.0/24]}, dns: {provider: route53, zones: [example.com]}}}`,
			`{provider: manual, manual: {addressRanges: [203.0.113.0/24], proxyProtocol: V2}, reclaimPolicy: Delete, changePolicy: Automatic,
				driftPolicy: Repair, dns: {provider: route53, zones: [example.com], ttlSeconds: 60}}`,
		},
		"EdgeGatewayClass of provider gcp": {
			`{kind: EdgeGatewayClass, metadata: {name: defaults}, spec: {provider: gcp, gcp: {project: shop-1, region: europe-west4}}}`,
			`{provider: gcp, gcp: {project: shop-1, region: europe-west4, network: default}, reclaimPolicy: Delete, changePolicy: Automatic,
				driftPolicy: Repair}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			object := parseObject(t, test.object)
			if err := c.Create(t.Context(), object, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			want := parseObject(t, "{kind: Want, spec: "+test.want+"}")
			if diff := gocmp.Diff(want.Object["spec"], object.Object["spec"]); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

// parseObject reads an object of our API.
func parseObject(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	json, err := yaml.YAMLToJSON([]byte(strings.ReplaceAll(text, "\t", " ")))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(json); err != nil {
		t.Fatal(err)
	}
	object.SetAPIVersion(api.GroupVersion.String())
	return object
}

func TestUsersMayChangeTheirMinds(t *testing.T) {
	c := needCluster(t).client(t)
	for kind, path := range caseFiles {
		t.Run(kind, func(t *testing.T) {
			cases := readCases(t, path)
			object := cases.object(nil)
			object.SetName("updates")
			create(t, c, object)
			for _, change := range cases.Updates {
				object.Object = merge(object.Object, deepCopy(change))
				if err := c.Update(t.Context(), object); err != nil {
					t.Fatalf("%v: %v", change, err)
				}
			}
		})
	}
}

// TestColumnsTellTheStory reads what kubectl get prints of a gateway and a class with a status.
func TestColumnsTellTheStory(t *testing.T) {
	w := needCluster(t)
	c := w.client(t)
	class := &api.EdgeGatewayClass{ObjectMeta: metav1.ObjectMeta{Name: "columns"}, Spec: api.EdgeGatewayClassSpec{
		Provider: api.ProviderManual, Manual: &api.ManualSettings{AddressRanges: []string{"203.0.113.0/24"}},
		Default: true, DNS: &api.DNSSettings{Provider: api.DNSRoute53, Zones: []string{"example.com"}},
	}}
	create(t, c, class)
	class.Status.Conditions = []metav1.Condition{condition(api.ConditionAccepted, metav1.ConditionTrue, api.ReasonAccepted)}
	gateway := &api.EdgeGateway{ObjectMeta: metav1.ObjectMeta{Name: "columns", Namespace: "default"}, Spec: api.EdgeGatewaySpec{
		Hostnames: []string{"shop.example.com", "www.example.com"},
		Listeners: []gatewayv1.Listener{{Name: "http", Protocol: gatewayv1.HTTPProtocolType, Port: 80}},
	}}
	create(t, c, gateway)
	gateway.Status = api.EdgeGatewayStatus{ClassName: "columns",
		Addresses: []api.StatusAddress{{Value: "203.0.113.10", Family: api.IPv4}, {Value: "2001:db8::10", Family: api.IPv6}},
		Conditions: []metav1.Condition{
			condition(api.ConditionAccepted, metav1.ConditionTrue, api.ReasonAccepted),
			condition(api.ConditionReady, metav1.ConditionFalse, api.ReasonNotReady),
		}}
	for _, object := range []client.Object{class, gateway} {
		if err := c.Status().Update(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	for resource, want := range map[string][][]string{
		"eg": {
			{"NAME", "CLASS", "ADDRESS", "HOSTNAME", "READY", "REASON", "AGE"},
			{"columns", "columns", "203.0.113.10", "shop.example.com", "False", "NotReady"},
		},
		"egc": {
			{"NAME", "PROVIDER", "DNS", "DEFAULT", "ACCEPTED", "AGE"},
			{"columns", "manual", "route53", "true", "True"},
		},
	} {
		text, err := output(w.kubectl(t.Context(), "get", resource, "columns", "-n", "default"))
		if err != nil {
			t.Fatal(err)
		}
		header, row, _ := strings.Cut(strings.TrimSpace(text), "\n")
		got := [][]string{strings.Fields(header), strings.Fields(row)}
		if age := len(got[1]) - 1; age >= 0 {
			got[1] = got[1][:age]
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("kubectl get %s (-want +got):\n%s", resource, diff)
		}
	}
	all, err := output(w.kubectl(t.Context(), "get", "edgegateway", "-n", "default", "-o", "name"))
	if err != nil || !strings.Contains(all, "edgegateway.edgegateway.dev/columns") {
		t.Errorf("kubectl get edgegateway prints %q (%v)", all, err)
	}
}

func condition(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, LastTransitionTime: metav1.Now()}
}

func TestKubectlExplains(t *testing.T) {
	w := needCluster(t)
	for path, want := range map[string]string{
		"edgegateway":                        "EdgeGateway is one public entrance",
		"edgegateway.spec.listeners.tls":     "certificateRefs",
		"eg.spec.routing.mode":               "Pods sends straight to the Service's ready pods",
		"egc.spec":                           "provider makes the load balancers",
		"edgegatewayclass.spec.dns.rfc2136":  "server is the primary name server, as host:port",
		"edgegatewayclass.status.conditions": "Accepted says whether the class can be used",
	} {
		text, err := output(w.kubectl(t.Context(), "explain", path))
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("kubectl explain %s does not say %q:\n%s", path, want, text)
		}
	}
}

// TestTightenedRulesLeaveOldObjectsAlone stores an object by rules laxer than ours, then brings ours: what was wrong before may stay,
// but not become wrong in another way. The CRD is a copy in a group of its own.
func TestTightenedRulesLeaveOldObjectsAlone(t *testing.T) {
	c := needCluster(t).client(t)
	if err := apiextensionsv1.AddToScheme(c.Scheme()); err != nil {
		t.Fatal(err)
	}
	ours := crds(t)["EdgeGatewayClass"]
	ours.Spec.Group = "ratchet." + api.GroupVersion.Group
	ours.Name = ours.Spec.Names.Plural + "." + ours.Spec.Group
	lax := ours.DeepCopy()
	lax.Spec.Versions[0].Schema.OpenAPIV3Schema = &schema{Type: "object", XPreserveUnknownFields: new(true)}
	create(t, c, lax)

	object := parseObject(t, `{kind: EdgeGatewayClass, metadata: {name: old}, spec: {
		provider: manual, manual: {addressRanges: [anywhere]}, dns: {provider: route53, zones: [Example.com.]}}}`)
	object.SetAPIVersion(ours.Spec.Group + "/v1alpha1")
	fresh := object.DeepCopy()
	eventually(t, func() error { return c.Create(t.Context(), object) })
	eventually(t, func() error {
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(lax), lax); err != nil {
			return err
		}
		lax.Spec = ours.Spec
		return c.Update(t.Context(), lax)
	})
	fresh.SetName("new")
	eventually(t, func() error {
		if err := c.Create(t.Context(), fresh.DeepCopy(), client.DryRunAll); err == nil {
			return errors.New("our rules are not in force yet")
		}
		return nil
	})

	change := func(text string) error {
		changed := object.DeepCopy()
		changed.Object = merge(changed.Object, map[string]any{"spec": parseObject(t, "{kind: Spec, spec: "+text+"}").Object["spec"]})
		return c.Update(t.Context(), changed, client.DryRunAll)
	}
	if err := change(`{maxGateways: 3}`); err != nil {
		t.Errorf("a change elsewhere is refused: %v", err)
	}
	if err := change(`{dns: {zones: [example.com]}}`); err != nil {
		t.Errorf("a cure of one of two is refused: %v", err)
	}
	expectRefusals(t, "another wrong value", change(`{dns: {zones: ["*.example.com"]}}`),
		[]refusal{{Field: "spec.dns.zones[0]", Says: "it is not a zone's name"}})
	expectRefusals(t, "another provider", change(`{provider: digitalocean, digitalocean: {region: ams3}, manual: null}`),
		[]refusal{{Field: "spec.provider", Says: "make another EdgeGatewayClass and move gateways to it"}})
}

// eventually fails the test unless do works within ten seconds.
func eventually(t *testing.T, do func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = do(); err == nil {
			return
		}
	}
	t.Fatalf("after ten seconds: %v", err)
}
