package routestatus

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
	ctrl "sigs.k8s.io/controller-runtime"
)

// reportServer reports to the leader what this replica's proxies have acknowledged.
type reportServer struct {
	address string
	tls     *tls.Config
	reports http.Handler
}

// NeedLeaderElection says that every replica runs this.
func (s *reportServer) NeedLeaderElection() bool { return false }

// Start serves until ctx ends.
func (s *reportServer) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("listening for replicas: %w", err)
	}
	// Strangers who knock at the port are no errors.
	quiet := slog.NewLogLogger(logr.ToSlogHandler(ctrl.LoggerFrom(ctx).V(1)), slog.LevelDebug)
	served := &http.Server{
		Handler: s.reports, TLSConfig: s.tls, ErrorLog: quiet, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = served.Close() })
	defer stop()
	if err := served.ServeTLS(listener, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving replicas: %w", err)
	}
	return nil
}
