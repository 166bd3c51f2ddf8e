package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const echoManifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: echo
        image: ` + EchoImage + `
        env: [{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
        readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: default}
spec: {type: NodePort, selector: {app: echo}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: pods, namespace: default}
spec: {clusterIP: None, selector: {app: echo}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: envoy, namespace: default}
spec:
  restartPolicy: Never
  containers:
  - name: envoy
    image: ` + EnvoyImage + `
    args: [--version]
    securityContext: {readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: {drop: [ALL]}}
`

// nodePort is where the echo Service answers.
const nodePort = "http://" + NodeAddress + ":30080"

func start(t *testing.T, name string) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("a whole Kubernetes is not short")
	}
	c, err := Start(t.Context(), Config{Name: name, Logf: t.Logf})
	skipUnavailable(t, err)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, c) })
	return c
}

func skipUnavailable(t *testing.T, err error) {
	t.Helper()
	var missing *Unavailable
	if errors.As(err, &missing) {
		t.Skipf("NOTHING WAS TESTED HERE: %v", err)
	}
}

func stop(t *testing.T, c *Cluster) {
	t.Helper()
	if t.Failed() {
		t.Log("logs are in", c.saveLogs())
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	if left := Leftovers(c.Name()); len(left) > 0 {
		t.Errorf("after Stop there are still %q", left)
	}
}

func TestClusterIsARealKubernetesBehindARealNetwork(t *testing.T) {
	before := machineNetwork(t)
	c := start(t, "test")
	if err := c.Apply(t.Context(), echoManifest); err != nil {
		t.Fatal(err)
	}
	kubectl(t, c, "rollout", "status", "deployment/echo", "--timeout=60s")

	t.Run("client reaches a NodePort", func(t *testing.T) { testNodePort(t, c) })
	t.Run("client reaches no pod and no ClusterIP", func(t *testing.T) { testUnreachable(t, c) })
	t.Run("the data centre reaches pods when they are opened to it", func(t *testing.T) { testOpenPods(t, c) })
	t.Run("pods resolve Services", func(t *testing.T) { testServiceNames(t, c) })
	t.Run("pods resolve other names by the dns host", func(t *testing.T) { testForeignNames(t, c) })
	t.Run("pods reach Services and the API", func(t *testing.T) { testPodEgress(t, c) })
	t.Run("public addresses are the data centre's", func(t *testing.T) { testPublicAddresses(t, c) })
	t.Run("Envoy runs without privileges", func(t *testing.T) { testEnvoy(t, c) })
	t.Run("an image can be replaced", func(t *testing.T) { testReplaceImage(t, c) })
	t.Run("another process can attach", func(t *testing.T) { testOpen(t, c) })
	t.Run("tokens can be asked for and reviewed", func(t *testing.T) { testTokens(t, c) })
	t.Run("helm works", func(t *testing.T) {
		if _, err := c.Helm(t.Context(), "list", "--all-namespaces"); err != nil {
			t.Error(err)
		}
	})
	if during := machineNetwork(t); during != before {
		t.Errorf("the machine's own network was\n%s\nand is\n%s", before, during)
	}
}

func testNodePort(t *testing.T, c *Cluster) {
	pods := strings.Fields(kubectl(t, c, "get", "pods", "-l=app=echo", "-o=jsonpath={.items[*].metadata.name}"))
	awaitNodePort(t, c)
	var answer struct{ Pod string }
	if err := json.Unmarshal([]byte(get(t, c, nodePort+"/")), &answer); err != nil {
		t.Fatal(err)
	}
	if len(pods) != 2 || !slices.Contains(pods, answer.Pod) {
		t.Errorf("pod %q answered, want one of %q", answer.Pod, pods)
	}
	begin := time.Now()
	const connections = 200
	for range connections {
		connection, err := c.Host(ClientHost).DialContext(t.Context(), "tcp", NodeAddress+":30080")
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.Close()
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("%d connections took %s, want at most a second", connections, took)
	}
}

// awaitNodePort waits for kube-proxy, which takes up to a second to take notice of a ready pod.
func awaitNodePort(t *testing.T, c *Cluster) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(poll) {
		connection, err := c.Host(ClientHost).DialContext(t.Context(), "tcp", NodeAddress+":30080")
		if err == nil {
			_ = connection.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func testUnreachable(t *testing.T, c *Cluster) {
	for what, address := range map[string]string{
		"pod":     kubectl(t, c, "get", "pods", "-l=app=echo", "-o=jsonpath={.items[0].status.podIP}") + ":8080",
		"Service": kubectl(t, c, "get", "service", "echo", "-o=jsonpath={.spec.clusterIP}") + ":80",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		connection, err := c.Host(ClientHost).DialContext(ctx, "tcp", address)
		cancel()
		if err == nil {
			_ = connection.Close()
			t.Errorf("the client reaches the %s at %s", what, address)
		}
		connection, err = c.Host(NodeHost).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Errorf("the node does not reach the %s: %v", what, err)
			continue
		}
		_ = connection.Close()
	}
}

func testOpenPods(t *testing.T, c *Cluster) {
	address := kubectl(t, c, "get", "pods", "-l=app=echo", "-o=jsonpath={.items[0].status.podIP}") + ":8080"
	reaches := func(host string) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		connection, err := c.Host(host).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = connection.Close()
		}
		return err
	}
	if reaches(DatacenterHost) == nil {
		t.Error("the data centre reaches pods before they are opened to it")
	}
	// A second time changes nothing.
	for range 2 {
		if err := c.OpenPods(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := reaches(DatacenterHost); err != nil {
		t.Error(err)
	}
	for _, host := range []string{ClientHost, DNSHost} {
		if reaches(host) == nil {
			t.Errorf("the %s reaches pods, too", host)
		}
	}
}

func testServiceNames(t *testing.T, c *Cluster) {
	want := kubectl(t, c, "get", "service", "echo", "-o=jsonpath={.spec.clusterIP}")
	for _, name := range []string{"echo", "echo.default", "echo.default.svc.cluster.local"} {
		if got := get(t, c, nodePort+"/lookup?name="+name); !strings.Contains(got, `["`+want+`"]`) {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	var pods []string
	if err := json.Unmarshal([]byte(get(t, c, nodePort+"/lookup?name=pods")), &pods); err != nil || len(pods) != 2 {
		t.Errorf("the headless Service is %q (%v), want two addresses", pods, err)
	}
}

func testPodEgress(t *testing.T, c *Cluster) {
	if got := get(t, c, nodePort+"/fetch?url=http://echo/inside"); !strings.Contains(got, `"path":"/inside"`) {
		t.Errorf("a pod got %s from the Service", got)
	}
	// The certificate is not one that the pod trusts: that it sees one is enough.
	got := get(t, c, nodePort+"/fetch?url=https://kubernetes.default.svc/")
	if !strings.Contains(got, "certificate") {
		t.Errorf("a pod got %s from the API", got)
	}
}

func testPublicAddresses(t *testing.T, c *Cluster) {
	datacenter := c.Host(DatacenterHost)
	for _, text := range []string{"203.0.113.7", "2001:db8:113::7"} {
		address := netip.MustParseAddr(text)
		if err := datacenter.AddAddress(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		listener, err := datacenter.Listen(t.Context(), "tcp", netip.AddrPortFrom(address, 80).String())
		if err != nil {
			t.Fatal(err)
		}
		connection, err := c.Host(ClientHost).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.Close()
		_ = listener.Close()
		if err := datacenter.RemoveAddress(t.Context(), address); err != nil {
			t.Fatal(err)
		}
	}
}

func testEnvoy(t *testing.T, c *Cluster) {
	kubectl(t, c, "wait", "pod/envoy", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s")
	if said := kubectl(t, c, "logs", "envoy"); !strings.Contains(said, "/1.40.0/") {
		t.Errorf("Envoy said %q", said)
	}
}

func testReplaceImage(t *testing.T, c *Cluster) {
	for _, program := range []string{"pause", "echo", "pause"} {
		if err := c.LoadOperatorImage(t.Context(), c.parts.program(program)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := c.ctr(t.Context(), "images", "ls")
	if err != nil || strings.Count(list, OperatorImage) != 1 {
		t.Errorf("the node has the images %s (%v), want %s once", list, err, OperatorImage)
	}
}

func testOpen(t *testing.T, c *Cluster) {
	other, err := Open(c.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !other.Ready(t.Context()) {
		t.Error("it is not Ready")
	}
}

func testTokens(t *testing.T, c *Cluster) {
	token := strings.TrimSpace(kubectl(t, c, "create", "token", "default", "--audience=edge"))
	review := fmt.Sprintf(`{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
		"spec": {"token": %q, "audiences": ["edge"]}}`, token)
	command := c.KubectlCommand(t.Context(), "create", "-f", "-", "-o=jsonpath={.status.authenticated}")
	command.Stdin = strings.NewReader(review)
	if said, err := output(command); err != nil || said != "true" {
		t.Errorf("authenticated is %q (%v)", said, err)
	}
}

func kubectl(t *testing.T, c *Cluster, args ...string) string {
	t.Helper()
	said, err := c.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// get is what the client gets.
func get(t *testing.T, c *Cluster, url string) string {
	t.Helper()
	client := &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{DialContext: c.Host(ClientHost).DialContext, DisableKeepAlives: true},
	}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// machineNetwork is what must stay as it is.
func machineNetwork(t *testing.T) string {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		fmt.Fprintln(&all, i.Name, addresses, err)
	}
	for _, args := range [][]string{{"nft", "list", "ruleset"}, {"ip", "route"}, {"ip", "-6", "route"}} {
		if _, err := exec.LookPath(args[0]); err != nil {
			continue
		}
		said, err := output(exec.CommandContext(t.Context(), args[0], args[1:]...))
		fmt.Fprintln(&all, said, err)
	}
	return all.String()
}
