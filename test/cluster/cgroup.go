package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const cgroupMount = "/sys/fs/cgroup"

// cgroupName is the root of all cgroups that the kubelet makes.
func cgroupName(cluster string) string { return "eg-" + cluster }

// cgroupV2 tells whether there is one tree for all controllers.
func cgroupV2() bool {
	_, err := os.Stat(filepath.Join(cgroupMount, "cgroup.controllers"))
	return err == nil
}

// cgroupRoots are the trees in which a cgroup has to be made: one for each controller, or one for all.
func cgroupRoots() ([]string, error) {
	if cgroupV2() {
		return []string{cgroupMount}, nil
	}
	// A file that only the root cgroup of a hierarchy has, or any: an empty folder is no hierarchy.
	procs, err := filepath.Glob(filepath.Join(cgroupMount, "*", "cgroup.procs"))
	if err != nil || len(procs) == 0 {
		return nil, unavailable("no cgroups are mounted at %s", cgroupMount)
	}
	var roots []string
	for _, path := range procs {
		root := filepath.Dir(path)
		// cpu and cpuacct may be two names of one tree.
		if info, err := os.Lstat(root); err == nil && info.IsDir() {
			roots = append(roots, root)
		}
	}
	return roots, nil
}

// createCgroups makes the cluster's cgroup in each tree: a kubelet wants its root to exist.
func createCgroups(cluster string) error {
	roots, err := cgroupRoots()
	if err != nil {
		return err
	}
	if cgroupV2() {
		if err := delegateControllers(cgroupMount); err != nil {
			return err
		}
	}
	for _, root := range roots {
		dir := filepath.Join(root, cgroupName(cluster))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making cgroup %s: %w", dir, err)
		}
		if err := inheritCPUs(root, dir); err != nil {
			return err
		}
	}
	if cgroupV2() {
		return delegateControllers(filepath.Join(cgroupMount, cgroupName(cluster)))
	}
	return nil
}

// inheritCPUs gives a cpuset what it must have before a process may enter it; of version 1 only.
func inheritCPUs(parent, child string) error {
	if cgroupV2() {
		return nil
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(child, name), bytes.TrimSpace(value), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// delegateControllers lets the children of a version 2 cgroup have the controllers that it has.
func delegateControllers(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("reading the controllers of %s: %w", dir, err)
	}
	for _, controller := range strings.Fields(string(data)) {
		// One at a time, since one that can't be delegated would refuse all.
		_ = os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
	}
	return nil
}

// cgroups are the cluster's cgroups that exist, those inside others first.
func cgroups(cluster string) []string {
	var tops []string
	for _, pattern := range []string{cgroupName(cluster), filepath.Join("*", cgroupName(cluster))} {
		found, _ := filepath.Glob(filepath.Join(cgroupMount, pattern))
		tops = append(tops, found...)
	}
	var found []string
	for _, top := range tops {
		_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				found = append([]string{path}, found...)
			}
			return nil
		})
	}
	return found
}

// cgroupProcesses are the processes in the cluster's cgroups.
func cgroupProcesses(cluster string) []int {
	var pids []int
	for _, dir := range cgroups(cluster) {
		data, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(data)) {
			// A process of another pid namespace than ours is shown as 0.
			if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
