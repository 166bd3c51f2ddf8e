package leaving

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/drain"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// Path is where a proxy asks.
const Path = "/v1/leaving"

const (
	patience   = 10 * time.Second
	maxHeaders = 32 << 10
)

// Server answers proxies on every replica.
type Server struct {
	// Address and TLS to serve with.
	Address string
	TLS     *tls.Config
	// Authenticate says whose token it is. Its error is server.ErrUnauthenticated, or says that nobody can tell now.
	Authenticate func(ctx context.Context, token string) (server.Identity, error)
	// Pods are read by name. A cache does: what is late in it is waited for.
	Pods client.Reader
}

// NeedLeaderElection says that every replica runs this.
func (s *Server) NeedLeaderElection() bool { return false }

// Start serves until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Address)
	if err != nil {
		return fmt.Errorf("listening for proxies that leave: %w", err)
	}
	// Strangers who knock at the port are no errors.
	quiet := slog.NewLogLogger(logr.ToSlogHandler(ctrl.LoggerFrom(ctx).V(1)), slog.LevelDebug)
	served := &http.Server{
		Handler: s, TLSConfig: s.TLS, ErrorLog: quiet, MaxHeaderBytes: maxHeaders,
		ReadTimeout: patience, WriteTimeout: 2 * patience, IdleTimeout: patience,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = served.Close() })
	defer stop()
	if err := served.ServeTLS(listener, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving proxies that leave: %w", err)
	}
	return nil
}

// ServeHTTP answers a proxy about itself: its token names the pod.
func (s *Server) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodGet || request.URL.Path != Path {
		http.NotFound(w, request)
		return
	}
	token, bearer := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = ""
	}
	proxy, err := s.Authenticate(request.Context(), token)
	switch {
	case errors.Is(err, server.ErrUnauthenticated):
		http.Error(w, "the token is not a proxy's", http.StatusUnauthorized)
		return
	case err != nil:
		ctrl.LoggerFrom(request.Context()).Info("a proxy that leaves can't be answered", "error", err.Error())
		http.Error(w, "nobody can tell now", http.StatusServiceUnavailable)
		return
	}
	var pod corev1.Pod
	err = s.Pods.Get(request.Context(), client.ObjectKey{Namespace: proxy.Gateway.Namespace, Name: proxy.Pod}, &pod)
	switch {
	case apierrors.IsNotFound(err):
		say(w, drain.Answer{State: drain.Unknown, Message: "there is no such pod"})
	case err != nil:
		ctrl.LoggerFrom(request.Context()).Info("a proxy that leaves can't be answered", "pod", proxy.Pod, "error", err.Error())
		http.Error(w, "nobody can tell now", http.StatusServiceUnavailable)
	case !isProxyOf(proxy.Gateway, &pod):
		http.Error(w, "the token's pod is not a proxy", http.StatusForbidden)
	default:
		say(w, answerOf(&pod))
	}
}

func say(w http.ResponseWriter, answer drain.Answer) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // whoever doesn't hear it asks again
}
