package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// kubernetesVersion is what kube/go.mod requires. The linker writes it into the binary, since the API server
	// refuses to emulate versions when it believes itself to be v0.0.0.
	kubernetesVersion = "v1.36.3"
	// toolTags leave out what would need C libraries.
	toolTags = "no_btrfs no_devmapper no_zfs no_aufs"
	// progressEvery is how often a long step tells that it is still under way.
	progressEvery = 15 * time.Second
)

// part is something that is made once and kept: a folder named by a hash of all that it is made from.
type part struct {
	name string
	// key is the hash of what it is made from.
	key string
	// make fills an empty folder.
	make func(ctx context.Context, dir string) error
}

// ensure returns the part's folder, making it first if it isn't there.
func (p part) ensure(ctx context.Context, logf func(string, ...any)) (string, error) {
	root, err := partsRoot()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", root, err)
	}
	dir := filepath.Join(root, p.name+"-"+p.key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	unlock, err := lock(ctx, filepath.Join(root, p.name+".lock"), func(holder string) {
		logf("waiting for process %s, which makes %s", holder, p.name)
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, p.makeOnce(ctx, dir, logf)
}

// makeOnce makes the part beside its place and moves it there whole.
func (p part) makeOnce(ctx context.Context, dir string, logf func(string, ...any)) error {
	temporary := filepath.Join(filepath.Dir(dir), p.name+".new")
	// We hold the lock, so whatever is there was left by a crash.
	if err := os.RemoveAll(temporary); err != nil {
		return fmt.Errorf("removing %s: %w", temporary, err)
	}
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", temporary, err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	stop := progress(logf, "making "+p.name)
	err := p.make(ctx, temporary)
	stop()
	if err != nil {
		return fmt.Errorf("making %s: %w", p.name, err)
	}
	if err := os.Rename(temporary, dir); err != nil {
		return fmt.Errorf("keeping %s: %w", p.name, err)
	}
	return nil
}

// progress says what is being done, now and every 15 s, until the function that it returns is called.
func progress(logf func(string, ...any), what string) func() {
	start, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	logf("%s", what)
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				logf("%s: %s so far", what, time.Since(start).Round(time.Second))
			case <-done:
				logf("%s: done in %s", what, time.Since(start).Round(100*time.Millisecond))
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// kubePart is the binary that holds all of Kubernetes.
func kubePart(source string) (part, error) {
	flags := []string{"-ldflags", kubeLinkerFlags()}
	return goPart("kube", filepath.Join(source, "test/cluster/kube"), []string{"."}, flags, ".")
}

func kubeLinkerFlags() string {
	numbers := strings.SplitN(strings.TrimPrefix(kubernetesVersion, "v"), ".", 3)
	const version = " -X k8s.io/component-base/version."
	return "-s -w" + version + "gitVersion=" + kubernetesVersion + version + "gitMajor=" + numbers[0] +
		version + "gitMinor=" + numbers[1]
}

// toolsPart is containerd, its CNI plugins and helm.
func toolsPart(source string) (part, error) {
	flags := []string{"-tags", toolTags, "-ldflags", "-s -w"}
	return goPart("tools", filepath.Join(source, "test/cluster/tools"), []string{"."}, flags, "tool")
}

// programsPart is our own: agent, echo and pause.
func programsPart(source string) (part, error) {
	programs := []string{"agent", "echo", "pause"}
	var packages []string
	for _, program := range programs {
		packages = append(packages, "./"+program)
	}
	return goPart("programs", filepath.Join(source, "test/cluster"), programs, []string{"-ldflags", "-s -w"}, packages...)
}

// goPart is what `go build` makes in a folder. Its key covers go.mod, go.sum and the Go files of the folders below it
// that are named as sources.
func goPart(name, dir string, sources, flags []string, packages ...string) (part, error) {
	key, err := hashSources(dir, sources, flags)
	if err != nil {
		return part{}, err
	}
	build := func(ctx context.Context, out string) error {
		args := append([]string{"build", "-o", out + "/"}, flags...)
		return goBuild(ctx, dir, append(args, packages...)...)
	}
	return part{name: name, key: key, make: build}, nil
}

func goBuild(ctx context.Context, dir string, args ...string) error {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	// The compiler's processes end with it when we are interrupted.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return run(command)
}

func hashSources(dir string, sources, flags []string) (string, error) {
	var files []string
	for _, source := range sources {
		for _, pattern := range []string{"go.mod", "go.sum", "*.go"} {
			found, err := filepath.Glob(filepath.Join(dir, source, pattern))
			if err != nil {
				return "", fmt.Errorf("listing %s: %w", source, err)
			}
			files = append(files, found...)
		}
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	if len(files) == 0 {
		return "", unavailable("the sources in %s are missing", dir)
	}
	slices.Sort(files)
	hash := sha256.New()
	fmt.Fprintf(hash, "%q\n", flags)
	for _, file := range files {
		relative, err := filepath.Rel(dir, file)
		if err != nil {
			return "", fmt.Errorf("naming %s: %w", file, err)
		}
		sum, err := hashFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %s\n", sum, relative)
	}
	return shortHash(hash.Sum(nil)), nil
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hashing: %w", err)
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("hashing %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func shortHash(sum []byte) string { return hex.EncodeToString(sum)[:16] }
