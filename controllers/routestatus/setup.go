package routestatus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// Routes is what the proxies of this replica are given, and how far they are.
type Routes interface {
	// Gateways returns those that are served, sorted.
	Gateways() []store.Name
	// Published returns what the proxies of a gateway are given now, nil if nothing.
	Published(gateway store.Name) *server.Publication
	// Report says how far the proxies of a gateway are that are connected to this replica.
	Report(gateway store.Name) server.Report
}

// Peers says how replicas report to the leader what their proxies have.
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

// SetupWithManager has the manager keep statuses on the leader and, on every replica, report to the leader. Without peers there are no
// other replicas.
func (s *Statuses) SetupWithManager(mgr ctrl.Manager, routes Routes, with *Peers) error {
	s.routes = routes
	if err := mgr.Add(s); err != nil {
		return fmt.Errorf("adding what writes statuses: %w", err)
	}
	if with == nil {
		return nil
	}
	_, port, err := net.SplitHostPort(with.Address)
	if err != nil {
		return fmt.Errorf("reading the address of replicas: %w", err)
	}
	service := store.Name{Namespace: with.Namespace, Name: with.Service}
	err = errors.Join(
		mgr.Add(&reportServer{address: with.Address, tls: with.ServerTLS, reports: reportsHandler(s)}),
		mgr.Add(&peers{
			list:        func() map[string]string { return replicas(s.store.Slices(service), with.Pod) },
			credentials: with.ClientTLS, port: port, report: s.report, lost: s.lost,
		}),
	)
	if err != nil {
		return fmt.Errorf("adding what replicas report to each other: %w", err)
	}
	return nil
}
