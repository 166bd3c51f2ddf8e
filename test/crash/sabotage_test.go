package crash

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/controllers/edgegateway"
)

// sabotage is a mutant: what it puts between the controllers and what they use. The zero value changes nothing.
type sabotage struct {
	wrapKube      func(client.Client) client.Client
	wrapProviders func(s *sim, inner edgegateway.Providers) edgegateway.Providers
}

func (m sabotage) kube(inner client.Client) client.Client {
	if m.wrapKube == nil {
		return inner
	}
	return m.wrapKube(inner)
}

func (m sabotage) providers(s *sim, inner edgegateway.Providers) edgegateway.Providers {
	if m.wrapProviders == nil {
		return inner
	}
	return m.wrapProviders(s, inner)
}
