package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// startForwarder makes the API reachable from this machine at an address of its loopback, and writes the kubeconfig that
// says so. The listener is made here and handed to a process that is on the node: a socket stays where it was made.
func (c *Cluster) startForwarder() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the API's users: %w", err)
	}
	defer func() { _ = listener.Close() }()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return fmt.Errorf("passing on the listener: %w", err)
	}
	defer func() { _ = file.Close() }()
	node := c.Host(NodeHost)
	command := node.Command(context.Background(), c.parts.program("agent"), "forward", net.JoinHostPort(NodeAddress, apiPort))
	command.ExtraFiles = []*os.File{file}
	if _, err := node.Start("forwarder", command); err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(c.identityDir(), "admin.token"))
	if err != nil {
		return fmt.Errorf("reading the administrator's token: %w", err)
	}
	return c.writeKubeconfig(c.Kubeconfig(), "https://"+listener.Addr().String(), string(token))
}
