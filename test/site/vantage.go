package site

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// The vantage's token, and where it serves on the client's host.
const (
	VantageToken = "token-of-the-test-vantage-0123456789"
	VantageURL   = "https://" + cluster.ClientAddress + ":8443"
)

// StartVantage runs `edgegateway probe` on the client's host, and puts what the operator needs to ask it into the Secret "vantage".
func (s *Site) StartVantage(ctx context.Context) (*Daemon, error) {
	return s.StartVantageAt(ctx, "vantage", 8443, netip.Addr{})
}

// StartVantageAt is StartVantage for one of another name, whose Secret is named so, at another port of the client's host. If resolver is valid,
// its names are those that the name server there has.
func (s *Site) StartVantageAt(ctx context.Context, name string, port int, resolver netip.Addr) (*Daemon, error) {
	token, ca := filepath.Join(s.Dir, name+"-token"), filepath.Join(s.Dir, name+"-ca.pem")
	if err := os.WriteFile(token, []byte(VantageToken), 0o600); err != nil {
		return nil, fmt.Errorf("writing the vantage's token: %w", err)
	}
	command := []string{s.Operator, "probe", "-listen", fmt.Sprintf("%s:%d", cluster.ClientAddress, port), "-token-file", token,
		"-hosts", cluster.ClientAddress, "-ca-out", ca, "-deny", strings.Join([]string{cluster.PodRange, cluster.ServiceRange}, ",")}
	if resolver.IsValid() {
		file := filepath.Join(s.Dir, name+"-resolv.conf")
		if err := os.WriteFile(file, []byte("nameserver "+resolver.String()+"\n"), 0o644); err != nil {
			return nil, fmt.Errorf("writing the vantage's resolv.conf: %w", err)
		}
		// In a mount namespace of its own: the machine's /etc stays as it is.
		command = append([]string{"unshare", "--mount", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, file}, command...)
	}
	daemon, err := s.start(s.Host(cluster.ClientHost), name, nil, command[0], command[1:]...)
	if err != nil {
		return nil, err
	}
	var pem []byte
	err = Until(ctx, 5*time.Second, func(context.Context) error {
		if err := daemon.Exited(); err != nil {
			return err
		}
		pem, err = os.ReadFile(ca)
		return err
	})
	if err != nil {
		return nil, err
	}
	return daemon, s.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\nstringData:\n  token: %q\n  ca.crt: %q\n",
		name, OperatorNamespace, VantageToken, pem))
}
