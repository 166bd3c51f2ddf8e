package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// poll is how often we look whether something that is starting has started.
const poll = 20 * time.Millisecond

// startNode starts the first process of the node, whose namespaces all others on the node are in.
func (c *Cluster) startNode(ctx context.Context) error {
	command := c.Host(NodeHost).Command(context.Background(), c.parts.program("agent"), "node", c.dir)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	process, err := c.Host(NodeHost).Start("first", command)
	if err != nil {
		return err
	}
	c.nodePid = process.Pid()
	return c.await(ctx, "the node", process, func(context.Context) bool {
		_, err := os.Stat(filepath.Join(c.dir, "node-ready"))
		return err == nil
	})
}

// onNode is a command in all of the node's namespaces.
func (c *Cluster) onNode(ctx context.Context, name string, args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(c.nodePid), "--net", "--mount", "--pid", "--", name}
	command := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	command.Env = append(os.Environ(), marker+"="+c.name)
	return command
}

// startOnNode starts a daemon of the node; its log is named after it.
func (c *Cluster) startOnNode(name, program string, args ...string) (*Process, error) {
	return startProcess(c.name, name, c.onNode(context.Background(), program, args...))
}

// startKube starts one of the components that the kube binary has.
func (c *Cluster) startKube(component string, args ...string) (*Process, error) {
	return c.startOnNode(component, filepath.Join(c.parts.Kube, "kube"), append([]string{component}, args...)...)
}

// await returns when ready does, or an error when the process ends before that or ctx does.
func (c *Cluster) await(ctx context.Context, what string, process *Process, ready func(context.Context) bool) error {
	for !ready(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; it said:\n%s", what, context.Cause(ctx), process.tail())
		case <-process.Done():
			return fmt.Errorf("waiting for %s: it ended and said:\n%s", what, process.tail())
		case <-time.After(poll):
		}
	}
	return nil
}
