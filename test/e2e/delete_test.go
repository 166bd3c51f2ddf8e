package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// leavingClass is a class of gateways that are made to be deleted.
func leavingClass(name string) string {
	return `
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGatewayClass
metadata: {name: ` + name + `}
spec:
  provider: manual
  manual:
    addressRanges: [203.0.113.0/24, "2001:db8:113::/64"]
  dns:
    provider: rfc2136
    zones: [` + site.Zone + `]
    credentials: {name: tsig}
    ttlSeconds: 1
    rfc2136: {server: "` + cluster.DNSAddress + `:53"}
  vantages:
  - {name: client, url: "` + site.VantageURL + `", credentials: {name: vantage}}
  proxy: {replicas: 1, drainSeconds: 1}
`
}

// leaving is the manifest of a gateway in a namespace of its own, whose hostname is that namespace's.
func leaving(name, class string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGateway
metadata: {name: door, namespace: %[1]s}
spec:
  className: %[2]s
  hostnames: [%[1]s.%[3]s]
  ipFamilies: [IPv4, IPv6]
  listeners:
  - {name: http, port: 80, protocol: HTTP}
`, name, class, site.Zone)
}

var (
	leavingAddress  = netip.MustParseAddr("203.0.113.20")
	leavingAddress6 = netip.MustParseAddr("2001:db8:113::20")
)

// TestDeleteLeavesNothing deletes gateways in every state, and looks for what is left of them in BIND and in the cluster.
func TestDeleteLeavesNothing(t *testing.T) {
	s := needSite(t)
	before := zone(t, s)
	if err := s.Apply(t.Context(), leavingClass("leaving")); err != nil {
		t.Fatal(err)
	}
	t.Run("while the name server answers", func(t *testing.T) {
		t.Run("one that serves, and one whose name is taken", func(t *testing.T) {
			t.Parallel()
			deleteServing(t, s, before)
		})
		t.Run("one that is still being made", func(t *testing.T) {
			t.Parallel()
			deleteEarly(t, s, before)
		})
	})
	t.Run("one whose name server is down", func(t *testing.T) { deleteWhileDown(t, s, before) })
	ctx := t.Context()
	if _, err := s.Kubectl(ctx, "delete", "egc/leaving", "--wait", "--timeout=20s"); err != nil {
		t.Errorf("the class that no gateway uses any more: %v", err)
	}
	if got := zone(t, s); !slices.Equal(got, before) {
		t.Errorf("the zone is\n%s\nand was\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
}

// zone is what BIND serves, but for the serial number.
func zone(t *testing.T, s *site.Site) []string {
	t.Helper()
	out, err := output(s.Host(cluster.DNSHost).Command(t.Context(), "dig", "@"+cluster.DNSAddress, site.Zone, "AXFR", "+onesoa", "+nocomments", "+nostats", "+nocmd"))
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[3] != "SOA" {
			records = append(records, strings.Join(fields, " "))
		}
	}
	slices.Sort(records)
	if len(records) == 0 {
		t.Fatalf("BIND gave no records: %s", out)
	}
	return records
}

// about are the records at a name and below.
func about(records []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(records), func(record string) bool {
		owner, _, _ := strings.Cut(record, " ")
		return owner != name+"." && !strings.HasSuffix(owner, "."+name+".")
	})
}

// deleteServing deletes a gateway that is Ready, beside one that wants a name whose record is not ours. Their class is deleted before them: it
// waits until the last gateway is gone.
func deleteServing(t *testing.T, s *site.Site, before []string) {
	const class = "leaving-first"
	ctx := t.Context()
	if err := s.Apply(ctx, leavingClass(class)+leaving("door", class)+leaving("taken", class)); err != nil {
		t.Fatal(err)
	}
	door := &entrance{Site: s, namespace: "door", name: "door", addresses: []netip.Addr{leavingAddress, leavingAddress6}, instance: "haproxy-door"}
	taken := &entrance{Site: s, namespace: "taken", name: "door", addresses: []netip.Addr{netip.MustParseAddr("203.0.113.21"), netip.MustParseAddr("2001:db8:113::21")}, instance: "haproxy-taken"}
	for _, e := range []*entrance{door, taken} {
		if _, err := e.build(ctx); err != nil {
			t.Fatal(err)
		}
		defer e.haproxy.Stop()
	}
	if err := door.is(ctx, time.Minute, "Ready=True"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(taken.is(ctx, time.Minute, "DNSReady=False RecordConflict"), taken.is(ctx, 10*time.Second, "Ready=False RecordConflict")); err != nil {
		t.Fatal(err)
	}
	during := zone(t, s)
	if mine := about(during, "door."+site.Zone); len(mine) < 3 {
		t.Errorf("BIND has only %v of a gateway that is Ready", mine)
	}
	if got, was := about(during, "taken."+site.Zone), about(before, "taken."+site.Zone); !slices.Equal(got, was) {
		t.Errorf("the foreign record is %v, and was %v", got, was)
	}
	if _, err := s.Kubectl(ctx, "delete", "egc/"+class, "--wait=false"); err != nil {
		t.Error(err)
	}
	deleteGateway(t, s, "door", before)
	if _, err := s.Kubectl(ctx, "get", "egc/"+class); err != nil {
		t.Errorf("the class did not wait for its last gateway: %v", err)
	}
	deleteGateway(t, s, "taken", before)
	if _, err := s.Kubectl(ctx, "wait", "--for=delete", "egc/"+class, "--timeout=20s"); err != nil {
		t.Errorf("the class did not go with its last gateway: %v", err)
	}
	emptyThen(t, s, "door", "taken")
}

// deleteEarly deletes gateways right after they were made, once they are accepted, and once the hand-off is published.
func deleteEarly(t *testing.T, s *site.Site, before []string) {
	ctx := t.Context()
	waits := map[string]func(e *entrance) error{
		"early-made":      func(*entrance) error { return nil },
		"early-accepted":  func(e *entrance) error { return e.is(ctx, 10*time.Second, "Accepted=True") },
		"early-published": func(e *entrance) error { _, err := e.Handoff(ctx, e.namespace, e.name); return err },
	}
	namespaces := slices.Sorted(maps.Keys(waits))
	for _, namespace := range namespaces {
		if err := s.Apply(ctx, leaving(namespace, "leaving")); err != nil {
			t.Fatal(err)
		}
		if err := waits[namespace](&entrance{Site: s, namespace: namespace, name: "door"}); err != nil {
			t.Fatal(err)
		}
		deleteGateway(t, s, namespace, before)
	}
	emptyThen(t, s, namespaces...)
}

// deleteWhileDown deletes a gateway whose records can't be removed: it stays, says why, and goes when the name server is back.
func deleteWhileDown(t *testing.T, s *site.Site, before []string) {
	ctx := t.Context()
	if err := s.Apply(ctx, leaving("stuck", "leaving")); err != nil {
		t.Fatal(err)
	}
	e := &entrance{Site: s, namespace: "stuck", name: "door", addresses: []netip.Addr{leavingAddress, leavingAddress6}, instance: "haproxy-stuck"}
	if _, err := e.build(ctx); err != nil {
		t.Fatal(err)
	}
	defer e.haproxy.Stop()
	if err := e.is(ctx, time.Minute, "Ready=True"); err != nil {
		t.Fatal(err)
	}
	restore, err := dropped(ctx, s.Host(cluster.DNSHost), "53", netip.MustParseAddr(cluster.DNSAddress), netip.MustParseAddr(cluster.DNSAddress6))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Kubectl(ctx, "delete", "eg/door", "-n", "stuck", "--wait=false"); err != nil {
		t.Error(err)
	}
	err = errors.Join(e.is(ctx, 30*time.Second, "Ready=False Deleting"), e.message(ctx, 30*time.Second, "Ready", "stuck."+site.Zone))
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Error(err)
	}
	deleteGateway(t, s, "stuck", before)
	emptyThen(t, s, "stuck")
}

// deleteGateway deletes the gateway of a namespace, and looks for what is left of it in BIND.
func deleteGateway(t *testing.T, s *site.Site, namespace string, before []string) {
	t.Helper()
	ctx, begin := t.Context(), time.Now()
	if _, err := s.Kubectl(ctx, "delete", "eg/door", "-n", namespace, "--timeout=60s"); err != nil {
		status, _ := s.Kubectl(ctx, "get", "eg/door", "-n", namespace, "-o", "jsonpath={.metadata.finalizers} {.status}")
		t.Fatalf("%v: %s", err, status)
	}
	t.Logf("%s: gone after %.1f s", namespace, time.Since(begin).Seconds())
	name := namespace + "." + site.Zone
	if got, was := about(zone(t, s), name), about(before, name); !slices.Equal(got, was) {
		t.Errorf("at %s there is %v in BIND, and was %v", name, got, was)
	}
}

// emptyThen waits until nothing is left in namespaces, and deletes them. What was in the cluster is owned by the gateways: the garbage
// collector takes it, and proxies leave as they do elsewhere.
func emptyThen(t *testing.T, s *site.Site, namespaces ...string) {
	t.Helper()
	ctx, begin := t.Context(), time.Now()
	for _, namespace := range namespaces {
		if err := site.Until(ctx, 45*time.Second, func(ctx context.Context) error { return nothingIn(ctx, s, namespace) }); err != nil {
			t.Error(err)
		}
		if _, err := s.Kubectl(ctx, "delete", "namespace", namespace, "--wait=false"); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%s: nothing is left after %.1f s more", strings.Join(namespaces, ", "), time.Since(begin).Seconds())
}

// nothingIn looks for what every empty namespace does not have.
func nothingIn(ctx context.Context, s *site.Site, namespace string) error {
	out, err := s.Kubectl(ctx, "get", "-n", namespace, "-o", "name",
		"edgegateways,deployments,replicasets,pods,services,endpointslices,configmaps,secrets,serviceaccounts,poddisruptionbudgets,horizontalpodautoscalers")
	if err != nil {
		return err
	}
	var left []string
	for line := range strings.Lines(out) {
		if name := strings.TrimSpace(line); name != "configmap/kube-root-ca.crt" && name != "serviceaccount/default" {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("left in namespace %s: %s", namespace, strings.Join(left, ", "))
	}
	return nil
}
