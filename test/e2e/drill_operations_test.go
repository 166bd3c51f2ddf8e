package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// Names of Deployments.
const (
	operators = "edgegateway"
	proxies   = site.Gateway + "-edge"
)

// hearing is how long clients may take to hear that a process on another machine is dead. What they send meanwhile is in flight.
const hearing = 100 * time.Millisecond

func (d *drill) operations() []operation {
	var killed [2]time.Time
	return []operation{
		{name: "both operators deleted by force", run: d.withoutNotice(d.deleteOperators)},
		{name: "both operators killed", run: d.withoutNotice(d.killOperators)},
		{name: "one of two proxies deleted", run: d.deleteProxy},
		{name: "proxies restarted in turn", run: d.restart(proxies)},
		{name: "backend restarted in turn", run: d.restart("echo")},
		{name: "backend scaled 2, 5, 1, 2", run: d.scale},
		{name: "certificate renewed", run: d.renew},
		{name: "routes switched to another Service and back", run: d.switchBackend},
		{
			name: "Envoy killed",
			// There is something in flight at any time.
			query: "?delay=200ms",
			run: func(ctx context.Context) (err error) {
				killed[0], killed[1], err = d.killProxy(ctx)
				return err
			},
			mayLose: func() (time.Time, time.Time) { return killed[0], killed[1].Add(hearing) },
		},
	}
}

// withoutNotice runs an operation of which neither conditions nor proxies may tell anything.
func (d *drill) withoutNotice(run func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		conditions, sent, err := d.notes(ctx)
		if err != nil {
			return err
		}
		if err := run(ctx); err != nil {
			return err
		}
		if err := d.operatorsLead(ctx); err != nil {
			return err
		}
		time.Sleep(after)
		conditionsThen, sentThen, err := d.notes(ctx)
		return errors.Join(err, differ("conditions", conditions, conditionsThen), differ("resources sent", sent, sentThen))
	}
}

func (d *drill) deleteOperators(ctx context.Context) error {
	pods, err := d.pods(ctx, site.OperatorNamespace, operators)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if err := d.client.Delete(ctx, &pod, client.GracePeriodSeconds(0)); err != nil {
			return err
		}
	}
	return nil
}

func (d *drill) killOperators(ctx context.Context) error {
	pods, err := d.pods(ctx, site.OperatorNamespace, operators)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		process, err := processOf(pod)
		if err != nil {
			return err
		}
		if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
			return err
		}
	}
	return nil
}

func (d *drill) deleteProxy(ctx context.Context) error {
	pods, err := d.pods(ctx, site.Namespace, proxies)
	if err != nil {
		return err
	}
	if err := d.client.Delete(ctx, &pods[0]); err != nil {
		return err
	}
	return d.complete(ctx, site.Namespace, proxies, 2)
}

// killProxy returns between which moments it did.
func (d *drill) killProxy(ctx context.Context) (from, to time.Time, err error) {
	pods, err := d.pods(ctx, site.Namespace, proxies)
	if err != nil {
		return from, to, err
	}
	process, err := processOf(pods[0])
	if err != nil {
		return from, to, err
	}
	from = time.Now()
	err = syscall.Kill(process, syscall.SIGKILL)
	to = time.Now()
	if err != nil {
		return from, to, err
	}
	return from, to, d.restarted(ctx, pods[0])
}

func (d *drill) restart(deployment string) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := d.Kubectl(ctx, "rollout", "restart", "deployment/"+deployment, "-n", site.Namespace); err != nil {
			return err
		}
		return d.complete(ctx, site.Namespace, deployment, 2)
	}
}

func (d *drill) scale(ctx context.Context) error {
	for _, replicas := range []int{5, 1, 2} {
		if _, err := d.Kubectl(ctx, "scale", "deployment/echo", "-n", site.Namespace, fmt.Sprintf("--replicas=%d", replicas)); err != nil {
			return err
		}
		if err := d.complete(ctx, site.Namespace, "echo", replicas); err != nil {
			return err
		}
		if err := d.answered(ctx, fmt.Sprintf("by %d pods", replicas), func(pods map[string]int) bool { return len(pods) == replicas }); err != nil {
			return err
		}
	}
	return nil
}

// renew replaces the certificate by one of another key. Clients trust both.
func (d *drill) renew(ctx context.Context) error {
	err := d.Apply(ctx, d.certificates[1].Secret(site.Namespace, site.Gateway+"-tls"))
	if err != nil {
		return err
	}
	opened.certificate = d.certificates[1]
	trusts := site.Trust(site.WWW, opened.certificate)
	shaken := 0
	return site.Until(ctx, 30*time.Second, func(ctx context.Context) error {
		// Which proxy a connection comes to is chance: several in a row are both.
		for shaken = 0; shaken < 10; shaken++ {
			if err := d.handshake(ctx, trusts); err != nil {
				return fmt.Errorf("handshake %d with the new certificate: %w", shaken+1, err)
			}
		}
		return nil
	})
}

func (d *drill) handshake(ctx context.Context, trusts *tls.Config) error {
	connection, err := d.Host(cluster.ClientHost).DialContext(ctx, "tcp", net.JoinHostPort(site.Address.String(), "443"))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	return tls.Client(connection, trusts).HandshakeContext(ctx)
}

// switchBackend leads both routes to another Service, whose pods are up, and back, and then removes that.
func (d *drill) switchBackend(ctx context.Context) error {
	const other = "other"
	_, sent, err := d.notes(ctx)
	if err != nil {
		return err
	}
	manifest := site.Backend(site.Namespace, other, 2)
	if err := d.Apply(ctx, manifest); err != nil {
		return err
	}
	if err := d.complete(ctx, site.Namespace, other, 2); err != nil {
		return err
	}
	for _, service := range []string{other, "echo"} {
		if err := d.Apply(ctx, strings.NewReplacer("name: echo,", "name: "+service+",", "service: {name: echo", "service: {name: "+service).Replace(site.RoutesManifest)); err != nil {
			return err
		}
		if err := d.answered(ctx, "by "+service, func(pods map[string]int) bool { return only(pods, service+"-") }); err != nil {
			return err
		}
	}
	for _, object := range []string{"deployment/", "service/"} {
		if _, err := d.Kubectl(ctx, "delete", object+other, "-n", site.Namespace); err != nil {
			return err
		}
	}
	if err := d.gone(ctx, site.Namespace, other); err != nil {
		return err
	}
	// What withoutNotice finds the same must be able to differ.
	_, sentThen, err := d.notes(ctx)
	if err == nil && differ("resources sent", sent, sentThen) == nil {
		err = fmt.Errorf("the proxies have other routes, but count no update: %v", sent)
	}
	return err
}
