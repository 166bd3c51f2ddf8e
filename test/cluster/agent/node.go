package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// kernelSettings are those that a kubelet insists on. They are the whole machine's, so the node is shown files that
// already say what it wants, and the machine's settings stay as they are.
var kernelSettings = map[string]int{
	"vm/overcommit_memory":      1,
	"vm/panic_on_oom":           0,
	"kernel/panic":              10,
	"kernel/panic_on_oops":      1,
	"kernel/keys/root_maxkeys":  1000000,
	"kernel/keys/root_maxbytes": 25000000,
}

// runNode is the first process of the node's process and mount namespaces, which end with it: whoever kills it ends
// all that runs on the node, containers too, and undoes each mount that was made there.
func runNode(dir string) error {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	if err := mountNode(dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "node-ready"), nil, 0o600); err != nil {
		return fmt.Errorf("telling that the node is ready: %w", err)
	}
	return reap()
}

// mountNode makes the mounts that only the node sees.
func mountNode(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("leaving the machine's mounts: %w", err)
	}
	// Copies of the machine's network namespaces would keep them alive.
	if err := unix.Unmount("/run/netns", unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("letting go of network namespaces: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	if err := unix.Mount(filepath.Join(dir, "log"), "/var/log", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting /var/log: %w", err)
	}
	if err := coverLib(dir); err != nil {
		return err
	}
	if err := mountKernelSettings("/run/kernel-settings"); err != nil {
		return err
	}
	// A kubelet wants its mounts to be shared with what it starts.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the node's mounts: %w", err)
	}
	return nil
}

// coverLib keeps what is written to fixed places in /var/lib, such as the sockets of device plugins, from the machine and
// from other clusters. The cluster's own folder, which is in there too, stays the real one.
func coverLib(dir string) error {
	const lib, kept, upper, work = "/var/lib", "/run/kept", "/run/lib/upper", "/run/lib/work"
	for _, folder := range []string{kept, upper, work} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("making %s: %w", folder, err)
		}
	}
	if err := unix.Mount(dir, kept, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("keeping %s: %w", dir, err)
	}
	layers := "lowerdir=" + lib + ",upperdir=" + upper + ",workdir=" + work
	if err := unix.Mount("overlay", lib, "overlay", 0, layers); err != nil {
		return fmt.Errorf("covering %s: %w", lib, err)
	}
	if err := unix.Mount(kept, dir, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("uncovering %s: %w", dir, err)
	}
	if err := unix.Unmount(kept, 0); err != nil {
		return fmt.Errorf("removing %s: %w", kept, err)
	}
	return nil
}

func mountKernelSettings(dir string) error {
	for name, value := range kernelSettings {
		setting, file := filepath.Join("/proc/sys", name), filepath.Join(dir, name)
		if _, err := os.Stat(setting); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("making a folder for %s: %w", name, err)
		}
		if err := os.WriteFile(file, []byte(strconv.Itoa(value)+"\n"), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		if err := unix.Mount(file, setting, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("covering %s: %w", setting, err)
		}
	}
	return nil
}

// reap waits for orphans for ever, as the first process must.
func reap() error {
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	for range died {
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if pid <= 0 || (err != nil && !errors.Is(err, unix.EINTR)) {
				break
			}
		}
	}
	return nil
}
