package prober

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	defaultTimeout = 5 * time.Second
	defaultSilence = 300 * time.Millisecond
)

// Options say how a probe runs. The zero value is right for production.
type Options struct {
	// Roots, where set, must sign a door's certificate. Nil: any chain will do, self-signed ones too, as long as the certificate
	// covers the name and is in its time.
	Roots *x509.CertPool
	// Allow makes exceptions from all that Refuse refuses. It is for tests on loopback addresses.
	Allow func(netip.Addr) bool
	// Allowed makes exceptions for private addresses.
	Allowed []netip.Prefix
	// Denied are refused in any case: a cluster's pod and Service ranges, for example.
	Denied []netip.Prefix
	// Dial replaces the dialling of doors and DNS servers; for tests.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolve replaces the vantage's own resolver; for tests. No addresses and no error mean that the name has none.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// Silence is how long a door is watched before the first byte is sent to it. 0 means 300 ms.
	Silence time.Duration
}

type prober struct {
	request Request
	options Options
	timeout time.Duration
	source  netip.Addr
}

// Probe looks at everything that request names, from this host and all at once, and returns what it saw. It ends when ctx does; what was
// not seen by then is VantageUnavailable, as is everything in a request that is not valid.
func Probe(ctx context.Context, request Request, options Options) Result {
	p := &prober{request: request, options: options, timeout: defaultTimeout}
	if request.TimeoutMillis > 0 {
		p.timeout = time.Duration(request.TimeoutMillis) * time.Millisecond
	}
	if p.options.Silence == 0 {
		p.options.Silence = defaultSilence
	}
	if err := request.validate(); err != nil {
		return all(request, err.Error())
	}
	if request.Source != "" {
		p.source = netip.MustParseAddr(request.Source).Unmap()
	}
	names := make([]Finding, len(request.Names))
	sights := make([]sight, len(request.Doors))
	var group sync.WaitGroup
	for i, name := range request.Names {
		group.Go(func() { names[i] = p.lookUp(ctx, name) })
	}
	for i, door := range request.Doors {
		group.Go(func() { sights[i] = p.look(ctx, door) })
	}
	group.Wait()
	return gather(names, compare(request, sights))
}

const stopped = "the probe was stopped before it was done"

// lookUp is name, without the blame for what was not seen only because ctx ended.
func (p *prober) lookUp(ctx context.Context, name Name) Finding {
	finding := p.name(ctx, name)
	if finding.Reason != "" && ended(ctx) {
		finding.Reason, finding.Message = VantageUnavailable, stopped
	}
	return finding
}

// look is door, without the blame for what was not seen only because ctx ended.
func (p *prober) look(ctx context.Context, door Door) sight {
	seen := p.door(ctx, door)
	if (seen.reason == Timeout || seen.clue == closedHeard) && ended(ctx) {
		return sight{door: door, reason: VantageUnavailable, message: stopped}
	}
	return seen
}

// ended looks at the clock too: a connection's deadline, which is ctx's, may be noticed first.
func ended(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}

func all(request Request, message string) Result {
	var findings []Finding
	for _, name := range request.Names {
		findings = append(findings, Finding{Subject: name.Name, Reason: VantageUnavailable, Message: message})
	}
	for _, door := range request.Doors {
		findings = append(findings, Finding{Subject: door.subject(), Reason: VantageUnavailable, Message: message})
	}
	return gather(findings, nil)
}

func gather(names, doors []Finding) Result {
	findings := slices.Concat(names, doors)
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	return Result{Findings: findings}
}

func (d Door) subject() string {
	subject := net.JoinHostPort(d.Address, strconv.Itoa(int(d.Port)))
	if d.ServerName != "" {
		subject += " as " + d.ServerName
	}
	return subject
}

func (p *prober) dial(ctx context.Context, network string, address netip.AddrPort) (net.Conn, error) {
	if p.options.Dial != nil {
		return p.options.Dial(ctx, network, address.String())
	}
	dialer := net.Dialer{KeepAlive: -1}
	return dialer.DialContext(ctx, network, address.String())
}
