package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// scene is a test's own classes, namespaces and gateways, beside the shared ones.
type scene struct {
	*site.Site
	client client.Client
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Site: needSite(t), client: shared.client(t)}
	if err := gatewayv1.Install(s.client.Scheme()); err != nil {
		t.Fatal(err)
	}
	return s
}

// apply makes objects that go with the test.
func (s *scene) apply(t *testing.T, manifests ...string) {
	t.Helper()
	manifest := strings.Join(manifests, "")
	t.Cleanup(func() { s.takeAway(t, manifest) })
	if err := s.Apply(t.Context(), manifest); err != nil {
		t.Fatal(err)
	}
}

// takeAway deletes objects and waits until they are gone.
func (s *scene) takeAway(t *testing.T, manifest string) {
	t.Helper()
	kubectl := s.KubectlCommand(context.Background(), "delete", "--ignore-not-found", "--timeout=90s", "-f", "-")
	kubectl.Stdin = strings.NewReader(manifest)
	if _, err := output(kubectl); err != nil {
		t.Errorf("cleaning up: %v", err)
	}
}

// namespaceManifest is a namespace.
func namespaceManifest(name string) string {
	return fmt.Sprintf("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name)
}

// classManifest is a class. Spec is its provider and more, in YAML's flow style.
func classManifest(name, spec string) string {
	return fmt.Sprintf("---\napiVersion: edgegateway.dev/v1alpha1\nkind: EdgeGatewayClass\nmetadata: {name: %s}\nspec: {%s}\n", name, spec)
}

// manualSpec is what classes of the data centre have in common.
const manualSpec = "provider: manual, manual: {addressRanges: [203.0.113.0/24]}"

// dnsSpec publishes in the data centre's zone.
const dnsSpec = ", dns: {provider: rfc2136, zones: [" + site.Zone + "], credentials: {name: tsig}, ttlSeconds: 1, rfc2136: {server: '" + cluster.DNSAddress + ":53'}}"

// gatewayManifest is a gateway. Spec is in YAML's flow style. No machine has room for its proxies: they cost nothing here.
func gatewayManifest(namespace, name, spec string) string {
	if !strings.Contains(spec, "listeners:") {
		spec += ", listeners: [{name: http, port: 80, protocol: HTTP}]"
	}
	if !strings.Contains(spec, "proxy:") {
		spec += ", proxy: {replicas: 1, resources: {requests: {cpu: 1k}}}"
	}
	return fmt.Sprintf("---\napiVersion: edgegateway.dev/v1alpha1\nkind: EdgeGateway\nmetadata: {name: %s, namespace: %s}\nspec: {%s}\n",
		name, namespace, strings.TrimPrefix(spec, ", "))
}

// told is what a condition tells a person.
type told struct {
	condition string
	status    metav1.ConditionStatus
	reason    string
	says      []string
}

func isAccepted() told { return told{api.ConditionAccepted, metav1.ConditionTrue, "", nil} }

func isRefused(reason string, says ...string) told {
	return told{api.ConditionAccepted, metav1.ConditionFalse, reason, says}
}

// check returns an error unless one of the conditions, of that generation, tells it.
func (want told) check(conditions []metav1.Condition, generation int64) error {
	got := meta.FindStatusCondition(conditions, want.condition)
	if got == nil || got.ObservedGeneration != generation {
		return fmt.Errorf("there is no %s of generation %d in %v", want.condition, generation, conditions)
	}
	if got.Status != want.status || (want.reason != "" && got.Reason != want.reason) {
		return fmt.Errorf("%s is %s, %s (%s), want %s, %s", got.Type, got.Status, got.Reason, got.Message, want.status, want.reason)
	}
	for _, part := range want.says {
		if !strings.Contains(got.Message, part) {
			return fmt.Errorf("%s says %q, not %q", got.Type, got.Message, part)
		}
	}
	return nil
}

// gateway fails the test unless a gateway tells it before long.
func (s *scene) gateway(t *testing.T, namespace, name string, want told) {
	t.Helper()
	err := site.Until(t.Context(), 30*time.Second, func(ctx context.Context) error {
		var gateway api.EdgeGateway
		if err := s.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &gateway); err != nil {
			return err
		}
		return want.check(gateway.Status.Conditions, gateway.Generation)
	})
	if err != nil {
		t.Errorf("gateway %s/%s: %v", namespace, name, err)
	}
}

