package controllers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/edgegateway/edgegateway/controllers/edgegateway"
	"github.com/edgegateway/edgegateway/controllers/identity"
	"github.com/edgegateway/edgegateway/controllers/leaving"
	"github.com/edgegateway/edgegateway/controllers/routestatus"
	"github.com/edgegateway/edgegateway/controllers/routing"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// Ports of the Service by which proxies come: for their configuration, and when they leave.
const (
	xdsPort     = 18000
	leavingPort = 18002
)

// wire makes the controllers and joins them.
func wire(ctx context.Context, mgr ctrl.Manager, config Config) error {
	live := mgr.GetAPIReader()
	cluster, err := clusterUID(ctx, live)
	if err != nil {
		return err
	}
	if config.OperatorImage == "" {
		if config.OperatorImage, err = ownImage(ctx, live, config); err != nil {
			return err
		}
	}
	authority, authenticator, err := identity.Setup(mgr, identity.Config{Namespace: config.Namespace, Service: config.XDSService})
	if err != nil {
		return fmt.Errorf("setting up the authority: %w", err)
	}
	counts, err := edgegateway.NewMetrics(metrics.Registry, mgr.GetClient())
	if err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	adapters := &registry.Registry{
		Documents: manual.NewConfigMaps(live, mgr.GetClient()), Forbidden: forbidden(), Budgets: &ratelimit.Budgets{Count: counts.Call},
	}
	available := edgegateway.Available{Providers: adapters.Providers(), DNS: adapters.DNSProviders()}
	gateways := &edgegateway.Reconciler{
		Client: mgr.GetClient(), Live: live, Secrets: live, Events: mgr.GetEventRecorder("edgegateway"),
		Providers: adapters, Available: available, Namespace: config.Namespace, Cluster: cluster,
		Proxy: edgegateway.ProxyConfig{
			OperatorImage: config.OperatorImage,
			LeavingURL:    fmt.Sprintf("https://%s:%d%s", xdsHost(config), leavingPort, leaving.Path),
			Files: func(maxHeapBytes uint64) (edgegateway.ProxyFiles, bool) {
				return proxyFiles(config, authority.Bundle(), maxHeapBytes)
			},
		},
		Reach: edgegateway.NewReach(counts), Health: edgegateway.NewHealth(mgr.GetClient()), Metrics: counts,
	}
	if err := gateways.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the gateway controller: %w", err)
	}
	authority.OnChange(gateways.Refresh)
	classes := &edgegateway.ClassReconciler{Client: mgr.GetClient(), Secrets: live, Namespace: config.Namespace, Available: available}
	if err := classes.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the class controller: %w", err)
	}
	if err := wireLeaving(ctx, mgr, authority, authenticator); err != nil {
		return err
	}
	return wireRouting(mgr, config, authority, authenticator)
}

// wireLeaving answers proxies that leave.
func wireLeaving(ctx context.Context, mgr ctrl.Manager, authority *identity.Authority, authenticator *identity.Authenticator) error {
	// On the leader the controller has pods cached; the others need them, too.
	if _, err := mgr.GetCache().GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false)); err != nil {
		return fmt.Errorf("setting up the cache of pods: %w", err)
	}
	return mgr.Add(&leaving.Server{
		Address: fmt.Sprintf(":%d", leavingPort), TLS: authority.ServerTLS(), Authenticate: authenticator.Authenticate, Pods: mgr.GetClient(),
	})
}

// peersPort is where replicas report to the leader what their proxies have.
const peersPort = 18001

// wireRouting serves the proxies, and has the leader write what became of routes.
func wireRouting(mgr ctrl.Manager, config Config, authority *identity.Authority, authenticator *identity.Authenticator) error {
	objects := store.New()
	statuses := routestatus.New(mgr.GetClient(), mgr.GetEventRecorder("edgegateway"), objects)
	routes, err := routing.Setup(mgr, routing.Config{
		Authenticate: authenticator.Authenticate, Address: config.XDS, TLS: authority.ServerTLS(), Store: objects, Observer: statuses,
	})
	if err != nil {
		return fmt.Errorf("setting up routing: %w", err)
	}
	err = statuses.SetupWithManager(mgr, routes, &routestatus.Peers{
		Address: fmt.Sprintf(":%d", peersPort), ServerTLS: authority.PeerServerTLS(), ClientTLS: authority.PeerClientTLS,
		Namespace: config.Namespace, Service: config.XDSService, Pod: config.Pod,
	})
	if err != nil {
		return fmt.Errorf("setting up the statuses of routes: %w", err)
	}
	return mgr.AddReadyzCheck("routes", func(*http.Request) error { return errors.Join(authority.Ready(), routes.Synced()) })
}

// clusterUID tells this cluster from all others: it is part of every owner's mark.
func clusterUID(ctx context.Context, reader client.Reader) (string, error) {
	var namespace corev1.Namespace
	if err := reader.Get(ctx, client.ObjectKey{Name: "kube-system"}, &namespace); err != nil {
		return "", fmt.Errorf("reading the cluster's UID: %w", err)
	}
	return string(namespace.UID), nil
}

// ownImage is the image that this very pod runs.
func ownImage(ctx context.Context, reader client.Reader, config Config) (string, error) {
	var pod corev1.Pod
	if err := reader.Get(ctx, client.ObjectKey{Namespace: config.Namespace, Name: config.Pod}, &pod); err != nil {
		return "", fmt.Errorf("reading the operator's own pod (or set -operator-image): %w", err)
	}
	for _, container := range pod.Spec.Containers {
		if container.Name == "manager" {
			return container.Image, nil
		}
	}
	return "", errors.New("the operator's own pod has no container named manager: set -operator-image")
}

// xdsHost is the name by which proxies find the operator.
func xdsHost(config Config) string { return config.XDSService + "." + config.Namespace + ".svc" }

// proxyFiles are what Envoy starts with; false while the authority is not known.
func proxyFiles(config Config, bundle []byte, maxHeapBytes uint64) (edgegateway.ProxyFiles, bool) {
	if bundle == nil {
		return edgegateway.ProxyFiles{}, false
	}
	host := xdsHost(config)
	bootstrap := xds.BootstrapConfig{
		Host: host, Port: xdsPort, ServerName: host,
		Dir: infra.BootstrapDir, CAPath: infra.CAPath, TokenPath: infra.TokenPath, AdminSocket: infra.AdminSocket, MaxHeapBytes: maxHeapBytes,
	}
	content, err := xds.Bootstrap(bootstrap)
	if err != nil {
		// It depends on nothing but this function's constants and the flags that were checked.
		panic(err)
	}
	return edgegateway.ProxyFiles{Bootstrap: content, BootstrapFiles: xds.BootstrapFiles(bootstrap), CABundle: bundle}, true
}

// forbidden are addresses that no entrance has, whatever a class says: this host, links, and clouds' metadata.
func forbidden() []netip.Prefix {
	var ranges []netip.Prefix
	for _, text := range []string{"127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4", "::1/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32"} {
		ranges = append(ranges, netip.MustParsePrefix(text))
	}
	return ranges
}
