// Command edgecluster is the command line of package cluster:
//
//	edgecluster build                            make all that clusters are started from, and start none
//	edgecluster [-name NAME] up                  start a cluster, or start it anew; it stays up
//	edgecluster [-name NAME] down                remove it, whatever state it is in
//	edgecluster [-name NAME] status              what there is of it; fails unless it is Ready
//	edgecluster [-name NAME] kubeconfig          the path of its kubeconfig
//	edgecluster [-name NAME] kubectl ARG...      kubectl in it
//	edgecluster [-name NAME] helm ARG...         helm in it
//	edgecluster [-name NAME] exec HOST -- CMD... a command on its host node, client, dns, datacenter or router
//
// It exits with 3 where no cluster can run on this machine, and says what the machine lacks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// errUsage is what the user did not follow.
var errUsage = errors.New("usage: edgecluster [-name NAME] build|up|down|status|kubeconfig|kubectl ARG|helm ARG|exec HOST -- CMD")

// exitUnavailable is the exit code where no cluster can run.
const exitUnavailable = 3

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "edgecluster:", err)
		os.Exit(exitCode(err))
	}
}

func exitCode(err error) int {
	var unavailable *cluster.Unavailable
	if errors.As(err, &unavailable) {
		return exitUnavailable
	}
	return 1
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("edgecluster", flag.ContinueOnError)
	name := flags.String("name", "edge", "the cluster's name")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	if flags.NArg() == 0 {
		return errUsage
	}
	rest := flags.Args()[1:]
	switch flags.Arg(0) {
	case "build":
		return cluster.Build(ctx, cluster.Config{Name: *name, Logf: logf})
	case "up":
		return up(ctx, *name)
	case "down":
		return cluster.Remove(ctx, cluster.Config{Name: *name, Logf: logf})
	case "status":
		return status(ctx, *name)
	}
	c, err := cluster.Open(*name)
	if err != nil {
		return err
	}
	switch flags.Arg(0) {
	case "kubeconfig":
		fmt.Println(c.Kubeconfig())
		return nil
	case "kubectl":
		return interact(c.KubectlCommand(ctx, rest...))
	case "helm":
		return interact(c.HelmCommand(ctx, rest...))
	case "exec":
		return execute(ctx, c, rest)
	}
	return errUsage
}

func up(ctx context.Context, name string) error {
	c, err := cluster.Start(ctx, cluster.Config{Name: name, Logf: logf})
	if err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig())
	return nil
}

func status(ctx context.Context, name string) error {
	for _, left := range cluster.Leftovers(name) {
		fmt.Println(left)
	}
	c, err := cluster.Open(name)
	if err != nil {
		return err
	}
	if !c.Ready(ctx) {
		return fmt.Errorf("asking for the state of cluster %s: its node is not Ready", name)
	}
	fmt.Printf("cluster %s is Ready\n", name)
	return nil
}

// execute runs a command on a host; the two dashes may be left out.
func execute(ctx context.Context, c *cluster.Cluster, args []string) error {
	if len(args) > 1 && args[1] == "--" {
		args = slices.Delete(args, 1, 2)
	}
	if len(args) < 2 || !slices.Contains(cluster.HostNames(), args[0]) {
		return fmt.Errorf("reading exec's arguments: want one of %v and a command", cluster.HostNames())
	}
	return interact(c.Host(args[0]).Command(ctx, args[1], args[2:]...))
}

func interact(command *exec.Cmd) error {
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
