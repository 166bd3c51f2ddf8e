package crash

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/controllers/edgegateway"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// mutation is a mutant: what it puts between the controllers and what they use. The zero value changes nothing.
type mutation struct {
	// client replaces the client of the API server of a user: a controller, or the hand-offs' documents.
	client func(s *sim, user string, inner client.Client) client.Client
	// provider replaces a process's provider.
	provider func(s *sim, inner providers.Provider) providers.Provider
}

func (m mutation) kube(s *sim, user string, inner client.Client) client.Client {
	if m.client == nil {
		return inner
	}
	return m.client(s, user, inner)
}

func (m mutation) providers(s *sim, inner edgegateway.Providers) edgegateway.Providers {
	if m.provider == nil {
		return inner
	}
	return &mutatedProviders{sim: s, inner: inner, wrap: m.provider, made: map[providers.Provider]providers.Provider{}}
}

// mutatedProviders wraps each provider once, so that a mutant may remember.
type mutatedProviders struct {
	sim   *sim
	inner edgegateway.Providers
	wrap  func(*sim, providers.Provider) providers.Provider
	made  map[providers.Provider]providers.Provider
}

func (m *mutatedProviders) New(ctx context.Context, class api.EdgeGatewayClassSpec, credentials registry.Credentials) (providers.Provider, error) {
	p, err := m.inner.New(ctx, class, credentials)
	if err != nil {
		return nil, err
	}
	if m.made[p] == nil {
		m.made[p] = m.wrap(m.sim, p)
	}
	return m.made[p], nil
}

// overridden is a provider with some of its functions replaced. What is nil is the inner provider's.
type overridden struct {
	providers.Provider
	desired func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error)
	observe func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error)
	apply   func(ctx context.Context, owner providers.Owner, change providers.Change) error
	report  func(observed providers.Graph) providers.Status
	// hasty says that it never waits for lists that are late.
	hasty bool
}

func (p *overridden) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	if p.desired != nil {
		return p.desired(gw, observed)
	}
	return p.Provider.Desired(gw, observed)
}

func (p *overridden) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	if p.observe != nil {
		return p.observe(ctx, owner, refs)
	}
	return p.Provider.Observe(ctx, owner, refs)
}

func (p *overridden) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	if p.apply != nil {
		return providers.Result{}, p.apply(ctx, owner, change)
	}
	return p.Provider.Apply(ctx, owner, change)
}

func (p *overridden) Report(observed providers.Graph) providers.Status {
	if p.report != nil {
		return p.report(observed)
	}
	return p.Provider.Report(observed)
}

func (p *overridden) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	if predictor, ok := p.Provider.(providers.Predictor); ok {
		return predictor.Predict(node, unknown)
	}
	return node
}

func (p *overridden) Preflight(ctx context.Context, desired, observed providers.Graph) error {
	if asker, ok := p.Provider.(providers.Preflighter); ok {
		return asker.Preflight(ctx, desired, observed)
	}
	return nil
}

// Quiet passes on what the engine asks by a type assertion.
func (p *overridden) Quiet(owner providers.Owner) bool {
	q, ok := p.Provider.(interface{ Quiet(providers.Owner) bool })
	return p.hasty || !ok || q.Quiet(owner)
}
