// Command edgegateway is the operator and the small programs that go with it. It holds commands and wiring, no logic.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/controllers/edgegateway"
)

// version is set by the build.
var version = "dev"

// command is one thing that the binary does.
type command struct {
	name  string
	about string
	run   func(ctx context.Context, args []string) error
}

func main() {
	commands := []command{
		{"manager", "runs the operator", runManager},
		{"version", "prints the version", func(context.Context, []string) error { fmt.Println(version); return nil }},
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 {
		for _, c := range commands {
			if c.name != os.Args[1] {
				continue
			}
			if err := c.run(ctx, os.Args[2:]); err != nil {
				fmt.Fprintf(os.Stderr, "edgegateway %s: %v\n", c.name, err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: edgegateway COMMAND [flag ...]")
	for _, c := range commands {
		fmt.Fprintf(os.Stderr, "  %-10s %s\n", c.name, c.about)
	}
	os.Exit(2)
}

// managerFlags are the settings of the operator.
type managerFlags struct {
	metrics, health, namespace, logLevel string
	leaderElection                       bool
}

func parseManagerFlags(args []string) (managerFlags, error) {
	var f managerFlags
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&f.metrics, "metrics-bind-address", ":8080", "where metrics are served; 0 turns them off")
	flags.StringVar(&f.health, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served")
	flags.StringVar(&f.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "the operator's own namespace, where the Secrets of classes are")
	flags.BoolVar(&f.leaderElection, "leader-elect", true, "let one replica of several lead")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return f, err
	}
	if f.namespace == "" {
		return f, fmt.Errorf("-namespace is empty: set it, or POD_NAMESPACE in the environment")
	}
	return f, nil
}

func runManager(ctx context.Context, args []string) error {
	f, err := parseManagerFlags(args)
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return fmt.Errorf("-log-level: %w", err)
	}
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})))

	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(gatewayv1.Install(scheme))
	utilruntime.Must(api.AddToScheme(scheme))
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: f.metrics},
		HealthProbeBindAddress:        f.health,
		LeaderElection:                f.leaderElection,
		LeaderElectionID:              "edgegateway.dev",
		LeaderElectionNamespace:       f.namespace,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return fmt.Errorf("making the manager: %w", err)
	}
	if err := setUp(mgr, f); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// setUp registers everything that the operator runs.
func setUp(mgr ctrl.Manager, f managerFlags) error {
	available := edgegateway.Available{Providers: []api.ProviderName{api.ProviderManual}, DNS: []api.DNSProviderName{api.DNSRFC2136}}
	gateways := &edgegateway.Reconciler{Client: mgr.GetClient(), SecretReader: mgr.GetAPIReader(), Namespace: f.namespace, Available: available}
	if err := gateways.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the gateway controller: %w", err)
	}
	classes := &edgegateway.ClassReconciler{Client: mgr.GetClient(), SecretReader: mgr.GetAPIReader(), Namespace: f.namespace, Available: available}
	if err := classes.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the class controller: %w", err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("adding the health check: %w", err)
	}
	return mgr.AddReadyzCheck("ping", healthz.Ping)
}
