package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// wire is the half of a gRPC stream that is used.
type wire interface {
	Send(*discoveryv3.DeltaDiscoveryResponse) error
	Recv() (*discoveryv3.DeltaDiscoveryRequest, error)
}

// stream is one proxy's connection.
type stream struct {
	server   *Server
	gateway  *gateway
	identity Identity
	wire     wire
	cancel   context.CancelCauseFunc
	wake     chan struct{}

	// Written by whoever changes resources, read by the stream.
	mu         sync.Mutex
	dirty      map[xds.ResourceRef]bool
	pending    map[xds.ResourceRef]bool
	refused    map[xds.ResourceRef]Refusal
	progressed bool

	// The rest is the stream's own goroutine's. gateway.mu is held where subscriptions change.
	greeted       bool
	subscriptions map[string]*subscription
	flights       map[string]*flight
	nonce         int
	batch         int
	// waiting lists, by what is missing on this proxy, the resources to look at again when it is there.
	waiting map[xds.ResourceRef]map[xds.ResourceRef]bool
	// references counts, by what is referred to, the resources on this proxy, or on their way to it, that need it or ask for it.
	references map[xds.ResourceRef]int
	// leaving is what is to be removed as soon as nothing can refer to it.
	leaving map[xds.ResourceRef]bool
	// tablesExpected reports that the proxy has route tables, even if it hasn't asked for them yet on this stream.
	tablesExpected bool
}

func newStream(server *Server, g *gateway, identity Identity, wire wire, cancel context.CancelCauseFunc) *stream {
	return &stream{
		server:        server,
		gateway:       g,
		identity:      identity,
		wire:          wire,
		cancel:        cancel,
		wake:          make(chan struct{}, 1),
		dirty:         map[xds.ResourceRef]bool{},
		pending:       map[xds.ResourceRef]bool{},
		refused:       map[xds.ResourceRef]Refusal{},
		subscriptions: map[string]*subscription{},
		flights:       map[string]*flight{},
		waiting:       map[xds.ResourceRef]map[xds.ResourceRef]bool{},
		references:    map[xds.ResourceRef]int{},
		leaving:       map[xds.ResourceRef]bool{},
	}
}

// run serves the stream until it ends, and returns why.
func (s *stream) run(ctx context.Context, token string) error {
	requests := make(chan *discoveryv3.DeltaDiscoveryRequest)
	go s.receive(ctx, requests)
	// Streams that began together don't come to be reviewed together.
	recheck := time.NewTicker(s.server.config.Recheck*3/4 + rand.N(s.server.config.Recheck/2+1))
	defer recheck.Stop()
	synced := s.server.synced
	for {
		select {
		case <-ctx.Done():
			return endOf(ctx)
		case request := <-requests:
			if err := s.handle(request); err != nil {
				return err
			}
		case <-s.wake:
		case <-synced:
			synced = nil
		case <-recheck.C:
			go s.recheck(ctx, token)
		}
		if err := s.flush(); err != nil {
			return err
		}
		s.report()
	}
}

// ending is why a stream is ended from this side, as a status of gRPC.
type ending struct{ error }

// endOf returns the status to end a stream with whose context is done.
func endOf(ctx context.Context) error {
	var ours ending
	if errors.As(context.Cause(ctx), &ours) {
		return ours.error
	}
	return nil
}

// receive passes requests on until the stream breaks, and then ends it.
func (s *stream) receive(ctx context.Context, requests chan<- *discoveryv3.DeltaDiscoveryRequest) {
	for {
		request, err := s.wire.Recv()
		if err != nil {
			s.cancel(err)
			return
		}
		select {
		case requests <- request:
		case <-ctx.Done():
			return
		}
	}
}

// handle takes a request in: who asks, what became of a response, and what is asked for.
func (s *stream) handle(request *discoveryv3.DeltaDiscoveryRequest) error {
	if !s.greeted || request.GetNode() != nil {
		want := xds.NodeID(s.identity.Gateway.Namespace, s.identity.Gateway.Name, s.identity.Pod)
		if request.GetNode().GetId() != want {
			return status.Error(codes.PermissionDenied, "the node's id is not what its token says")
		}
		s.greeted = true
	}
	if !served(request.GetTypeUrl()) {
		return status.Error(codes.Unimplemented, fmt.Sprintf("type %q is not served", request.GetTypeUrl()))
	}
	if request.GetResponseNonce() != "" {
		s.answered(request)
	}
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	s.subscribe(request)
	return nil
}

// mark makes the stream look at ref at its next flush.
func (s *stream) mark(ref xds.ResourceRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[ref] = true
}

func (s *stream) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *stream) takeDirty() map[xds.ResourceRef]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.dirty) == 0 {
		return nil
	}
	taken := s.dirty
	s.dirty = map[xds.ResourceRef]bool{}
	return taken
}

func (s *stream) report() {
	s.mu.Lock()
	progressed := s.progressed
	s.progressed = false
	s.mu.Unlock()
	if progressed {
		s.server.config.Progressed(s.gateway.key)
	}
}
