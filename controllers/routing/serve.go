package routing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/grpc"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// xdsServer serves proxies on every replica.
type xdsServer struct {
	address   string
	resources *server.Server
	server    *grpc.Server
}

// NeedLeaderElection says that every replica runs this.
func (s *xdsServer) NeedLeaderElection() bool { return false }

// Start serves until ctx ends. Streams are then cut: proxies go on with what they have, and come to another replica.
func (s *xdsServer) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("listening for proxies: %w", err)
	}
	stop := context.AfterFunc(ctx, s.server.Stop)
	defer stop()
	if err := s.server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serving proxies: %w", err)
	}
	return nil
}

// peerServer tells other replicas what this one's proxies acknowledge.
type peerServer struct {
	address  string
	tls      *tls.Config
	reporter *reporter
}

// NeedLeaderElection says that every replica runs this.
func (s *peerServer) NeedLeaderElection() bool { return false }

// Start serves until ctx ends.
func (s *peerServer) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("listening for replicas: %w", err)
	}
	// Strangers who knock at the port are no errors.
	quiet := slog.NewLogLogger(logr.ToSlogHandler(ctrl.LoggerFrom(ctx).V(1)), slog.LevelDebug)
	served := &http.Server{
		Handler: reportsHandler(s.reporter), TLSConfig: s.tls, ErrorLog: quiet, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = served.Close() })
	defer stop()
	if err := served.ServeTLS(listener, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving replicas: %w", err)
	}
	return nil
}
