package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStartEndsWhenItIsCancelled(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole Kubernetes is not short")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Start(ctx, Config{Name: "cancelled", Logf: func(format string, args ...any) {
		if strings.Contains(fmt.Sprintf(format, args...), "node made") {
			time.AfterFunc(time.Second, cancel)
		}
	}})
	skipUnavailable(t, err)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if left := Leftovers("cancelled"); len(left) > 0 {
		t.Errorf("there are still %q", left)
	}
}

func TestRemoveClearsWhatACrashLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole Kubernetes is not short")
	}
	const name = "crash"
	skipUnavailable(t, checkMachine(t.Context(), t.Logf))
	binary := filepath.Join(t.TempDir(), "edgecluster")
	if err := goBuild(t.Context(), ".", "build", "-o", binary, "./edgecluster"); err != nil {
		t.Fatal(err)
	}
	for _, stage := range []struct {
		line  string
		after time.Duration
	}{{"node made", 0}, {"node made", time.Second}, {"containerd are up", 4 * time.Second}} {
		crash(t, exec.CommandContext(t.Context(), binary, "-name", name, "up"), stage.line, stage.after)
		if len(Leftovers(name)) == 0 {
			t.Errorf("the crash after %q left nothing: it proves nothing", stage.line)
		}
		if err := run(exec.CommandContext(t.Context(), binary, "-name", name, "down")); err != nil {
			t.Error(err)
		}
		if left := Leftovers(name); len(left) > 0 {
			t.Errorf("after a crash at %q and down there are still %q", stage.line, left)
		}
	}
}

// crash kills a command some time after it has said a line.
func crash(t *testing.T, command *exec.Cmd, line string, after time.Duration) {
	t.Helper()
	said, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), line) {
		t.Log(lines.Text())
	}
	time.Sleep(after)
	_ = command.Process.Kill()
	_ = command.Wait()
}
