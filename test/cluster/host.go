package cluster

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"

	"github.com/edgegateway/edgegateway/test/netns"
)

// Host is a machine of the cluster's network: one network namespace; files and processes are this machine's.
type Host struct {
	cluster, name string
}

// Host returns one of NodeHost, ClientHost, DNSHost, DatacenterHost and RouterHost; it panics at any other name, which is
// a mistake in the program.
func (c *Cluster) Host(name string) *Host {
	if !slices.Contains(HostNames(), name) {
		panic("cluster: no host " + name)
	}
	return &Host{cluster: c.name, name: name}
}

// HostNames are those that [Cluster.Host] takes.
func HostNames() []string {
	return []string{NodeHost, ClientHost, DNSHost, DatacenterHost, RouterHost}
}

// Name is the host's name.
func (h *Host) Name() string { return h.name }

// Namespace is the path of the host's network namespace.
func (h *Host) Namespace() string { return namespacePath(h.cluster, h.name) }

// Command is exec.CommandContext on this host. Only the network is the host's: unlike `ip netns exec` it shows the
// machine's own /sys and /etc.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + h.Namespace(), "--", name}, args...)...)
	command.Env = append(os.Environ(), marker+"="+h.cluster)
	return command
}

// Start starts a command of [Host.Command] as a daemon: it outlives this process and ends with the cluster. What it says
// goes to a file in the cluster's log folder unless the command has a Stdout of its own.
func (h *Host) Start(name string, command *exec.Cmd) (*Process, error) {
	return startProcess(h.cluster, h.name+"-"+name, command)
}

// DialContext dials from this host. The address must be an IP literal with a port: names are not resolved.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := checkLiteral(address); err != nil {
		return nil, err
	}
	var connection net.Conn
	err := netns.Do(h.Namespace(), func() (err error) {
		connection, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return connection, err
}

// Listen listens on this host. The address must be an IP literal with a port.
func (h *Host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if err := checkLiteral(address); err != nil {
		return nil, err
	}
	var listener net.Listener
	err := netns.Do(h.Namespace(), func() (err error) {
		listener, err = new(net.ListenConfig).Listen(ctx, network, address)
		return err
	})
	return listener, err
}

// ListenPacket listens for datagrams on this host. The address must be an IP literal with a port.
func (h *Host) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	if err := checkLiteral(address); err != nil {
		return nil, err
	}
	var packets net.PacketConn
	err := netns.Do(h.Namespace(), func() (err error) {
		packets, err = new(net.ListenConfig).ListenPacket(ctx, network, address)
		return err
	})
	return packets, err
}

// Resolver asks the name server at the address, from this host.
func (h *Host) Resolver(server netip.AddrPort) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return h.DialContext(ctx, network, server.String())
	}}
}

// AddAddress gives this host one more address, which it then answers for; public addresses belong on DatacenterHost,
// where the router sends them.
func (h *Host) AddAddress(ctx context.Context, address netip.Addr) error {
	line := "addr replace " + hostPrefix(address) + " dev lo"
	if address.Is6() {
		line += " nodad"
	}
	return ipBatch(ctx, h.cluster, h.name, []string{line})
}

// RemoveAddress undoes AddAddress.
func (h *Host) RemoveAddress(ctx context.Context, address netip.Addr) error {
	return ipBatch(ctx, h.cluster, h.name, []string{"addr del " + hostPrefix(address) + " dev lo"})
}

func hostPrefix(address netip.Addr) string {
	return netip.PrefixFrom(address, address.BitLen()).String()
}

// checkLiteral refuses names: resolving one would happen on other threads, so in this machine's own network.
func checkLiteral(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("reading address %q: %w", address, err)
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Errorf("reading address %q, which must be an IP address: %w", address, err)
	}
	return nil
}
