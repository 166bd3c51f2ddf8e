package main

import (
	"context"
	"fmt"
	"time"

	"github.com/edgegateway/edgegateway/test/site"
)

type demo struct {
	*site.Site
	say func(format string, args ...any)
}

// step is one thing that the demo shows, and that must hold.
type step struct {
	title string
	run   func(ctx context.Context) error
}

func (d *demo) steps() []step {
	return []step{
		{"installing the chart: two replicas of the operator", d.InstallOperator},
		{"applying an EdgeGatewayClass and an EdgeGateway", d.applyGateway},
		{"waiting until the operator accepts them", d.accepted},
	}
}

func (d *demo) applyGateway(ctx context.Context) error {
	return d.Apply(ctx, manifests)
}

func (d *demo) accepted(ctx context.Context) error {
	return site.Until(ctx, time.Minute, func(ctx context.Context) error {
		if err := d.Condition(ctx, "egc/datacenter", "", "Accepted", "True", ""); err != nil {
			return err
		}
		return d.Condition(ctx, "eg/web", "shop", "Accepted", "True", "")
	})
}

// diagnose prints what a person would look at first when a step failed.
func (d *demo) diagnose(ctx context.Context) {
	for _, args := range [][]string{
		{"get", "edgegatewayclasses,edgegateways", "-A"},
		{"describe", "edgegateways", "-A"},
		{"get", "pods", "-A", "-o", "wide"},
		{"logs", "-n", site.OperatorNamespace, "-l", "app.kubernetes.io/name=edgegateway", "--tail=40", "--prefix"},
	} {
		out, err := d.Kubectl(ctx, args...)
		fmt.Printf("\n--- kubectl %v\n%s", args, out)
		if err != nil {
			fmt.Println(err)
		}
	}
}

func (d *demo) tour() {
	fmt.Printf(`
Try next, in another terminal:
  export KUBECONFIG=%s
  kubectl get eg -A
  kubectl describe eg web -n shop
Interrupt (Ctrl-C) to take all of it down.
`, d.Kubeconfig())
}
