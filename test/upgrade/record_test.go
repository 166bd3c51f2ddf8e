package upgrade

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// operatorImage is the recorded operator's. A real upgrade brings another, and proxies that follow it one by one: that is no change of ours.
const operatorImage = "edgegateway:recorded"

// TestRecordForUpgrade writes what the recorded commit makes of the cluster. See the package's doc.
func TestRecordForUpgrade(t *testing.T) {
	if os.Getenv("UPGRADE_RECORD") == "" {
		t.Skip("only to record: see the package's doc")
	}
	diff := exec.Command("git", "diff", "--stat", "--exit-code", recordedCommit, "--", "api", "controllers", "edgeproxy", "providers", "main.go")
	diff.Dir = filepath.Join("..", "..")
	if out, err := diff.CombinedOutput(); err != nil {
		t.Fatalf("this is not the operator of %s: %v\n%s", recordedCommit, err, out)
	}
	c := parse(t, read(t, "cluster.yaml"))
	for name, text := range map[string]string{"resources.txt": listed(c.build()), "proxies.yaml": c.proxies(t, operatorImage)} {
		if err := os.WriteFile(fixture(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
