package routing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/edgegateway/edgegateway/edgeproxy/debounce"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// Config of Setup.
type Config struct {
	// Authenticate says whose token it is, for the server.
	Authenticate func(ctx context.Context, token string) (server.Identity, error)
	// Address and TLS to serve proxies with.
	Address string
	TLS     *tls.Config
	// Store takes in objects, and says what follows from them.
	Store *store.Store
	// Observer takes note of what happens on this replica.
	Observer Observer
}

// Routing is what Setup has made.
type Routing struct {
	*publisher
	loop *loop
}

// Synced returns an error until everything that exists has been read and translated once: a replica that is not synced is not ready.
func (r *Routing) Synced() error { return r.loop.Synced() }

// CacheOptions are what the manager's cache should be made with: what managed fields take in memory is of no use here.
func CacheOptions() cache.Options {
	return cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
}

// Setup has the manager serve proxies on every replica.
func Setup(mgr ctrl.Manager, config Config) (*Routing, error) {
	if config.Authenticate == nil || config.Address == "" || config.TLS == nil || config.Store == nil || config.Observer == nil {
		return nil, errors.New("the settings Authenticate, Address, TLS, Store and Observer are needed")
	}
	// Not the manager's client: it would list and cache all Secrets to answer for one.
	secrets, err := kubernetes.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("making a client for secrets: %w", err)
	}
	resources, err := server.New(server.Config{Authenticate: config.Authenticate, Progressed: config.Observer.Progressed})
	if err != nil {
		return nil, fmt.Errorf("making the xDS server: %w", err)
	}
	p := newPublisher(resources, config.Store.Slices)
	l := &loop{informers: mgr.GetCache(), store: config.Store, publisher: p, observer: config.Observer, debouncer: debounce.New()}
	l.secrets = newSecretWatcher(secrets.CoreV1(), config.Store, l.debouncer.Mark)
	l.handler = &eventHandler{store: config.Store, publisher: p, observer: config.Observer, changed: l.debouncer.Mark}
	xds := &xdsServer{address: config.Address, server: server.NewGRPC(config.TLS, resources)}
	if err := errors.Join(mgr.Add(l), mgr.Add(xds)); err != nil {
		return nil, fmt.Errorf("adding what serves routes: %w", err)
	}
	return &Routing{publisher: p, loop: l}, nil
}
