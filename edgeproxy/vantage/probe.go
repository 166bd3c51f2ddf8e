package vantage

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// Options say how a probe runs. The zero value is right for production.
type Options struct {
	// Roots, where set, must sign a door's certificate. Nil: any chain will do, self-signed ones too, as long as the certificate
	// covers the name.
	Roots *x509.CertPool
	// Allow makes exceptions from Refuse. Tests use it for loopback addresses; a server sets Allowed prefixes instead.
	Allow func(netip.Addr) bool
	// Denied are refused in any case: a cluster's pod and Service ranges, for example.
	Denied []netip.Prefix
	// Dial replaces the dialling of doors and DNS servers; for tests.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolve replaces the vantage's own resolver; for tests.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// Silence is how long a door is watched before the first byte is sent to it. 0 means 300 ms.
	Silence time.Duration
}

// Probe looks at everything that request names, from this host, and returns what it saw. It ends when ctx does.
func Probe(ctx context.Context, request Request, options Options) Result {
	return Result{}
}
