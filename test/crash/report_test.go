package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// reportFile is written by make crash.
const reportFile = "report.txt"

var report struct {
	mu    sync.Mutex
	parts map[string]string
}

// write puts a part into the report, and writes what there is of it.
func write(t *testing.T, part, text string, took time.Duration) {
	t.Helper()
	report.mu.Lock()
	defer report.mu.Unlock()
	if report.parts == nil {
		report.parts = map[string]string{}
	}
	report.parts[part] = fmt.Sprintf("== %s\n%stook %s\n", part, text, took.Round(time.Second))
	var names []string
	for name := range report.parts {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []string
	for _, name := range names {
		all = append(all, report.parts[name])
	}
	if err := os.WriteFile(filepath.Join(".", reportFile), []byte(strings.Join(all, "\n")), 0o644); err != nil {
		t.Error(err)
	}
}
