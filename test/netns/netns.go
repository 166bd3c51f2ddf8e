// Package netns works inside the network namespaces of this machine: those of test clusters and those that tests make for themselves.
//
// It imports the standard library and golang.org/x/sys only.
package netns

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Do calls f on a thread that is in the network namespace at path, or just so if path is empty. f must not start goroutines that need to be in
// it: only the sockets that it makes itself, the processes that it starts itself and the files of /proc that it opens itself are of that
// namespace.
func Do(path string, f func() error) error {
	if path == "" {
		return f()
	}
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		restored, err := visit(path, f)
		if restored {
			runtime.UnlockOSThread()
		}
		// Otherwise the thread stays locked and ends with this goroutine: no one else may inherit its namespace.
		result <- err
	}()
	return <-result
}

// visit reports whether the thread is where it was before.
func visit(path string, f func() error) (restored bool, err error) {
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return true, fmt.Errorf("opening this thread's network namespace: %w", err)
	}
	defer func() { _ = home.Close() }()
	target, err := os.Open(path)
	if err != nil {
		return true, fmt.Errorf("opening a network namespace: %w", err)
	}
	defer func() { _ = target.Close() }()
	if err := unix.Setns(int(target.Fd()), unix.CLONE_NEWNET); err != nil {
		return true, fmt.Errorf("entering %s: %w", path, err)
	}
	err = f()
	return unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil, err
}
