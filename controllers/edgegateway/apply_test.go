package edgegateway

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// oneThing is a provider that makes one thing, of a size, and calls onApply before it changes anything.
type oneThing struct {
	size, there int
	onApply     func()
}

type thingSpec struct {
	Size int `json:"size"`
}

func (p *oneThing) thing(size int) providers.Node {
	return providers.Node{
		Key: "thing/one", Name: "one", Place: providers.Place{Provider: "test", Names: []string{"one"}}, Spec: thingSpec{Size: size}, Loss: providers.InPlace,
	}
}

func (p *oneThing) New(context.Context, api.EdgeGatewayClassSpec, registry.Credentials) (providers.Provider, error) {
	return p, nil
}

func (p *oneThing) Desired(providers.Gateway, providers.Graph) (providers.Graph, error) {
	return providers.NewGraph(p.thing(p.size)), nil
}

func (p *oneThing) Observe(context.Context, providers.Owner, providers.Refs) (providers.Graph, error) {
	if p.there == 0 {
		return providers.Graph{}, nil
	}
	node := p.thing(p.there)
	node.ID, node.State = "id-one", providers.Ready
	return providers.NewGraph(node), nil
}

func (p *oneThing) Apply(context.Context, providers.Owner, providers.Change) (providers.Result, error) {
	p.onApply()
	p.there = p.size
	return providers.Result{}, nil
}

func (p *oneThing) Report(providers.Graph) providers.Status { return providers.Status{} }

// storedGateway is a gateway at an API server, and what a round reads of it.
type storedGateway struct {
	t      *testing.T
	client client.Client
	r      *Reconciler
	in     *inputs
}

func storeGateway(t *testing.T, provider *oneThing) *storedGateway {
	scheme := runtime.NewScheme()
	if err := api.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	gateway := shop(nil)
	class := manualClass("dc", 1, nil)
	class.Finalizers = []string{api.Finalizer}
	s := &storedGateway{
		t: t, in: &inputs{gateway: gateway, class: &class, accepted: yes(api.ReasonAccepted, "fine")},
		client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(&gateway).WithStatusSubresource(&gateway).Build(),
	}
	s.r = &Reconciler{Client: s.client, Providers: provider, Events: events.NewFakeRecorder(100)}
	return s
}

// read returns the gateway as it is stored.
func (s *storedGateway) read() api.EdgeGateway {
	s.t.Helper()
	var stored api.EdgeGateway
	if err := s.client.Get(s.t.Context(), client.ObjectKeyFromObject(&s.in.gateway), &stored); err != nil {
		s.t.Fatal(err)
	}
	return stored
}

// round runs one round, and writes the status that comes of it.
func (s *storedGateway) round() engine.Outcome {
	s.t.Helper()
	s.in.gateway = s.read()
	out := s.r.provision(s.t.Context(), s.in)
	if err := s.r.writeStatus(s.t.Context(), &s.in.gateway, statusOf(s.in, out, views{})); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestThePlaceOfAThingIsStoredBeforeItIsMade(t *testing.T) {
	p := &oneThing{size: 1}
	s := storeGateway(t, p)
	made := 0
	p.onApply = func() {
		made++
		if places := s.read().Status.Footprint; len(places) != 1 || places[0].Provider != "test" || places[0].Names[0] != "one" {
			t.Errorf("when it was made, the footprint that was stored was %+v", places)
		}
	}
	s.round()
	if made != 1 {
		t.Fatalf("it was made %d times", made)
	}
}

// TestAThingIsNotKnownAsItWasAnyMoreWhenItIsChanged: an operator that dies just after its own change must not take that for somebody else's.
func TestAThingIsNotKnownAsItWasAnyMoreWhenItIsChanged(t *testing.T) {
	p := &oneThing{size: 1, onApply: func() {}}
	s := storeGateway(t, p)
	s.round()
	s.round()
	known := s.read().Status.Resources
	if len(known) != 1 || known[0].ID != "id-one" || known[0].Digest == "" {
		t.Fatalf("when all is as wanted, what is known of it is %+v", known)
	}
	changed := 0
	p.size, p.onApply = 2, func() {
		changed++
		if now := s.read().Status.Resources; len(now) != 1 || now[0].ID != "id-one" || now[0].Digest != "" {
			t.Errorf("when it was changed, what was stored of it was %+v", now)
		}
	}
	s.round()
	if changed != 1 {
		t.Fatalf("it was changed %d times", changed)
	}
	s.round()
	if now := s.read().Status.Resources; len(now) != 1 || now[0].Digest == "" || now[0].Digest == known[0].Digest {
		t.Errorf("when all is as wanted again, what is known of it is %+v", now)
	}
}

// TestNothingIsMadeByWhoReadAnOlderGateway: the footprint that it would extend may not be the newest.
func TestNothingIsMadeByWhoReadAnOlderGateway(t *testing.T) {
	p := &oneThing{size: 1, onApply: func() { t.Error("it was made") }}
	s := storeGateway(t, p)
	s.in.gateway = s.read()
	newer := s.read()
	newer.Labels = map[string]string{"newer": "yes"}
	if err := s.client.Update(t.Context(), &newer); err != nil {
		t.Fatal(err)
	}
	if out := s.r.provision(t.Context(), s.in); !apierrors.IsConflict(out.Err) {
		t.Errorf("the error is %v", out.Err)
	}
}
