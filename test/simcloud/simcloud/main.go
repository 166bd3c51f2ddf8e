// Command simcloud is a simulated cloud as a process of its own: its API over HTTP, its data plane and its DNS zone, in the network namespace
// that it is started in, and an admin API by which tests look at it and meddle. Its virtual clock runs -speed times as fast as the real one;
// health checks are in real time, because what they ask is.
//
// It wires what the packages below test/simcloud decide, and decides nothing. Package test/site starts it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

// settle is how often the data plane is told what the cloud has decided.
const settle = 50 * time.Millisecond

type options struct {
	api, admin, zone  string
	dns, dnsNamespace string
	namespace         string
	ranges            [2]string
	speed             float64
	nodes, pods       map[string]string
}

func main() {
	o := options{nodes: map[string]string{}, pods: map[string]string{}}
	flag.StringVar(&o.api, "api", "", "the address of the cloud's API")
	flag.StringVar(&o.admin, "admin", "", "the address of the admin API")
	flag.StringVar(&o.zone, "zone", "example.com", "the DNS zone that is hosted")
	flag.StringVar(&o.dns, "dns", "", "the address of the name server; empty: none")
	flag.StringVar(&o.namespace, "namespace", "", "the path of the network namespace that the load balancers are in; empty: this one")
	flag.StringVar(&o.dnsNamespace, "dns-namespace", "", "the path of the network namespace of the name server; empty: this one")
	flag.StringVar(&o.ranges[0], "range", "203.0.113.0/24", "what public IPv4 addresses are taken from")
	flag.StringVar(&o.ranges[1], "range6", "", "the /64 that public IPv6 addresses are taken from; empty: addresses that lead nowhere")
	flag.Float64Var(&o.speed, "speed", 1, "how many times as fast as real time the cloud's clock runs")
	flag.Func("node", "INSTANCE=ADDRESS, where an instance really is; repeat it", func(text string) error {
		id, address, _ := strings.Cut(text, "=")
		if _, err := netip.ParseAddr(address); err != nil {
			return err
		}
		o.nodes[id] = address
		return nil
	})
	flag.Func("pods", "INSTANCE=RANGE, what an instance's pods have their addresses of: a secondary range of the VPC; repeat it", func(text string) error {
		id, cidr, _ := strings.Cut(text, "=")
		// AWS takes no other sizes.
		if prefix, err := netip.ParsePrefix(cidr); err != nil || prefix.Bits() < 16 || prefix.Bits() > 28 || prefix != prefix.Masked() {
			return fmt.Errorf("%q is not a range of 16 to 28 bits", cidr)
		}
		o.pods[id] = cidr
		return nil
	})
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "simcloud:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	cloud := aws.New(aws.Config{Zones: []string{o.zone}, PublicRange: o.ranges[0], PublicRange6: o.ranges[1], NodeAddresses: o.nodes, PodRanges: o.pods, Measured: true, Latency: -1})
	if _, err := aws.Models(); err != nil {
		log.Println("AWS'S MODELS ARE NOT HERE, so requests and replies are judged by the simulator's own table of codes only:", err)
	}
	network := plane.New(plane.Config{Namespace: o.namespace, Report: func(r plane.Report) {
		log.Printf("%s of %s is %s: %s", r.Target, r.Pool, r.Health, r.Reason)
		cloud.Measure(r)
	}})
	defer func() { err = errors.Join(err, network.Close()) }()
	names := func(plane.Table) {}
	if o.dns != "" {
		address, err := netip.ParseAddrPort(o.dns)
		if err != nil {
			return err
		}
		server, err := plane.Serve(o.dnsNamespace, address)
		if err != nil {
			return err
		}
		defer func() { _ = server.Close() }()
		names = server.Apply
	}
	failed := make(chan error, 2)
	for address, handler := range map[string]http.Handler{o.api: cloud, o.admin: admin(cloud, network)} {
		server := &http.Server{Addr: address, Handler: handler}
		go func() { failed <- server.ListenAndServe() }()
		defer func() { _ = server.Close() }()
	}
	go simcloud.Drive(ctx, o.speed, cloud.Advance)
	return follow(ctx, cloud, network, names, failed)
}

// follow has the data plane and the name server do what the cloud says, until the context ends.
func follow(ctx context.Context, cloud *aws.Cloud, network *plane.Plane, names func(plane.Table), failed <-chan error) error {
	ticker := time.NewTicker(settle)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-ticker.C:
		}
		table := cloud.Table()
		names(table)
		if err := network.Apply(ctx, table); err != nil && err.Error() != said {
			said = err.Error()
			log.Println("the data plane:", err)
		}
	}
}
