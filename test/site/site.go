package site

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// OperatorNamespace is where the chart is installed.
const OperatorNamespace = "edgegateway-system"

// Site is a cluster and what is around it.
type Site struct {
	*cluster.Cluster
	// Source is the repository's folder.
	Source string
	// Dir holds what the site's programs need; it goes with Close.
	Dir string
	// Operator is the path of the operator's binary.
	Operator string

	logf func(format string, args ...any)

	// Tests that run side by side start programs at once.
	mu      sync.Mutex
	daemons []*Daemon
}

// New makes a site around a running cluster. The programs that it starts end with Close.
func New(c *cluster.Cluster, source string, logf func(format string, args ...any)) (*Site, error) {
	// It goes with the cluster, also when this process is killed.
	dir, err := os.MkdirTemp(c.Logs(), "site-")
	if err != nil {
		return nil, fmt.Errorf("making the site's folder: %w", err)
	}
	return &Site{Cluster: c, Source: source, Dir: dir, logf: logf}, nil
}

// Close ends the site's programs. The cluster stays.
func (s *Site) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.daemons) - 1; i >= 0; i-- {
		s.daemons[i].Stop()
	}
	_ = os.RemoveAll(s.Dir)
}

// InstallOperator builds the operator, installs its chart and Gateway API's CRDs, and waits until both replicas are ready.
func (s *Site) InstallOperator(ctx context.Context) error {
	binary, err := s.BuildOperator(ctx)
	if err != nil {
		return err
	}
	s.Operator = binary
	if err := s.LoadOperatorImage(ctx, binary); err != nil {
		return err
	}
	crds, err := gatewayAPICRDs(ctx, s.Source)
	if err != nil {
		return err
	}
	if _, err := s.Kubectl(ctx, "apply", "--server-side", "-f", crds); err != nil {
		return fmt.Errorf("applying Gateway API's CRDs: %w", err)
	}
	_, err = s.Helm(ctx, "upgrade", "--install", "edgegateway", filepath.Join(s.Source, "charts/edgegateway"),
		"--namespace", OperatorNamespace, "--create-namespace", "--take-ownership", "--set", "image.tag=dev", "--set", "image.pullPolicy=IfNotPresent",
		"--wait", "--timeout", "3m")
	if err != nil {
		return fmt.Errorf("installing the chart: %w", err)
	}
	return nil
}

// gatewayAPICRDs returns the folder with Gateway API's standard CRDs, of the version that the operator is built with.
func gatewayAPICRDs(ctx context.Context, source string) (string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api")
	list.Dir = source
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("finding Gateway API's module: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "config/crd/standard"), nil
}

// Until calls check until it returns nil, every 100 ms for at most the given time, and then returns its last error.
func Until(ctx context.Context, limit time.Duration, check func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		// What the end of the time limit interrupts says nothing.
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("still not so after %s: %w", limit, last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Condition returns an error that says what is there unless the object's condition has the wanted status ("True") and, if it is not
// empty, the wanted reason.
func (s *Site) Condition(ctx context.Context, object, namespace, condition, status, reason string) error {
	path := fmt.Sprintf(`jsonpath={.status.conditions[?(@.type=="%s")].status}|{.status.conditions[?(@.type=="%[1]s")].reason}|{.status.conditions[?(@.type=="%[1]s")].message}`, condition)
	args := []string{"get", object, "-o", path}
	if namespace != "" {
		args = append(args, "-n", namespace)
	}
	out, err := s.Kubectl(ctx, args...)
	if err != nil {
		return err
	}
	parts := strings.SplitN(out, "|", 3)
	if len(parts) == 3 && parts[0] == status && (reason == "" || parts[1] == reason) {
		return nil
	}
	return fmt.Errorf("%s of %s is %q, want %s %s", condition, object, out, status, reason)
}

// cutPair splits "a|b", neither of which may be empty.
func cutPair(text string) (string, string, error) {
	a, b, found := strings.Cut(text, "|")
	if !found || a == "" || b == "" {
		return "", "", fmt.Errorf("%q is not a pair", text)
	}
	return a, b, nil
}
