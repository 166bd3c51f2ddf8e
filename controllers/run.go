package controllers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/controllers/edgegateway"
	"github.com/edgegateway/edgegateway/controllers/routing"
)

// +kubebuilder:rbac:groups="",resources=pods,verbs=get,namespace=edgegateway-system
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get,namespace=edgegateway-system

// Config is what the operator is told at its start.
type Config struct {
	// Metrics, Health and XDS are addresses to serve on.
	Metrics, Health, XDS string
	// XDSService is the Service, in Namespace, by which proxies come.
	XDSService string
	// Namespace and Pod are the operator's own.
	Namespace, Pod string
	// OperatorImage is what proxies' pods take the drain hook from; empty: the image of Pod.
	OperatorImage  string
	LeaderElection bool
	LogLevel       string
}

// Run runs the operator until ctx ends.
func Run(ctx context.Context, config Config) error {
	if config.Namespace == "" {
		return errors.New("-namespace is empty: set it, or POD_NAMESPACE in the environment")
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(config.LogLevel)); err != nil {
		return fmt.Errorf("-log-level: %w", err)
	}
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	mgr, err := newManager(config)
	if err != nil {
		return err
	}
	if err := wire(ctx, mgr, config); err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("adding the health check: %w", err)
	}
	return mgr.Start(ctx)
}

func newManager(config Config) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	err := errors.Join(clientgoscheme.AddToScheme(scheme), gatewayv1.Install(scheme), gatewayv1beta1.Install(scheme), api.AddToScheme(scheme))
	if err != nil {
		return nil, fmt.Errorf("making the scheme: %w", err)
	}
	rest, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	caches := routing.CacheOptions()
	caches.ByObject = edgegateway.Cached()
	mgr, err := ctrl.NewManager(rest, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: config.Metrics},
		HealthProbeBindAddress:        config.Health,
		LeaderElection:                config.LeaderElection,
		LeaderElectionID:              "edgegateway.dev",
		LeaderElectionNamespace:       config.Namespace,
		LeaderElectionReleaseOnCancel: true,
		Cache:                         caches,
		Client: client.Options{Cache: &client.CacheOptions{
			// These are read by name, past the cache, which would hold all of the cluster's.
			DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	return mgr, nil
}