// class fails the test unless a class tells it before long.
func (s *scene) class(t *testing.T, name string, want told) {
	t.Helper()
	err := site.Until(t.Context(), 30*time.Second, func(ctx context.Context) error {
		var class api.EdgeGatewayClass
		if err := s.client.Get(ctx, client.ObjectKey{Name: name}, &class); err != nil {
			return err
		}
		return want.check(class.Status.Conditions, class.Generation)
	})
	if err != nil {
		t.Errorf("class %s: %v", name, err)
	}
}

// columns returns what kubectl get shows of an object, by the columns' names.
func (s *scene) columns(t *testing.T, args ...string) map[string]string {
	t.Helper()
	out, err := s.Kubectl(t.Context(), append([]string{"get"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	header, row, _ := strings.Cut(strings.TrimSuffix(out, "\n"), "\n")
	shown := map[string]string{}
	for _, name := range strings.Fields(header) {
		at := strings.Index(header, name)
		value, _, _ := strings.Cut(row[min(at, len(row)):], " ")
		shown[name] = value
	}
	return shown
}

// acceptanceClasses are those of TestAcceptance.
const (
	acceptanceHosts = ", hostnames: [{pattern: '*.acc." + site.Zone + "'}, {pattern: '*.example.org'}]"
	secretDNS       = ", dns: {provider: rfc2136, zones: [" + site.Zone + "], credentials: {name: acc-tsig}, rfc2136: {server: '" + cluster.DNSAddress + ":53'}}"
)

func acceptanceClasses() string {
	return classManifest("acc-plain", manualSpec+dnsSpec+acceptanceHosts) +
		classManifest("acc-azure", "provider: azure, azure: {subscriptionID: 00000000-0000-0000-0000-000000000000, resourceGroup: edge, location: westeurope}") +
		classManifest("acc-clouddns", manualSpec+", dns: {provider: clouddns, zones: [example.com]}") +
		classManifest("acc-secret", manualSpec+secretDNS) +
		classManifest("acc-names", manualSpec+", allowedNamespaces: {names: [acc-other]}") +
		classManifest("acc-labels", manualSpec+", allowedNamespaces: {selector: {matchLabels: {tier: gold}}}") +
		classManifest("acc-one", manualSpec+", maxGateways: 1")
}

// TestAcceptance has gateways that only another object shows to be wrong: each says what is wrong and where, and all is well once that is
// mended.
func TestAcceptance(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.apply(t, namespaceManifest("acc"), acceptanceClasses())
	t.Run("refused", s.testRefused)
	for name, test := range map[string]func(*testing.T){
		"a class is made": s.testClassIsMade, "a default class": s.testDefaultClass, "a class's Secret": s.testClassSecret, "a namespace's labels": s.testNamespaceLabels,
		"the most gateways": s.testMaxGateways, "the oldest claim": s.testOldestClaim, "an answer to a cloud": s.testAnswerToCloud,
	} {
		t.Run(name, test)
	}
}

// testRefused applies all gateways that are refused at once.
func (s *scene) testRefused(t *testing.T) {
	cases := []struct {
		name, spec string
		reason     string
		says       []string
	}{
		{"no-class", "className: acc-gone", api.ReasonClassNotFound, []string{"spec.className", `"acc-gone"`, "create it, or name one of", "acc-plain"}},
		{"no-default", "", api.ReasonNoDefaultClass, []string{"spec.className is empty", "name one of", "acc-plain"}},
		{"no-adapter", "className: acc-azure", api.ReasonClassNotAccepted, []string{"spec.className", `"acc-azure"`, "spec.provider", "no adapter"}},
		{"no-dns-adapter", "className: acc-clouddns", api.ReasonClassNotAccepted, []string{"spec.className", "spec.dns.provider", "clouddns"}},
		{"no-secret", "className: acc-secret", api.ReasonClassNotAccepted, []string{"spec.className", "spec.dns.credentials.name", `"acc-tsig"`, "create it there"}},
		{"no-name", "className: acc-names", api.ReasonNamespaceNotAllowed, []string{"spec.className", `"acc"`, "spec.allowedNamespaces"}},
		{"no-label", "className: acc-labels", api.ReasonNamespaceNotAllowed, []string{"spec.className", `"acc"`, "ask the platform admin"}},
		{"no-host", "className: acc-plain, hostnames: [ok.acc." + site.Zone + ", " + site.WWW + "]", api.ReasonHostnameNotAllowed,
			[]string{"spec.hostnames[1]", `"` + site.WWW + `"`, "*.acc." + site.Zone}},
		{"no-listener-host", "className: acc-plain, listeners: [{name: a, port: 80, protocol: HTTP, hostname: a.acc." + site.Zone +
			"}, {name: b, port: 80, protocol: HTTP, hostname: " + site.WWW + "}]", api.ReasonHostnameNotAllowed, []string{"spec.listeners[1].hostname", site.WWW}},
		{"no-zone", "className: acc-plain, hostnames: [www.example.org]", api.ReasonHostnameOutsideZones, []string{"spec.hostnames[0]", "www.example.org", site.Zone}},
		{"no-address", "className: acc-plain, addresses: [" + cluster.DatacenterAddress + "]", api.ReasonAddressNotAllowed,
			[]string{"spec.addresses[0]", cluster.DatacenterAddress, "203.0.113.0/24"}},
		{"no-balancer", "className: acc-plain, loadBalancer: lb-1", api.ReasonLoadBalancerNotAllowed, []string{"spec.loadBalancer", "provider manual", "spec.manual.ack"}},
		{"a-nodes-address", "className: acc-plain, addresses: [" + cluster.NodeAddress + "]", api.ReasonAddressNotAllowed, []string{"spec.addresses[0]", "the address of a node"}},
	}
	var manifests []string
	for _, c := range cases {
		manifests = append(manifests, gatewayManifest("acc", c.name, c.spec))
	}
	s.apply(t, manifests...)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.gateway(t, "acc", c.name, isRefused(c.reason, c.says...))
			s.gateway(t, "acc", c.name, told{api.ConditionReady, metav1.ConditionFalse, api.ReasonNotAccepted, c.says})
			shown := s.columns(t, "eg", c.name, "-n", "acc")
			if shown["READY"] != "False" || shown["REASON"] != api.ReasonNotAccepted || shown["ADDRESS"] != "" {
				t.Errorf("kubectl get eg shows %v", shown)
			}
		})
	}
	for _, name := range []string{"acc-azure", "acc-clouddns", "acc-secret"} {
		if shown := s.columns(t, "egc", name); shown["ACCEPTED"] != "False" {
			t.Errorf("kubectl get egc shows %v", shown)
		}
	}
}

