package cluster

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// inNamespace calls f on a thread that is in the network namespace at path. f must not start goroutines that need to
// be in it: only the sockets that it makes itself, and files of /proc that it opens itself, are of that namespace.
func inNamespace(path string, f func() error) error {
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

// visit tells whether the thread is where it was before.
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
