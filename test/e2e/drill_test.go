package e2e

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/load"
	"github.com/edgegateway/edgegateway/test/site"
)

const (
	// drillRate is how many requests a second are sent where DRILL_RATE doesn't say. DRILL_SECONDS is for how long each operation is watched at
	// least, and DRILL_REPORT the file that the table is written to.
	drillRate = 50
	// before and after are watched, too.
	before, after = time.Second, 2 * time.Second
	// operationLimit ends an operation that hangs.
	operationLimit = 4 * time.Minute
)

// drill watches what clients see while an operation goes on.
type drill struct {
	*site.Site
	client client.Client
	// namespace and gateway that are watched; configure says who asks what there, and calm waits until nothing is about to come or go.
	namespace, gateway string
	configure          func(query string) load.Config
	calm               func(ctx context.Context) error
	rate               int
	seconds            time.Duration
	// certificates that the clients trust: the present one and the one that it is renewed with.
	certificates []site.Certificate
	// askers are the clients' addresses, one of which backends must be told; none: it is not looked at.
	askers []string
	// load is that of the operation under way.
	load *load.Load
	rows []row
}

// operation is something that a person or a machine does to a running gateway.
type operation struct {
	name string
	run  func(ctx context.Context) error
	// query of the requests.
	query string
	// mayLose says from when to when requests in flight may fail. By default none may.
	mayLose func() (from, to time.Time)
	// note is for the table, when it is over. Optional.
	note func() string
}

// row is one line of the table.
type row struct {
	operation, note string
	report          load.Report
	took            time.Duration
	// inFlight is how many requests might have failed.
	inFlight int
}

// TestUnderLoad does to a gateway what happens to gateways, while clients of all kinds send requests through it.
func TestUnderLoad(t *testing.T) {
	d := newDrill(t)
	d.opened(t, opened.first)
	for _, o := range d.operations() {
		t.Run(o.name, func(t *testing.T) { d.watch(t, o) })
	}
	text := d.table()
	t.Log("\n" + text)
	if path := os.Getenv("DRILL_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func newDrill(t *testing.T) *drill {
	t.Helper()
	d := &drill{Site: needSite(t), client: shared.client(t), rate: number(t, "DRILL_RATE", drillRate)}
	d.seconds = time.Duration(number(t, "DRILL_SECONDS", 0)) * time.Second
	renewed, err := site.NewCertificate("*."+site.Zone, site.Zone)
	if err != nil {
		t.Fatal(err)
	}
	d.certificates = []site.Certificate{opened.certificate, renewed}
	d.namespace, d.gateway, d.configure, d.calm = site.Namespace, site.Gateway, d.config, d.settled
	if err := d.settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// number reads an environment variable.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	value, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(otherwise)))
	if err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return value
}

// watch runs an operation under load.
func (d *drill) watch(t *testing.T, o operation) {
	ctx, cancel := context.WithTimeout(t.Context(), operationLimit)
	defer cancel()
	began := time.Now()
	d.load = load.Start(d.configure(o.query))
	time.Sleep(before)
	err := o.run(ctx)
	time.Sleep(max(after, d.seconds-time.Since(began)))
	r := row{operation: o.name, report: d.load.Stop(), took: time.Since(began)}
	excused := 0
	if o.mayLose != nil {
		r.inFlight, excused = r.report.InFlight(o.mayLose())
	}
	if o.note != nil {
		r.note = o.note()
	}
	d.rows = append(d.rows, r)
	t.Logf("%s: %s", r.took.Round(time.Second), r.report)
	if err != nil {
		t.Error(err)
	}
	if lost := r.report.Failures - excused; lost > 0 {
		t.Errorf("%d requests were lost", lost)
		t.Log(d.clues(ctx, began))
	}
	for asker, times := range r.report.Clients {
		if len(d.askers) > 0 && !slices.Contains(d.askers, asker) {
			t.Errorf("the backends were told %d times that %q asks", times, asker)
		}
	}
	if err := d.calm(ctx); err != nil {
		t.Error(err)
	}
}

func (d *drill) config(query string) load.Config {
	return shopClients(d.Site, d.rate, query, d.certificates...)
}

// shopClients is the load of all kinds of client, by both names, over HTTP and HTTPS.
func shopClients(s *site.Site, rate int, query string, trusted ...site.Certificate) load.Config {
	var targets []load.Target
	for _, name := range []string{site.WWW, site.API} {
		for scheme, port := range map[string]string{"http": "80", "https": "443"} {
			targets = append(targets, load.Target{
				Address: net.JoinHostPort(site.Address.String(), port),
				URL:     scheme + "://" + name + "/" + query,
				TLS:     site.Trust(name, trusted...),
			})
		}
	}
	return load.Config{
		Dial:    s.Host(cluster.ClientHost).DialContext,
		Targets: targets,
		Kinds:   []load.Kind{load.KeepAlive, load.NewConnection, load.HTTP2},
		Rate:    rate,
	}
}

// settled waits until the gateway is Ready and nothing is about to come or go.
func (d *drill) settled(ctx context.Context) error {
	if err := opened.haproxy.Exited(); err != nil {
		return err
	}
	for _, deployment := range []string{"echo", proxies} {
		if err := d.complete(ctx, site.Namespace, deployment, 2); err != nil {
			return err
		}
	}
	if err := d.complete(ctx, site.OperatorNamespace, operators, 2); err != nil {
		return err
	}
	return d.GatewayIs(ctx, time.Minute, "Ready", "True", "")
}

// table is the report of all operations.
func (d *drill) table() string {
	text := fmt.Sprintf("%s, %s\n%d requests a second: HTTP/1.1 with kept and with new connections and HTTP/2, plain and TLS, by HTTPRoute and by Ingress\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 MST"), machine(), d.rate)
	text += fmt.Sprintf("%-46s %8s %9s %9s %9s %9s\n", "operation", "seconds", "attempts", "failures", "99 %", "slowest")
	attempts, failures := 0, 0
	for _, r := range d.rows {
		name := r.operation
		if r.inFlight > 0 {
			name += fmt.Sprintf(" (%d requests in flight)", r.inFlight)
		}
		attempts, failures = attempts+r.report.Attempts, failures+r.report.Failures
		text += fmt.Sprintf("%-46s %8.0f %9d %9d %9s %9s\n", name, r.took.Seconds(), r.report.Attempts, r.report.Failures,
			r.report.Percentile(99).Round(time.Millisecond), r.report.Slowest.Round(time.Millisecond))
		if r.note != "" {
			text += "  " + r.note + "\n"
		}
	}
	return text + fmt.Sprintf("%-46s %8s %9d %9d\n", "all", "", attempts, failures)
}
