package plane

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/edgegateway/edgegateway/test/netns"
)

// listen opens a socket in the plane's namespace.
func (p *Plane) listen(ctx context.Context, key socketKey) (socket, error) {
	var s socket
	err := netns.Do(p.config.Namespace, func() error {
		if key.protocol == UDP {
			packets, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(key.address))
			if err != nil {
				return err
			}
			s = newDatagrams(p, packets, key.address)
			return nil
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", key.address.String())
		if err != nil {
			return err
		}
		s = newStreams(p, listener.(*net.TCPListener), key.address)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listening on %s %s: %w", key.protocol, key.address, err)
	}
	return s, nil
}

// dial makes a connection in the plane's namespace, from an address, or from that which the kernel chooses.
func (p *Plane) dial(ctx context.Context, network string, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	dialer := net.Dialer{Control: lateBind}
	if from.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
		if network == string(UDP) {
			dialer.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
		}
	}
	var connection net.Conn
	err := netns.Do(p.config.Namespace, func() (err error) {
		connection, err = dialer.DialContext(ctx, network, to.String())
		return err
	})
	return connection, err
}

// lateBind has the kernel choose the port when it knows the other end: one address then has as many ports for each of them.
func lateBind(_, _ string, raw syscall.RawConn) error {
	var err error
	if controlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); controlErr != nil {
		return controlErr
	}
	return err
}

// run runs a command in the plane's namespace; its error holds what the command said.
func (p *Plane) run(ctx context.Context, stdin, name string, args ...string) error {
	return netns.Do(p.config.Namespace, func() error {
		command := exec.CommandContext(ctx, name, args...)
		command.Stdin = strings.NewReader(stdin)
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("running %s %s: %w: %s\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)), stdin)
		}
		return nil
	})
}
