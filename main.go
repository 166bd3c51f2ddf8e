// Command edgegateway is the operator and the small programs that go with it. It holds commands and wiring, no logic.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edgegateway/edgegateway/controllers"
	"github.com/edgegateway/edgegateway/edgeproxy/drain"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
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
		{"probe", "serves a vantage: probes of the way in, from outside the cluster", runProbe},
		{"plan", "plan -n NAMESPACE NAME: prints what would be done next outside the cluster for an EdgeGateway", runPlan},
		{"orphans", "prints what outside the cluster was made for gateways that are gone, and how to remove it", runOrphans},
		{"proxy", "proxy install DIR | proxy drain: what a proxy's pod needs beside Envoy", runProxy},
		{"version", "prints the version", func(context.Context, []string) error { fmt.Println(version); return nil }},
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 {
		for _, c := range commands {
			if c.name != os.Args[1] {
				continue
			}
			err := c.run(ctx, os.Args[2:])
			if err != nil && !errors.Is(err, flag.ErrHelp) {
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

func runManager(ctx context.Context, args []string) error {
	var f controllers.Config
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&f.Metrics, "metrics-bind-address", ":8080", "where metrics are served; 0 turns them off")
	flags.StringVar(&f.Health, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served")
	flags.StringVar(&f.XDS, "xds-bind-address", ":18000", "where proxies are served")
	flags.StringVar(&f.XDSService, "xds-service", "edgegateway-xds", "name of the Service, in the operator's namespace and with ports 18000 and 18002, by which proxies come")
	flags.StringVar(&f.Namespace, "namespace", os.Getenv("POD_NAMESPACE"), "the operator's own namespace, where the Secrets of classes are")
	flags.StringVar(&f.Pod, "pod", os.Getenv("POD_NAME"), "the operator's own pod, by which it knows its image")
	flags.StringVar(&f.OperatorImage, "operator-image", "", "image that proxies' pods take the drain hook from; default: the operator's own")
	flags.BoolVar(&f.LeaderElection, "leader-elect", true, "let one replica of several lead")
	flags.StringVar(&f.LogLevel, "log-level", "info", "debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return controllers.Run(ctx, f)
}

func runPlan(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("plan", flag.ContinueOnError)
	operator := operatorFlag(flags)
	namespace := flags.String("n", "default", "namespace of the EdgeGateway")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("say the name of one EdgeGateway")
	}
	return controllers.Plan(ctx, *operator, types.NamespacedName{Namespace: *namespace, Name: flags.Arg(0)}, os.Stdout)
}

func runOrphans(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("orphans", flag.ContinueOnError)
	operator := operatorFlag(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	return controllers.Orphans(ctx, *operator, os.Stdout)
}

func operatorFlag(flags *flag.FlagSet) *string {
	return flags.String("operator-namespace", cmp.Or(os.Getenv("POD_NAMESPACE"), "edgegateway-system"), "the operator's namespace, where the Secrets of classes are")
}

func runProxy(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "install" {
		_, err := drain.Install(args[1])
		return err
	}
	if len(args) == 0 || args[0] != "drain" {
		return errors.New("say install DIR, or drain")
	}
	config := drain.Config{Logf: func(format string, a ...any) { fmt.Printf(format+"\n", a...) }}
	flags := flag.NewFlagSet("proxy drain", flag.ContinueOnError)
	flags.StringVar(&config.Admin, "admin", "unix:/var/run/edgegateway/admin.sock", "Envoy's admin interface: unix: and a path, or host:port")
	flags.DurationVar(&config.LoadBalancerWait, "load-balancer-wait", 15*time.Second, "how long new connections may still come after the health check fails")
	flags.StringVar(&config.Operator.URL, "operator", "", "where the operator says whether the load balancer has let go of this proxy; empty: nobody is asked")
	flags.StringVar(&config.Operator.CAFile, "operator-ca", "/etc/edgegateway/ca/ca.crt", "file with the certificates by which the operator is known")
	flags.StringVar(&config.Operator.TokenFile, "token", "/var/run/secrets/edgegateway.dev/token", "file with the token by which the operator knows this proxy")
	flags.DurationVar(&config.LeaveTimeout, "leave-timeout", 5*time.Minute, "how long the load balancer may take to let go, if the operator can tell")
	flags.DurationVar(&config.Timeout, "timeout", 60*time.Second, "how long connections may take to end after that")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	return drain.Drain(ctx, config)
}

func runProbe(ctx context.Context, args []string) error {
	var f prober.ServeConfig
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.StringVar(&f.Listen, "listen", ":8443", "where the API is served, by TLS")
	flags.StringVar(&f.TokenFile, "token-file", "", "file with the bearer token that callers must show")
	flags.StringVar(&f.CertFile, "tls-cert", "", "certificate in PEM; default: self-signed, its CA is written to -ca-out")
	flags.StringVar(&f.KeyFile, "tls-key", "", "key of the certificate")
	flags.StringVar(&f.CAOut, "ca-out", "", "where to write the CA of a self-signed certificate")
	flags.StringVar(&f.Hosts, "hosts", "", "names and addresses of a self-signed certificate, by commas")
	flags.StringVar(&f.Denied, "deny", "", "ranges that are never probed, by commas, such as the cluster's pods and Services")
	flags.StringVar(&f.Allowed, "allow", "", "private ranges that may be probed, by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return prober.Serve(ctx, f)
}
