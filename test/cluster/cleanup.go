package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// cleanTime is how long the kernel may take to let go of what its processes held.
	cleanTime  = 20 * time.Second
	cleanRetry = 20 * time.Millisecond
)

// Leftovers lists all that a cluster of this name has on the machine, running or left by a crash, but for its lock and the
// parts that all clusters share: processes, network namespaces, cgroups, mounts and its folder.
func Leftovers(name string) []string {
	var left []string
	for _, pid := range processes(name) {
		command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		left = append(left, fmt.Sprintf("process %d %s", pid, strings.ReplaceAll(string(command), "\x00", " ")))
	}
	for _, namespace := range namespaces(name) {
		left = append(left, "network namespace "+namespace)
	}
	for _, dir := range cgroups(name) {
		left = append(left, "cgroup "+dir)
	}
	for _, mount := range mounts(name) {
		left = append(left, "mount "+mount)
	}
	if _, err := os.Lstat(stateDir(name)); err == nil {
		left = append(left, "folder "+stateDir(name))
	}
	return left
}

// Remove ends the cluster of config.Name in any state, also one that was left by a crash. It waits while another process
// starts the cluster or holds it.
func Remove(ctx context.Context, config Config) error {
	config, err := config.withDefaults()
	if err != nil {
		return err
	}
	unlock, err := lockCluster(ctx, config)
	if err != nil {
		return err
	}
	defer unlock()
	return remove(config.Name)
}

func lockCluster(ctx context.Context, config Config) (unlock func(), err error) {
	return lock(ctx, lockPath(config.Name), func(holder string) {
		config.Logf("waiting for process %s, which has cluster %s", holder, config.Name)
	})
}

func lockPath(name string) string { return stateDir(name) + ".lock" }

// remove takes away what there is, in an order in which nothing is held by what comes later, and again until nothing is
// left: what a dying process was just starting may show up late. The caller has the lock.
func remove(name string) error {
	deadline := time.Now().Add(cleanTime)
	steps := []func(string) error{killProcesses, unmount, removeNamespaces, removeCgroups, removeState}
	for {
		var err error
		for _, step := range steps {
			if err = step(name); err != nil {
				break
			}
		}
		if err == nil && len(Leftovers(name)) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("removing cluster %s: still there: %q", name, Leftovers(name)), err)
		}
		time.Sleep(cleanRetry)
	}
}

// errRemains says that a step has to be done again.
var errRemains = errors.New("something remains")

func killProcesses(name string) error {
	pids := processes(name)
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("killing process %d: %w", pid, err)
		}
	}
	if len(pids) > 0 {
		return fmt.Errorf("killing processes %v: %w", pids, errRemains)
	}
	return nil
}

func unmount(name string) error {
	for _, mount := range mounts(name) {
		if err := unix.Unmount(mount, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmounting %s: %w", mount, err)
		}
	}
	return nil
}

func removeNamespaces(name string) error {
	for _, namespace := range namespaces(name) {
		if err := run(exec.Command("ip", "netns", "del", namespace)); err != nil {
			return fmt.Errorf("removing network namespace %s: %w", namespace, err)
		}
	}
	return nil
}

func removeCgroups(name string) error {
	for _, dir := range cgroups(name) {
		if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing cgroup %s: %w", dir, err)
		}
	}
	return nil
}

func removeState(name string) error {
	if err := os.RemoveAll(stateDir(name)); err != nil {
		return fmt.Errorf("removing the cluster's folder: %w", err)
	}
	return nil
}

// processes finds the cluster's live processes by all marks that they may have: our record, the network namespace, the
// cgroup, and the environment, which children inherit. This process is never among them.
func processes(name string) []int {
	found := map[int]bool{}
	for _, pid := range slices.Concat(recordedProcesses(name), cgroupProcesses(name)) {
		found[pid] = startTime(pid) != ""
	}
	ours := namespaceIDs(name)
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || found[pid] {
			continue
		}
		if (ours[networkOf(pid)] || marked(pid, name)) && startTime(pid) != "" {
			found[pid] = true
		}
	}
	maps.DeleteFunc(found, func(pid int, alive bool) bool { return !alive || pid == os.Getpid() })
	return slices.Sorted(maps.Keys(found))
}

// namespaceIDs are the inodes of the cluster's network namespaces.
func namespaceIDs(name string) map[uint64]bool {
	ids := map[uint64]bool{}
	for _, namespace := range namespaces(name) {
		var stat unix.Stat_t
		if unix.Stat(filepath.Join(namespaceDir, namespace), &stat) == nil {
			ids[stat.Ino] = true
		}
	}
	return ids
}

func networkOf(pid int) uint64 {
	var stat unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &stat) != nil {
		return 0
	}
	return stat.Ino
}

func marked(pid int, name string) bool {
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && slices.Contains(strings.Split(string(environment), "\x00"), marker+"="+name)
}

// mounts are those in the cluster's folder that this process sees, the last one made first.
func mounts(name string) []string {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var found []string
	for _, line := range strings.Split(string(data), "\n") {
		const mountPoint = 4
		fields := strings.Fields(line)
		if len(fields) > mountPoint && strings.HasPrefix(fields[mountPoint], stateDir(name)+"/") {
			found = append([]string{fields[mountPoint]}, found...)
		}
	}
	return found
}
