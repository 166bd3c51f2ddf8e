package rfc2136

import (
	"context"
	"encoding/base64"
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// Name of this provider in a place.
const Name = "rfc2136"

// defaultTTL of records in seconds.
const defaultTTL = 60

// Config is what a class says about its name server.
type Config struct {
	// Server is the primary's "host:port"; without a port, 53. Updates and queries go there by TCP.
	Server string
	// Zones that names may be published in.
	Zones []string
	// TTL of records in seconds; 0 is 60.
	TTL uint32
	// KeyName, Algorithm and Secret (base64) are the TSIG key. The algorithm is hmac-sha256 if empty. Without a key name nothing is
	// signed, and the server must know us by our address.
	KeyName, Algorithm, Secret string
	// Dial connects to the server by TCP. Nil: by the network.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Provider publishes records.
type Provider struct {
	zones  []string // lower case, no trailing dot, longest first
	ttl    uint32
	server server
}

var _ providers.Provider = (*Provider)(nil)

// algorithms that a key may have.
var algorithms = []string{dns.HmacSHA256, dns.HmacSHA224, dns.HmacSHA384, dns.HmacSHA512}

// New returns a Provider, or an Invalid error that says which setting can't be used. It never repeats the secret.
func New(config Config) (*Provider, error) {
	address, err := serverAddress(config.Server)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(config)
	if err != nil {
		return nil, err
	}
	p := &Provider{ttl: config.TTL, server: server{address: address, key: key, dialer: config.Dial}}
	if p.ttl == 0 {
		p.ttl = defaultTTL
	}
	for _, zone := range config.Zones {
		if _, ok := dns.IsDomainName(zone); !ok || plain(zone) == "" {
			return nil, providers.Invalidf("spec.dns.zones", "%q is not a zone; write one such as example.com", zone)
		}
		p.zones = append(p.zones, plain(zone))
	}
	slices.SortFunc(p.zones, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return p, nil
}

func serverAddress(text string) (string, error) {
	if text == "" {
		return "", providers.Invalidf("spec.dns.rfc2136.server", "there is no server; write one such as ns1.example.com:53")
	}
	if _, _, err := net.SplitHostPort(text); err == nil {
		return text, nil
	}
	return net.JoinHostPort(strings.Trim(text, "[]"), "53"), nil
}

func keyOf(config Config) (key, error) {
	const field = "spec.dns.credentials"
	if config.KeyName == "" {
		if config.Secret != "" {
			return key{}, providers.Invalidf(field, "there is a TSIG secret without the key's name; add the name")
		}
		return key{}, nil
	}
	if _, ok := dns.IsDomainName(config.KeyName); !ok {
		return key{}, providers.Invalidf(field, "%q is not a name of a TSIG key", config.KeyName)
	}
	secret := strings.TrimSpace(config.Secret)
	if raw, err := base64.StdEncoding.DecodeString(secret); err != nil || len(raw) == 0 {
		return key{}, providers.Invalidf(field, "the secret of TSIG key %q is not base64; copy it as tsig-keygen wrote it", config.KeyName)
	}
	algorithm := dns.CanonicalName(config.Algorithm)
	if config.Algorithm == "" {
		algorithm = dns.HmacSHA256
	}
	if !slices.Contains(algorithms, algorithm) {
		return key{}, providers.Invalidf(field, "TSIG algorithm %q can't be used; use hmac-sha256 or hmac-sha512", config.Algorithm)
	}
	return key{name: dns.CanonicalName(config.KeyName), algorithm: algorithm, secret: secret}, nil
}

// plain returns a name in lower case without its trailing dot.
func plain(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// Report implements providers.Provider.
func (p *Provider) Report(observed providers.Graph) providers.Status {
	return records.Report(observed)
}
