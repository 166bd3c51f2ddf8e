package dns

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// Name is what the provider is called in Place.Provider.
const Name = "route53"

// Config is what a class says about its names.
type Config struct {
	session.Access
	// Region whose partition the zones are in; Route 53 is in one region of each. Empty: us-east-1.
	Region string
	// Zones that names may be published in; each is a public hosted zone of the account.
	Zones []string
	// TTL in seconds of records that are not aliases; 0 is 60.
	TTL int32
	// Shared says that the credentials are those of the load balancers, so that this is the field to look at.
	Shared bool
}

// field of the class that the credentials are from.
func (c Config) field() string {
	if c.Shared {
		return session.FieldCredentials
	}
	return fieldCredentials
}

// defaultTTL in seconds.
const defaultTTL = 60

// Provider publishes names in Route 53.
type Provider struct {
	account string
	zones   []string // longest first
	ttl     int64
	lookup  zoneAPI
	records recordAPI
	// field of the class that errors about credentials name.
	field string

	mu sync.Mutex
	// ids of hosted zones by name, and by record the IDs of changes that were made here and may not be served yet.
	ids     map[string]string
	pending map[string]string
	// listed are the records that the last ListChanges read, by zone ID and name. Nobody changes them.
	listed map[string]map[string][]types.ResourceRecordSet
}

var (
	_ providers.Provider     = (*Provider)(nil)
	_ providers.ChangeLister = (*Provider)(nil)
	_ providers.OwnedLister  = (*Provider)(nil)

	_ providers.Preflighter = (*Provider)(nil)
)

// New returns a provider, having asked AWS which account it is for. The error is Denied or Invalid, with the class's field.
func New(ctx context.Context, config Config) (*Provider, error) {
	loaded, account, err := config.Open(ctx, session.Home(config.Region), config.field())
	if err != nil {
		return nil, err
	}
	client := route53.NewFromConfig(loaded)
	return newProvider(config, account, client, client), nil
}

func newProvider(config Config, account string, lookup zoneAPI, records recordAPI) *Provider {
	p := &Provider{account: account, field: config.field(), ttl: int64(config.TTL), lookup: lookup, records: records, ids: map[string]string{}, pending: map[string]string{}}
	if p.ttl == 0 {
		p.ttl = defaultTTL
	}
	for _, zone := range config.Zones {
		p.zones = append(p.zones, plain(zone))
	}
	slices.SortFunc(p.zones, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return p
}
