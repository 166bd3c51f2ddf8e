package registry

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// maxKept is how many providers are kept: one for each class, and some that were edited lately.
const maxKept = 64

// kept are the providers that were made, by all that they depend on.
type kept struct {
	mu    sync.Mutex
	all   map[[sha256.Size]byte]providers.Provider
	order [][sha256.Size]byte // least recently used first
}

// digest names what a provider depends on: where to, with which credentials, and nothing that is decided elsewhere.
func digest(class api.EdgeGatewayClassSpec, credentials Credentials) ([sha256.Size]byte, error) {
	// Maps are encoded in the order of their keys.
	text, err := json.Marshal([]any{
		class.Provider, class.AWS, class.GCP, class.Azure, class.DigitalOcean, class.Manual, class.DNS, class.ReclaimPolicy, credentials,
	})
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encoding a class: %w", err)
	}
	return sha256.Sum256(text), nil
}

// get returns the provider that was made for this class and these credentials, or makes it. Errors are not kept.
func (k *kept) get(class api.EdgeGatewayClassSpec, credentials Credentials, build func() (providers.Provider, error)) (providers.Provider, error) {
	key, err := digest(class, credentials)
	if err != nil {
		return nil, err
	}
	if p := k.known(key); p != nil {
		return p, nil
	}
	// Made without the lock: a cloud that hangs must not hold up the classes of others. Of two that are made at once the first stays.
	p, err := build()
	if err != nil {
		return nil, err
	}
	return k.keep(key, p), nil
}

func (k *kept) known(key [sha256.Size]byte) providers.Provider {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.all[key]
	if p != nil {
		k.use(key)
	}
	return p
}

func (k *kept) keep(key [sha256.Size]byte, p providers.Provider) providers.Provider {
	k.mu.Lock()
	defer k.mu.Unlock()
	if first := k.all[key]; first != nil {
		return first
	}
	if k.all == nil {
		k.all = map[[sha256.Size]byte]providers.Provider{}
	}
	k.all[key] = p
	k.use(key)
	if len(k.order) > maxKept {
		delete(k.all, k.order[0])
		k.order = k.order[1:]
	}
	return p
}

// use moves a key to the end of the order.
func (k *kept) use(key [sha256.Size]byte) {
	for i, other := range k.order {
		if other == key {
			k.order = append(k.order[:i:i], k.order[i+1:]...)
			break
		}
	}
	k.order = append(k.order, key)
}
