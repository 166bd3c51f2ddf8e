package dns

import (
	"os"
	"testing"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// TestMain has AWS's own models judge every request that the adapter makes in any test, and every reply that it gets.
func TestMain(m *testing.M) {
	code := m.Run()
	if !simaws.DefaultGate().Report(os.Stdout) && code == 0 {
		code = 1
	}
	os.Exit(code)
}
