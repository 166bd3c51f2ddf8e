// Package registry turns an EdgeGatewayClass into a Provider. It is the only importer of adapters: what it does not list is not available.
package registry

import (
	"errors"
	"fmt"
	"net/netip"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/providers/rfc2136"
)

// Registry makes Providers.
type Registry struct {
	// Documents keep the hand-offs of provider manual.
	Documents manual.Documents
	// Forbidden ranges are the cluster's own: no address of an entrance may be in them.
	Forbidden []netip.Prefix
}

// Credentials are the data of the Secrets that a class names.
type Credentials struct {
	Provider map[string][]byte
	DNS      map[string][]byte
}

// Providers lists the load balancers' providers that there are, sorted.
func (r *Registry) Providers() []api.ProviderName { return []api.ProviderName{api.ProviderManual} }

// DNSProviders lists the DNS providers that there are, sorted.
func (r *Registry) DNSProviders() []api.DNSProviderName {
	return []api.DNSProviderName{api.DNSRFC2136}
}

// New returns the provider of a class: its load balancers', joined to its DNS provider if it has one. The error is Invalid, about a field of
// the class, if a setting can't be understood or there is no such adapter.
func (r *Registry) New(class api.EdgeGatewayClassSpec, credentials Credentials) (providers.Provider, error) {
	lb, err := r.loadBalancers(class)
	if err != nil {
		return nil, err
	}
	if class.DNS == nil {
		return lb, nil
	}
	dns, err := r.dns(*class.DNS, credentials.DNS)
	if err != nil {
		return nil, err
	}
	return providers.Split(lb, dns), nil
}

func (r *Registry) loadBalancers(class api.EdgeGatewayClassSpec) (providers.Provider, error) {
	if class.Provider != api.ProviderManual || class.Manual == nil {
		return nil, providers.Invalidf("spec.provider", "there is no adapter for %q", class.Provider)
	}
	ranges, err := prefixes(class.Manual.AddressRanges)
	if err != nil {
		return nil, providers.Invalidf("spec.manual.addressRanges", "%w", err)
	}
	return manual.New(manual.Config{
		AddressRanges: ranges,
		Forbidden:     r.Forbidden,
		ProxyProtocol: class.Manual.ProxyProtocol != api.ProxyProtocolNone,
		Documents:     r.Documents,
	}), nil
}

func (r *Registry) dns(settings api.DNSSettings, secret map[string][]byte) (providers.Provider, error) {
	if settings.Provider != api.DNSRFC2136 || settings.RFC2136 == nil {
		return nil, providers.Invalidf("spec.dns.provider", "there is no DNS adapter for %q", settings.Provider)
	}
	dns, err := rfc2136.New(rfc2136.Config{
		Server:  settings.RFC2136.Server,
		Zones:   settings.Zones,
		TTL:     uint32(settings.TTLSeconds),
		KeyName: string(secret["tsig-key"]), Algorithm: string(secret["tsig-algorithm"]), Secret: string(secret["tsig-secret"]),
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
