package routing

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
)

// xdsServer serves proxies on every replica.
type xdsServer struct {
	address string
	server  *grpc.Server
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
