package crash

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// TestMain lets garbage pile up: a run is short, and thousands follow.
func TestMain(m *testing.M) {
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(3 << 30)
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}