func (s *scene) testClassIsMade(t *testing.T) {
	s.apply(t, gatewayManifest("acc", "early", "className: acc-late"))
	s.gateway(t, "acc", "early", isRefused(api.ReasonClassNotFound, "spec.className", `"acc-late"`))
	s.apply(t, classManifest("acc-late", manualSpec))
	s.gateway(t, "acc", "early", isAccepted())
	s.staysWhileUsed(t, "acc-late", "early")
}

// staysWhileUsed deletes a class: it goes only when the gateway is gone for which something was made by it.
func (s *scene) staysWhileUsed(t *testing.T, class, gateway string) {
	t.Helper()
	if _, err := s.Handoff(t.Context(), "acc", gateway); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Kubectl(t.Context(), "delete", "egc", class, "--wait=false"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	s.gateway(t, "acc", gateway, isAccepted())
	if _, err := s.Kubectl(t.Context(), "get", "egc", class); err != nil {
		t.Errorf("class %s is gone, and gateway %s is not: %v", class, gateway, err)
	}
	s.takeAway(t, gatewayManifest("acc", gateway, ""))
}

func (s *scene) testDefaultClass(t *testing.T) {
	s.apply(t, gatewayManifest("acc", "unnamed", ""))
	s.gateway(t, "acc", "unnamed", isRefused(api.ReasonNoDefaultClass, "spec.className is empty"))
	s.apply(t, classManifest("acc-default", manualSpec+", default: true"))
	s.gateway(t, "acc", "unnamed", isAccepted())
	s.apply(t, classManifest("acc-default-too", manualSpec+", default: true"))
	s.class(t, "acc-default", told{api.ConditionAccepted, metav1.ConditionTrue, api.ReasonAccepted, nil})
	s.class(t, "acc-default-too", told{api.ConditionAccepted, metav1.ConditionTrue, api.ReasonNotDefault, []string{"spec.default", `"acc-default"`, "remove one of the two"}})
	if shown := s.columns(t, "eg", "unnamed", "-n", "acc"); shown["CLASS"] != "acc-default" {
		t.Errorf("kubectl get eg shows %v", shown)
	}
	// The other class becomes the default; what was made stays with the class that made it.
	s.staysWhileUsed(t, "acc-default", "unnamed")
}

func (s *scene) testClassSecret(t *testing.T) {
	s.class(t, "acc-secret", isRefused(api.ReasonSecretNotFound, "spec.dns.credentials.name", `"acc-tsig"`, site.OperatorNamespace))
	s.apply(t, gatewayManifest("acc", "waiting", "className: acc-secret"))
	s.gateway(t, "acc", "waiting", isRefused(api.ReasonClassNotAccepted, "spec.dns.credentials.name"))
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "acc-tsig", Namespace: site.OperatorNamespace}, StringData: map[string]string{"tsig-key": site.TSIGKey}}
	create(t, s.client, secret)
	s.class(t, "acc-secret", isRefused(api.ReasonSecretNotFound, "spec.dns.credentials.name", `no key "tsig-algorithm"`))
	secret.StringData = map[string]string{"tsig-algorithm": site.TSIGAlgorithm, "tsig-secret": site.TSIGSecret}
	if err := s.client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	s.class(t, "acc-secret", isAccepted())
	s.gateway(t, "acc", "waiting", isAccepted())
	// Its end needs the Secret.
	s.takeAway(t, gatewayManifest("acc", "waiting", "className: acc-secret"))
}

