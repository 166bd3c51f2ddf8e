package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestKeyOfAPartCoversAllThatItIsMadeFrom(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := func(flags ...string) string {
		sum, err := hashSources(dir, []string{"."}, flags)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	write("go.mod", "module m")
	write("main.go", "package main")
	first := key("-s")
	write("main_test.go", "package main")
	if key("-s") != first {
		t.Error("a test changes the key")
	}
	if key("-w") == first {
		t.Error("flags don't change the key")
	}
	write("go.mod", "module n")
	if key("-s") == first {
		t.Error("go.mod doesn't change the key")
	}
	second := key("-s")
	write("go.sum", "x")
	if key("-s") == second {
		t.Error("go.sum doesn't change the key")
	}
}

func TestPartIsMadeOnceAndWhole(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	made := 0
	p := part{name: "thing", key: "1", make: func(_ context.Context, dir string) error {
		made++
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
			return err
		}
		if made == 1 {
			return errors.New("broke off")
		}
		return nil
	}}
	if dir, err := p.ensure(t.Context(), t.Logf); err == nil {
		t.Errorf("half a part is kept in %s", dir)
	}
	for range 2 {
		dir, err := p.ensure(t.Context(), t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "half")); err != nil {
			t.Error(err)
		}
	}
	if made != 2 {
		t.Errorf("it was made %d times, want 2", made)
	}
}

// TestPartThatIsBeingMadeIsWaitedFor has a cluster start while a build in the background makes the same part.
func TestPartThatIsBeingMadeIsWaitedFor(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	making, waited := make(chan struct{}), make(chan struct{})
	build := part{name: "thing", key: "1", make: func(ctx context.Context, dir string) error {
		close(making)
		select {
		case <-waited:
			return os.WriteFile(filepath.Join(dir, "whole"), nil, 0o600)
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	built := make(chan error, 1)
	go func() {
		_, err := build.ensure(ctx, t.Logf)
		built <- err
	}()
	<-making
	start := part{name: "thing", key: "1", make: func(context.Context, string) error { return errors.New("it is made twice") }}
	dir, err := start.ensure(ctx, func(format string, args ...any) {
		if strings.HasPrefix(format, "waiting for process") {
			close(waited)
		}
	})
	if err := errors.Join(err, <-built); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "whole")); err != nil {
		t.Error(err)
	}
}

func TestLockIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var holder string
	if _, err := lock(ctx, path, func(pid string) { holder = pid }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second lock gives %v", err)
	}
	if holder == "" {
		t.Error("who waits isn't told for whom")
	}
	unlock()
	unlock, err = lock(t.Context(), path, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestKubernetesKnowsItsVersion(t *testing.T) {
	flags := kubeLinkerFlags()
	for _, want := range []string{"gitVersion=" + kubernetesVersion, "gitMajor=1 ", "gitMinor=36"} {
		if !strings.Contains(flags+" ", want) {
			t.Errorf("%q lacks %q", flags, want)
		}
	}
	module, err := os.ReadFile("kube/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(module), "k8s.io/kubernetes "+kubernetesVersion+"\n") {
		t.Errorf("kube/go.mod doesn't require %s", kubernetesVersion)
	}
}
