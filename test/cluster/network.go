package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/edgegateway/edgegateway/test/netns"
)

// namespaceDir is where iproute2 keeps network namespaces.
const namespaceDir = "/run/netns"

// namespacePrefix starts the names of a cluster's network namespaces. Names of clusters have no dash, so that no
// cluster's prefix is also another's.
func namespacePrefix(cluster string) string { return "eg-" + cluster + "-" }

func namespaceName(cluster, host string) string { return namespacePrefix(cluster) + host }

func namespacePath(cluster, host string) string {
	return filepath.Join(namespaceDir, namespaceName(cluster, host))
}

// createNetwork makes the hosts and joins them by the router. Links are made inside the namespaces, so the machine's
// own network never has any of them.
func createNetwork(ctx context.Context, cluster string) error {
	for _, host := range HostNames() {
		if err := run(exec.CommandContext(ctx, "ip", "netns", "add", namespaceName(cluster, host))); err != nil {
			return fmt.Errorf("adding host %s: %w", host, err)
		}
	}
	for _, host := range []string{RouterHost, NodeHost} {
		if err := enableForwarding(cluster, host); err != nil {
			return err
		}
	}
	if err := ipBatch(ctx, cluster, RouterHost, routerLines(cluster)); err != nil {
		return err
	}
	for _, h := range hostAddresses {
		if err := ipBatch(ctx, cluster, h.host, hostLines(h)); err != nil {
			return err
		}
	}
	return ipBatch(ctx, cluster, NodeHost, []string{"addr add " + SecondNodeAddress + "/26 dev eth0"})
}

// routerLines are for `ip -batch` on the router.
func routerLines(cluster string) []string {
	lines := []string{"link set lo up"}
	for _, h := range hostAddresses {
		lines = append(lines,
			fmt.Sprintf("link add %s type veth peer name eth0 netns %s", h.host, namespaceName(cluster, h.host)),
			fmt.Sprintf("addr add %s%s dev %s", h.router, h.length, h.host),
			fmt.Sprintf("addr add %s%s dev %s nodad", h.router6, h.length6, h.host),
			fmt.Sprintf("link set %s up", h.host))
	}
	return append(lines,
		fmt.Sprintf("route add %s via %s", PublicRange, DatacenterAddress),
		fmt.Sprintf("route add %s via %s", PublicRange6, DatacenterAddress6),
		"rule add iif "+DatacenterHost+" lookup "+podTable)
}

// podTable is the router's table for what comes from the data centre, before its main one. Nothing is in it until OpenPods.
const podTable = "18"

// OpenPods has the data centre's host reach pods by their own addresses, as a cloud does whose network pods are part of. No other host does.
func (c *Cluster) OpenPods(ctx context.Context) error {
	return ipBatch(ctx, c.name, RouterHost, []string{"route replace " + PodRange + " via " + NodeAddress + " table " + podTable})
}

// hostLines are for `ip -batch` on a host.
func hostLines(h hostAddress) []string {
	return []string{
		"link set lo up",
		fmt.Sprintf("addr add %s%s dev eth0", h.address, h.length),
		fmt.Sprintf("addr add %s%s dev eth0 nodad", h.address6, h.length6),
		"link set eth0 up",
		"route add default via " + h.router,
		"route add default via " + h.router6,
	}
}

func ipBatch(ctx context.Context, cluster, host string, lines []string) error {
	command := exec.CommandContext(ctx, "ip", "-n", namespaceName(cluster, host), "-batch", "-")
	command.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if err := run(command); err != nil {
		return fmt.Errorf("configuring host %s: %w", host, err)
	}
	return nil
}

func enableForwarding(cluster, host string) error {
	return netns.Do(namespacePath(cluster, host), func() error {
		for _, setting := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
			// The file shows the namespace of the thread that opens it.
			if err := os.WriteFile(filepath.Join("/proc/sys/net", setting), []byte("1"), 0o644); err != nil {
				return fmt.Errorf("making host %s forward: %w", host, err)
			}
		}
		return nil
	})
}

// namespaces lists the cluster's network namespaces.
func namespaces(cluster string) []string {
	entries, err := os.ReadDir(namespaceDir)
	if err != nil {
		return nil
	}
	var found []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), namespacePrefix(cluster)) {
			found = append(found, entry.Name())
		}
	}
	return found
}

// run runs a short command; its error holds what the command said.
func run(command *exec.Cmd) error {
	var said bytes.Buffer
	if command.Stdout == nil {
		command.Stdout = &said
	}
	command.Stderr = &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("running %s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}
