package upgrade

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoResourceIsAnother: all resources have the names and versions that the recorded commit gave them, so that none is sent again.
func TestNoResourceIsAnother(t *testing.T) {
	c := parse(t, read(t, "cluster.yaml"))
	if routes := len(c.HTTPRoutes) + len(c.Ingresses); routes != 50 || len(c.Gateways) != 3 {
		t.Fatalf("there are %d routes and %d gateways", routes, len(c.Gateways))
	}
	was := read(t, "resources.txt")
	if lines := strings.Count(was, "\n"); lines < 70 {
		t.Fatalf("only %d resources were recorded", lines)
	}
	if diff := cmp.Diff(was, listed(c.build())); diff != "" {
		t.Errorf("proxies would be sent these again (-recorded +now):\n%s", diff)
	}
}

// TestNoProxyStartsAgain: the proxies' objects are as the recorded commit made them.
func TestNoProxyStartsAgain(t *testing.T) {
	c := parse(t, read(t, "cluster.yaml"))
	if diff := cmp.Diff(read(t, "proxies.yaml"), c.proxies(t, operatorImage)); diff != "" {
		t.Errorf("the proxies' objects are others (-recorded +now):\n%s", diff)
	}
}

// TestOneChangeIsFound changes one thing of the cluster at a time, and expects other versions of just those types.
func TestOneChangeIsFound(t *testing.T) {
	text := read(t, "cluster.yaml")
	was := strings.Split(read(t, "resources.txt"), "\n")
	for what, c := range map[string]struct{ from, to, types string }{
		"an endpoint":    {`addresses: ["10.244.1.1"]`, `addresses: ["10.244.1.99"]`, "ClusterLoadAssignment"},
		"a timeout":      {"request: 30s", "request: 31s", "RouteConfiguration"},
		"a header":       {"value: b0", "value: b9", "RouteConfiguration"},
		"a protocol":     {"appProtocol: kubernetes.io/h2c", "appProtocol: http", "Cluster ClusterLoadAssignment RouteConfiguration"},
		"a certificate":  {"name: shop-tls}]}}", "name: rsa-tls}]}}", "Listener Secret"},
		"a bound port":   {"port: 8081, protocol: HTTP", "port: 8082, protocol: HTTP", "Listener RouteConfiguration"},
		"PROXY protocol": {"proxyProtocol: None", "proxyProtocol: V2", "Listener"},
	} {
		t.Run(what, func(t *testing.T) {
			changed := strings.Replace(text, c.from, c.to, 1)
			if changed == text {
				t.Fatalf("%q is not there", c.from)
			}
			is := strings.Split(listed(parse(t, changed).build()), "\n")
			var found []string
			for _, line := range slices.Concat(without(was, is), without(is, was)) {
				typeURL, _, _ := strings.Cut(line, " ")
				found = append(found, typeURL[strings.LastIndex(typeURL, ".")+1:])
			}
			slices.Sort(found)
			if got := strings.Join(slices.Compact(found), " "); got != c.types {
				t.Errorf("other versions of %q, and not of %q", got, c.types)
			}
		})
	}
	c := parse(t, text)
	if c.proxies(t, operatorImage+"-2") == read(t, "proxies.yaml") {
		t.Error("another image makes the same objects")
	}
}

func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
}
