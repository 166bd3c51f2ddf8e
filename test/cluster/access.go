package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Name is the cluster's name.
func (c *Cluster) Name() string { return c.name }

// Kubeconfig is the path of an administrator's kubeconfig that works on this machine, for any client.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.dir, "kubeconfig") }

// Logs is the folder with a log of each component and daemon, and with those of pods below pods/. It goes with the cluster.
func (c *Cluster) Logs() string { return filepath.Join(c.dir, "log") }

// Ready reports whether the API answers and the node is Ready.
func (c *Cluster) Ready(ctx context.Context) bool { return c.api.nodeReady(ctx) }

// Kubectl runs kubectl as administrator and returns what it said on stdout; the error holds what it said on stderr.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return output(c.KubectlCommand(ctx, args...))
}

// KubectlCommand is kubectl as administrator, for whoever wants to pipe into it or watch it.
func (c *Cluster) KubectlCommand(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(c.parts.Kube, "kube"), append([]string{"kubectl"}, args...)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig(), "KUBECACHEDIR="+filepath.Join(c.dir, "kubectl"))
	return command
}

// Apply makes the objects in the YAML be as it says.
func (c *Cluster) Apply(ctx context.Context, yaml string) error {
	command := c.KubectlCommand(ctx, "apply", "--server-side", "-f", "-")
	command.Stdin = strings.NewReader(yaml)
	_, err := output(command)
	return err
}

// Helm runs helm as administrator and returns what it said on stdout.
func (c *Cluster) Helm(ctx context.Context, args ...string) (string, error) {
	return output(c.HelmCommand(ctx, args...))
}

// HelmCommand is helm as administrator. Its caches are the cluster's own.
func (c *Cluster) HelmCommand(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(c.parts.Tools, "helm"), args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	for _, kind := range []string{"CACHE", "CONFIG", "DATA"} {
		command.Env = append(command.Env, "HELM_"+kind+"_HOME="+filepath.Join(c.dir, "helm", strings.ToLower(kind)))
	}
	return command
}

// output is what a command says on stdout; its error holds stderr.
func output(command *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		return stdout.String(), fmt.Errorf("running %s: %w: %s", strings.Join(command.Args, " "), err, said)
	}
	return stdout.String(), nil
}

// saveLogs moves the logs to where they outlive the cluster and returns the place.
func (c *Cluster) saveLogs() string {
	place := filepath.Join(os.TempDir(), "edgecluster-"+c.name+"-log")
	if err := os.RemoveAll(place); err != nil {
		return "no place: " + err.Error()
	}
	if err := os.CopyFS(place, os.DirFS(c.Logs())); err != nil {
		return place + ", not all: " + err.Error()
	}
	return place
}
