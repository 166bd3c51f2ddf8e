package site

import (
	"context"
	"fmt"
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
	token, ca := filepath.Join(s.Dir, "vantage-token"), filepath.Join(s.Dir, "vantage-ca.pem")
	if err := os.WriteFile(token, []byte(VantageToken), 0o600); err != nil {
		return nil, fmt.Errorf("writing the vantage's token: %w", err)
	}
	daemon, err := s.start(s.Host(cluster.ClientHost), "vantage", nil, s.Operator, "probe",
		"-listen", cluster.ClientAddress+":8443", "-token-file", token, "-hosts", cluster.ClientAddress, "-ca-out", ca,
		"-deny", strings.Join([]string{cluster.PodRange, cluster.ServiceRange}, ","))
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
	return daemon, s.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: vantage, namespace: %s}\nstringData:\n  token: %q\n  ca.crt: %q\n",
		OperatorNamespace, VantageToken, pem))
}
