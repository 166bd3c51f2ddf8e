package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/metadata"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// inMemory is a stream without a network. It embeds the interface for the methods that nobody calls.
type inMemory struct {
	discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer
	ctx      context.Context
	requests chan *discoveryv3.DeltaDiscoveryRequest
}

func (m *inMemory) Context() context.Context { return m.ctx }

func (m *inMemory) Recv() (*discoveryv3.DeltaDiscoveryRequest, error) {
	select {
	case request := <-m.requests:
		return request, nil
	case <-m.ctx.Done():
		return nil, m.ctx.Err()
	}
}

// Send acknowledges at once.
func (m *inMemory) Send(response *discoveryv3.DeltaDiscoveryResponse) error {
	m.requests <- &discoveryv3.DeltaDiscoveryRequest{TypeUrl: response.GetTypeUrl(), ResponseNonce: response.GetNonce()}
	return nil
}

// BenchmarkEndpointChange is one cluster's endpoints, of 5,000, changed on 10 proxies, until each has acknowledged.
func BenchmarkEndpointChange(b *testing.B) {
	const clusters, streams = 5000, 10
	progressed := make(chan bool, 1<<20)
	s, err := New(Config{Authenticate: authenticate, Progressed: func(GatewayKey) { progressed <- true }})
	if err != nil {
		b.Fatal(err)
	}
	s.MarkSynced()
	var words, names []string
	for i := range clusters {
		names = append(names, fmt.Sprintf("cluster-%d", i))
		words = append(words, "c:"+names[i], "e:"+names[i])
	}
	s.Set(key, parse(words))
	for i := range streams {
		id := fmt.Sprintf("shop/front/pod-%d", i)
		ctx := metadata.NewIncomingContext(b.Context(), metadata.Pairs("authorization", "Bearer "+id))
		m := &inMemory{ctx: ctx, requests: make(chan *discoveryv3.DeltaDiscoveryRequest, 1000)}
		m.requests <- &discoveryv3.DeltaDiscoveryRequest{
			TypeUrl: xds.ClusterType, ResourceNamesSubscribe: []string{"*"}, Node: &corev3.Node{Id: id},
		}
		m.requests <- &discoveryv3.DeltaDiscoveryRequest{TypeUrl: xds.EndpointType, ResourceNamesSubscribe: names}
		go func() { _ = s.DeltaAggregatedResources(m) }()
	}
	await(b, "every proxy has everything", func() bool {
		progress := s.Progress(key)
		return len(progress.Pods) == streams && len(progress.Pending) == 0
	})
	for len(progressed) > 0 {
		<-progressed
	}
	version := 0
	stuck := time.NewTimer(limit)
	b.ReportAllocs()
	for b.Loop() {
		version++
		change := parseResource(fmt.Sprintf("e:%s@%d", names[version%clusters], version+1))
		s.Apply(key, Update{Upsert: []xds.Resource{change}})
		stuck.Reset(limit)
		for range streams + 1 { // each stream's acknowledgement, and the change itself
			select {
			case <-progressed:
			case <-stuck.C:
				b.Fatalf("a change was not acknowledged in %v", limit)
			}
		}
	}
}
