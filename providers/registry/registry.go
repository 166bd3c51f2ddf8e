// Package registry turns an EdgeGatewayClass into a Provider. It is the only importer of adapters: what it does not list is not available.
package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
	"github.com/edgegateway/edgegateway/providers/rfc2136"
)

// Registry makes Providers, and keeps those that it has made: what a provider knows of its account, and the rate at which it calls, is
// shared by all gateways of a class. It is safe for concurrent use.
type Registry struct {
	// Documents keep the hand-offs of provider manual.
	Documents manual.Documents
	// Forbidden ranges are the cluster's own: no address of an entrance may be in them.
	Forbidden []netip.Prefix
	// Pace is how often clouds that can be swept are looked at. Zero: providers.DefaultPace.
	Pace engine.Pace
	// AWS carries the calls to AWS, within Budgets. Nil: a client with a time limit, and no budget.
	AWS     sdk.HTTPClient
	Budgets *ratelimit.Budgets
	// DialDNS connects to name servers that take dynamic updates. Nil: by the network.
	DialDNS func(ctx context.Context, address string) (net.Conn, error)

	kept kept
}

// Credentials are the data of the Secrets that a class names.
type Credentials struct {
	Provider map[string][]byte
	DNS      map[string][]byte
}

// Providers lists the load balancers' providers that there are, sorted.
func (r *Registry) Providers() []api.ProviderName {
	return []api.ProviderName{api.ProviderAWS, api.ProviderManual}
}

// DNSProviders lists the DNS providers that there are, sorted.
func (r *Registry) DNSProviders() []api.DNSProviderName {
	return []api.DNSProviderName{api.DNSRFC2136, api.DNSRoute53}
}

// New returns the provider of a class: its load balancers', joined to its DNS provider if it has one. The error is Invalid, about a field of
// the class, if a setting can't be understood or there is no such adapter, and Denied if the credentials are refused.
func (r *Registry) New(ctx context.Context, class api.EdgeGatewayClassSpec, credentials Credentials) (providers.Provider, error) {
	return r.kept.get(class, credentials, func() (providers.Provider, error) {
		lb, err := r.loadBalancers(ctx, class, credentials.Provider)
		if err != nil {
			return nil, err
		}
		if class.DNS == nil {
			return lb, nil
		}
		dns, err := r.dns(ctx, class, credentials)
		if err != nil {
			return nil, err
		}
		return engine.Split(lb, dns), nil
	})
}

// dnsPending is after how long a record is asked for that is not served yet. No sweep shows when it is.
const dnsPending = 15 * time.Second

// watched returns a provider of which most looks are answered by sweeps that all gateways share, if it can be swept.
func (r *Registry) watched(p providers.Provider, pending time.Duration) providers.Provider {
	pace := r.Pace
	if pace.Deep == 0 && !pace.Unshared {
		pace = engine.DefaultPace()
	}
	pace.Pending = cmp.Or(pending, pace.Pending)
	return engine.NewCache(p, pace)
}

func (r *Registry) loadBalancers(ctx context.Context, class api.EdgeGatewayClassSpec, secret map[string][]byte) (providers.Provider, error) {
	switch {
	case class.Provider == api.ProviderAWS && class.AWS != nil:
		return r.awsLoadBalancers(ctx, class, secret)
	case class.Provider == api.ProviderManual && class.Manual != nil:
		return r.manual(*class.Manual)
	default:
		return nil, providers.Invalidf("spec.provider", "there is no adapter for %q", class.Provider)
	}
}

func (r *Registry) manual(settings api.ManualSettings) (providers.Provider, error) {
	ranges, err := prefixes(settings.AddressRanges)
	if err != nil {
		return nil, providers.Invalidf("spec.manual.addressRanges", "%w", err)
	}
	return manual.New(manual.Config{
		AddressRanges: ranges,
		Forbidden:     r.Forbidden,
		ProxyProtocol: settings.ProxyProtocol != api.ProxyProtocolNone,
		Documents:     r.Documents,
	}), nil
}

func (r *Registry) dns(ctx context.Context, class api.EdgeGatewayClassSpec, credentials Credentials) (providers.Provider, error) {
	settings := *class.DNS
	switch {
	case settings.Provider == api.DNSRoute53:
		return r.route53(ctx, class, credentials)
	case settings.Provider == api.DNSRFC2136 && settings.RFC2136 != nil:
		return r.rfc2136(settings, credentials.DNS)
	default:
		return nil, providers.Invalidf("spec.dns.provider", "there is no DNS adapter for %q", settings.Provider)
	}
}

func (r *Registry) rfc2136(settings api.DNSSettings, secret map[string][]byte) (providers.Provider, error) {
	dns, err := rfc2136.New(rfc2136.Config{
		Server:  settings.RFC2136.Server,
		Zones:   settings.Zones,
		TTL:     uint32(settings.TTLSeconds),
		KeyName: string(secret["tsig-key"]), Algorithm: string(secret["tsig-algorithm"]), Secret: string(secret["tsig-secret"]),
		Dial: r.DialDNS,
	})
	if err != nil {
		return nil, err
	}
	return dns, nil
}

func prefixes(texts []string) ([]netip.Prefix, error) {
	var (
		parsed []netip.Prefix
		errs   []error
	)
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading a range: %w", err))
			continue
		}
		parsed = append(parsed, prefix)
	}
	return parsed, errors.Join(errs...)
}

// Handoff is what a status says about a hand-off.
type Handoff = manual.Handoff

// HandoffOf returns the hand-off in an observed graph; false if there is none of ours.
func HandoffOf(observed providers.Graph) (Handoff, bool) { return manual.HandoffOf(observed) }
