package crash

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestRecordForUpgrade writes the fixtures of package upgrade that a whole operator makes. With newer code it would prove nothing, and
// refuses: see the doc of package upgrade.
func TestRecordForUpgrade(t *testing.T) {
	if os.Getenv("UPGRADE_RECORD") == "" {
		t.Skip("only to record: see package upgrade")
	}
	diff := exec.Command("git", "diff", "--stat", "--exit-code", recordedCommit, "--", "api", "controllers", "edgeproxy", "providers", "main.go")
	diff.Dir = filepath.Join("..", "..")
	if out, err := diff.CombinedOutput(); err != nil {
		t.Fatalf("this is not the operator of %s: %v\n%s", recordedCommit, err, out)
	}
	for _, name := range sortedKeys(recordables) {
		t.Run(name, func(t *testing.T) { record(t, name) })
	}
}

func record(t *testing.T, name string) {
	scene, w := scenes[name], recordables[name]()
	s := newSim(w, scenario{disruptive: true})
	steps := []step{{do: func(s *sim) { createAll(s, scene.gateways) }}, {do: scene.then}}
	if err := s.play(steps); err != nil {
		t.Fatal(err)
	}
	cluster, err := encodeCluster(s.store)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := w.save()
	if err != nil {
		t.Fatal(err)
	}
	write := func(file string, text []byte) {
		path := fixture(name, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(clusterFile, cluster)
	write(w.file(), outside)
	said := asked{}
	again, _, err := takeover(name, noting(said))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.run(again.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	inputs, err := said.encode()
	if err != nil {
		t.Fatal(err)
	}
	write(gatewaysFile, inputs)
}