func (s *scene) testNamespaceLabels(t *testing.T) {
	s.apply(t, gatewayManifest("acc", "labelled", "className: acc-labels"))
	s.gateway(t, "acc", "labelled", isRefused(api.ReasonNamespaceNotAllowed, "spec.className"))
	for _, change := range []struct {
		label string
		want  told
	}{
		{"tier=silver", isRefused(api.ReasonNamespaceNotAllowed, "spec.className")},
		{"tier=gold", isAccepted()},
		{"tier-", isRefused(api.ReasonNamespaceNotAllowed, "spec.className")},
	} {
		if _, err := s.Kubectl(t.Context(), "label", "namespace", "acc", "--overwrite", change.label); err != nil {
			t.Fatal(err)
		}
		s.gateway(t, "acc", "labelled", change.want)
	}
}

func (s *scene) testMaxGateways(t *testing.T) {
	first := gatewayManifest("acc", "one-a", "className: acc-one")
	s.apply(t, first, gatewayManifest("acc", "one-b", "className: acc-one"))
	s.gateway(t, "acc", "one-a", isAccepted())
	s.gateway(t, "acc", "one-b", isRefused(api.ReasonTooManyGateways, "spec.className", "allows 1 gateways (spec.maxGateways)"))
	s.takeAway(t, first)
	s.gateway(t, "acc", "one-b", isAccepted())
}

// testOldestClaim shows that a claim which could never be granted is none.
func (s *scene) testOldestClaim(t *testing.T) {
	const host = "className: acc-plain, hostnames: [claimed.acc." + site.Zone + "]"
	first := gatewayManifest("acc", "claim-b", host)
	s.apply(t, gatewayManifest("acc", "claim-a", strings.Replace(host, "acc-plain", "acc-names", 1)), first, gatewayManifest("acc", "claim-c", host))
	s.gateway(t, "acc", "claim-a", isRefused(api.ReasonNamespaceNotAllowed, "spec.className"))
	s.gateway(t, "acc", "claim-b", isAccepted())
	s.gateway(t, "acc", "claim-c", isRefused(api.ReasonHostnameConflict, "spec.hostnames[0]", "claimed.acc."+site.Zone, "the oldest claim wins"))
	s.takeAway(t, first)
	s.gateway(t, "acc", "claim-c", isAccepted())
}

// testAnswerToCloud gives a cloud what only a private data centre takes, and asks for what its class does not grant.
func (s *scene) testAnswerToCloud(t *testing.T) {
	s.apply(t, classManifest("acc-aws", "provider: aws, aws: {region: eu-west-1}, loadBalancers: [{id: mine, namespaces: [acc-other]}]"),
		gatewayManifest("acc", "answer", "className: acc-aws, manual: {ack: {hash: 0123456789ab, addresses: [203.0.113.70]}}"),
		gatewayManifest("acc", "adopt", "className: acc-aws, loadBalancer: mine"),
		gatewayManifest("acc", "bring", "className: acc-aws, addresses: [203.0.113.71]"))
	s.gateway(t, "acc", "answer", isRefused(api.ReasonInvalidSpec, "spec.manual", "takes no answer"))
	s.gateway(t, "acc", "adopt", isRefused(api.ReasonLoadBalancerNotAllowed, "spec.loadBalancer", `"mine"`, "spec.loadBalancers"))
	s.gateway(t, "acc", "bring", isRefused(api.ReasonAddressNotAllowed, "spec.addresses[0]", "203.0.113.71", "spec.addresses"))
}
