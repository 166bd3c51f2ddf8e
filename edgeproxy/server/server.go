package server

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Config is what a Server needs of its surroundings.
type Config struct {
	// Authenticate returns whose token it is, or ErrUnauthenticated; any other error means that the review failed.
	Authenticate func(ctx context.Context, token string) (Identity, error)
	// Recheck is how often an open stream's token is reviewed again. 0: ten minutes.
	Recheck time.Duration
	// Progressed is called when the Progress of a gateway may have changed. It must return at once. Nil: nobody wants to know.
	Progressed func(GatewayKey)
}

// Server has the resources of all gateways and serves them. Its methods may be called from any goroutine.
type Server struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	config Config
	synced chan struct{}
	once   sync.Once

	mu       sync.Mutex
	gateways map[GatewayKey]*gateway
}

// New returns a Server that has nothing yet and lets its streams wait until MarkSynced.
func New(config Config) (*Server, error) {
	if config.Authenticate == nil {
		return nil, errors.New("server: Authenticate is needed")
	}
	if config.Recheck == 0 {
		config.Recheck = 10 * time.Minute
	}
	if config.Progressed == nil {
		config.Progressed = func(GatewayKey) {}
	}
	return &Server{config: config, synced: make(chan struct{}), gateways: map[GatewayKey]*gateway{}}, nil
}

// NewGRPC returns a gRPC server that serves s, and only s, by TLS.
func NewGRPC(config *tls.Config, s *Server) *grpc.Server {
	listener := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(config)),
		// A proxy that comes back lists the version of every resource that it has.
		grpc.MaxRecvMsgSize(64<<20),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
	)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(listener, s)
	return listener
}

// MarkSynced is called once every gateway which exists has been Set. Until then no stream gets anything, so a restart of the operator
// never takes away what it hasn't read yet.
func (s *Server) MarkSynced() { s.once.Do(func() { close(s.synced) }) }

func (s *Server) isSynced() bool {
	select {
	case <-s.synced:
		return true
	default:
		return false
	}
}

// Set makes resources all that a gateway has. What is equal to what it had costs nothing on the wire.
func (s *Server) Set(key GatewayKey, resources xds.Resources) {
	s.change(key, func(g *gateway) { g.set(resources.All()) })
}

// Update is a change to some resources of a gateway, made at once.
type Update struct {
	Upsert []xds.Resource
	Remove []xds.ResourceRef
}

// Apply changes some resources of a gateway, at the cost of those. What an upserted resource needs or asks for is in the same
// update or was there before. It does nothing for a gateway that was never Set.
func (s *Server) Apply(key GatewayKey, update Update) {
	s.change(key, func(g *gateway) { g.apply(update) })
}

// change does something to a gateway's resources and calls Progressed. The lock on the table of gateways is kept
// meanwhile, so that a gateway can't be dropped under the change.
func (s *Server) change(key GatewayKey, do func(*gateway)) {
	s.mu.Lock()
	do(s.gateway(key))
	s.mu.Unlock()
	s.config.Progressed(key)
}

// Forget takes away the resources of a gateway that is deleted. Its proxies keep what they have: they are deleted too, or their gateway comes back.
func (s *Server) Forget(key GatewayKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.gateways[key]; g != nil {
		g.forget()
		s.dropIdle(g)
	}
}

// Progress returns how far the proxies are that are connected to this replica.
func (s *Server) Progress(key GatewayKey) Progress {
	s.mu.Lock()
	g := s.gateways[key]
	s.mu.Unlock()
	if g == nil {
		return Progress{}
	}
	return g.progress()
}

// gateway returns the state of a gateway and makes it where there is none. s.mu is held.
func (s *Server) gateway(key GatewayKey) *gateway {
	g := s.gateways[key]
	if g == nil {
		g = newGateway(key)
		s.gateways[key] = g
	}
	return g
}

// dropIdle drops a gateway that neither exists nor has streams. s.mu is held.
func (s *Server) dropIdle(g *gateway) {
	if g.idle() {
		delete(s.gateways, g.key)
	}
}

// StreamAggregatedResources refuses the state-of-the-world protocol.
func (s *Server) StreamAggregatedResources(discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	return status.Error(codes.Unimplemented, "only incremental xDS is served")
}

// DeltaAggregatedResources serves one proxy until it goes.
func (s *Server) DeltaAggregatedResources(wire discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	token, err := bearerToken(wire.Context())
	if err != nil {
		return err
	}
	identity, err := s.authenticate(wire.Context(), token)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(wire.Context())
	defer cancel(nil)
	s.mu.Lock()
	g := s.gateway(identity.Gateway)
	stream := newStream(s, g, identity, wire, cancel)
	g.join(stream)
	s.mu.Unlock()
	s.config.Progressed(g.key)
	defer func() {
		s.mu.Lock()
		g.leave(stream)
		s.dropIdle(g)
		s.mu.Unlock()
		s.config.Progressed(g.key)
	}()
	return stream.run(ctx, token)
}
