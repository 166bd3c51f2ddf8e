// Command demo shows the product to a newcomer, on real parts: a Kubernetes, an Envoy, an HAProxy as the data centre's load balancer and
// a BIND as its DNS, each a host of its own on this machine. With -provider aws the entrance is in a simulated AWS, whose load balancers really
// forward. With -once it checks every step and takes all of it down again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// name of the demo's cluster.
const name = "demo"

func main() {
	once := flag.Bool("once", false, "check every step, then take all of it down; the exit code says whether every step held")
	provider := flag.String("provider", "manual", "where the entrance is: manual (a private data centre) or aws (a simulated one)")
	down := flag.Bool("down", false, "take down what an earlier demo left")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *provider, *once, *down); err != nil {
		fmt.Fprintf(os.Stderr, "\nthe demo failed: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, provider string, once, down bool) error {
	if down {
		return takeDown()
	}
	if provider != "manual" && provider != "aws" {
		return fmt.Errorf("there is no demo of provider %q: say manual or aws", provider)
	}
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Printf("%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	c, err := cluster.Start(ctx, cluster.Config{Name: name, Logf: say})
	if err != nil {
		return err
	}
	err = play(ctx, c, say, provider, once)
	if stopErr := c.Stop(); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("taking down: %w", stopErr))
	}
	if left := cluster.Leftovers(name); len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("left behind: %v", left))
	}
	if err == nil {
		say("all of it is taken down; nothing is left")
	}
	return err
}

func takeDown() error {
	if err := cluster.Remove(context.Background(), cluster.Config{Name: name}); err != nil {
		return err
	}
	if left := cluster.Leftovers(name); len(left) > 0 {
		return fmt.Errorf("left behind: %v", left)
	}
	fmt.Println("nothing of the demo is left")
	return nil
}

// play shows the product on a running cluster. Unless it is once, it then waits to be interrupted.
func play(ctx context.Context, c *cluster.Cluster, say func(string, ...any), provider string, once bool) error {
	s, err := site.New(c, source(), say)
	if err != nil {
		return err
	}
	defer s.Close()
	d := &demo{Site: s, say: say}
	steps := d.steps()
	if provider == "aws" {
		steps = d.awsSteps()
	}
	for _, step := range steps {
		say("%s", step.title)
		if err := step.run(ctx); err != nil {
			d.diagnose(context.WithoutCancel(ctx))
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	if once {
		return nil
	}
	if provider == "manual" {
		d.tour()
	}
	<-ctx.Done()
	say("taking all of it down")
	return nil
}

// source is the repository's folder, where this file was compiled from.
func source() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}
