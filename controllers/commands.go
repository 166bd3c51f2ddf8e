package controllers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/controllers/edgegateway"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// ErrOrphans says that there are things whose gateway is gone.
var ErrOrphans = errors.New("there are things whose gateway is gone")

// Plan prints what would be done next outside the cluster for a gateway. It changes nothing. Operator is the namespace of the classes'
// Secrets.
func Plan(ctx context.Context, operator string, gateway types.NamespacedName, out io.Writer) error {
	reconciler, err := reader(ctx, operator)
	if err != nil {
		return err
	}
	text, err := reconciler.Plan(ctx, gateway)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// Orphans prints what outside the cluster bears a mark of this cluster's and has no gateway any more, and how to remove it. It changes
// nothing. It returns ErrOrphans if there is something that was not meant to stay.
func Orphans(ctx context.Context, operator string, out io.Writer) error {
	reconciler, err := reader(ctx, operator)
	if err != nil {
		return err
	}
	found, err := reconciler.Orphans(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tWHAT\tGATEWAY\tKEPT\tREMOVE WITH")
	orphaned := false
	for _, p := range found {
		fmt.Fprintf(table, "%s\t%s\t%s/%s\t%t\t%s\n", p.ID, p.Key, p.Namespace, p.Name, p.Retained, p.Remove)
		orphaned = orphaned || !p.Retained
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if orphaned {
		return ErrOrphans
	}
	return nil
}

// reader returns a reconciler that reads the cluster past all caches, for a command.
func reader(ctx context.Context, operator string) (*edgegateway.Reconciler, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), api.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("making the scheme: %w", err)
	}
	rest, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	live, err := client.New(rest, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reaching the cluster: %w", err)
	}
	cluster, err := clusterUID(ctx, live)
	if err != nil {
		return nil, err
	}
	// A command looks once, and at what is there now.
	adapters := &registry.Registry{Documents: manual.NewConfigMaps(live, live), Forbidden: forbidden(), Pace: engine.Pace{Unshared: true}}
	return &edgegateway.Reconciler{
		Client: live, Live: live, Secrets: live, Providers: adapters, Namespace: operator, Cluster: cluster,
		Available: edgegateway.Available{Providers: adapters.Providers(), DNS: adapters.DNSProviders()},
	}, nil
}
