package routing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// Config of Setup.
type Config struct {
	// Authenticate says whose token it is, for the server.
	Authenticate func(ctx context.Context, token string) (server.Identity, error)
	// Address and TLS to serve proxies with.
	Address string
	TLS     *tls.Config
	// Peers is how replicas talk to each other. Nil: there are no others.
	Peers *Peers
}

// Peers says how replicas tell the leader what their proxies have.
type Peers struct {
	// Address to serve them at: the same port on every replica.
	Address string
	// ServerTLS must admit replicas only. ClientTLS is asked before each connection.
	ServerTLS *tls.Config
	ClientTLS func() (*tls.Config, error)
	// Namespace and Service whose endpoints are the replicas, and this replica's own Pod.
	Namespace string
	Service   string
	Pod       string
}

// Routing is what Setup has made.
type Routing struct{ loop *loop }

// Synced returns an error until everything that exists has been read and translated once: a replica that is not synced is not ready.
func (r *Routing) Synced() error { return r.loop.Synced() }

// CacheOptions are what the manager's cache should be made with: what managed fields take in memory is of no use here.
func CacheOptions() cache.Options {
	return cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
}

// Setup has the manager serve proxies on every replica, and write statuses on the leader.
func Setup(mgr ctrl.Manager, config Config) (*Routing, error) {
	if config.Authenticate == nil || config.Address == "" || config.TLS == nil {
		return nil, errors.New("the settings Authenticate, Address and TLS are needed")
	}
	// Not the manager's client: it would list and cache all Secrets to answer for one.
	secrets, err := kubernetes.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("making a client for secrets: %w", err)
	}
	reports := &reporter{followers: map[*follower]bool{}}
	xdsServer, err := newXDSServer(config, reports)
	if err != nil {
		return nil, err
	}
	p := newPublisher(xdsServer.resources)
	reports.report, reports.all = p.Report, p.Names
	told := newStatuses(mgr.GetClient(), mgr.GetEventRecorder("edgegateway"), p, reports)
	l := &loop{informers: mgr.GetCache(), store: newStore(), publisher: p, statuses: told, tick: newTick()}
	l.secrets = newSecretWatcher(secrets.CoreV1(), l.store, l.tick.mark)
	l.feed = &feed{store: l.store, publisher: p, statuses: told, changed: l.tick.mark}
	if err := errors.Join(mgr.Add(l), mgr.Add(xdsServer), mgr.Add(told)); err != nil {
		return nil, fmt.Errorf("adding what serves routes: %w", err)
	}
	if err := setupPeers(mgr, config.Peers, p, reports, told); err != nil {
		return nil, fmt.Errorf("adding what replicas tell each other: %w", err)
	}
	return &Routing{loop: l}, nil
}

func newXDSServer(config Config, reports *reporter) (*xdsServer, error) {
	resources, err := server.New(server.Config{Authenticate: config.Authenticate, Progressed: reports.Progressed})
	if err != nil {
		return nil, fmt.Errorf("making the xDS server: %w", err)
	}
	return &xdsServer{address: config.Address, resources: resources, server: server.NewGRPC(config.TLS, resources)}, nil
}

func setupPeers(mgr ctrl.Manager, config *Peers, p *publisher, reports *reporter, told *statuses) error {
	if config == nil {
		return nil
	}
	_, port, err := net.SplitHostPort(config.Address)
	if err != nil {
		return fmt.Errorf("reading the address of replicas: %w", err)
	}
	service := name{Namespace: config.Namespace, Name: config.Service}
	return errors.Join(
		mgr.Add(&peerServer{address: config.Address, tls: config.ServerTLS, reporter: reports}),
		mgr.Add(&peers{
			list:        func() map[string]string { return replicas(p.Slices(service), config.Pod) },
			credentials: config.ClientTLS, port: port, report: told.Report, lost: told.Lost,
		}),
	)
}
