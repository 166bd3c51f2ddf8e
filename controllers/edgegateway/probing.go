package edgegateway

import (
	"net/netip"
	"reflect"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// probeOf says what to probe, or why not. It is pure.
func probeOf(in *inputs, out engine.Outcome) (prober.Request, *finding) {
	refuse := func(v finding) (prober.Request, *finding) { return prober.Request{}, &v }
	switch {
	case in.deleting() || in.class == nil:
		return refuse(no(api.ReasonNotAccepted, "nothing is made for it"))
	case len(in.vantages) == 0:
		return refuse(unknown(api.ReasonNoOutsideVantage, "the class lists no vantage in spec.vantages, so nobody looked from outside"))
	case out.Status.Provisioned.State != providers.Ready || len(out.Status.Addresses) == 0:
		return refuse(no(api.ReasonPending, "there is no way in to probe yet"))
	}
	probe := ir.ProbeOf(string(in.gateway.UID))
	request := prober.Request{Path: probe.Path, Nonce: probe.Body, TimeoutMillis: probeTimeout.Milliseconds()}
	for _, address := range out.Status.Addresses {
		for _, listener := range in.gateway.Spec.Listeners {
			door := prober.Door{Address: address, Port: int32(listener.Port), TLS: listener.Protocol == gatewayv1.HTTPSProtocolType}
			door.ServerName = serverName(in, listener)
			request.Doors = append(request.Doors, door)
		}
	}
	if in.class.Spec.DNS != nil {
		for _, hostname := range in.gateway.Spec.Hostnames {
			request.Names = append(request.Names, prober.Name{Name: concrete(hostname), Addresses: out.Status.Addresses, Servers: nameServers(in.class)})
		}
	}
	return request, nil
}

// serverName is the name to ask a listener for: its own or, where it takes any, the first that the gateway publishes.
func serverName(in *inputs, listener gatewayv1.Listener) string {
	if listener.Hostname != nil && *listener.Hostname != "" {
		return concrete(string(*listener.Hostname))
	}
	if len(in.gateway.Spec.Hostnames) > 0 {
		return concrete(in.gateway.Spec.Hostnames[0])
	}
	return ""
}

// concrete is a name that a wildcard covers, or the name itself.
func concrete(hostname string) string {
	if rest, wild := strings.CutPrefix(hostname, "*."); wild {
		return "edgegateway-probe." + rest
	}
	return hostname
}

// nameServers to ask instead of the vantage's own, where the class names one by its address: a data centre's names need not be public.
func nameServers(class *api.EdgeGatewayClass) []string {
	if class.Spec.DNS.RFC2136 == nil {
		return nil
	}
	server, err := netip.ParseAddrPort(class.Spec.DNS.RFC2136.Server)
	if err != nil {
		return nil
	}
	return []string{server.String()}
}

// sameDoors reports whether two requests differ in names at most.
func sameDoors(a, b prober.Request) bool {
	return a.Nonce == b.Nonce && reflect.DeepEqual(a.Doors, b.Doors)
}

// How often the way in is probed: a way that holds, and one that does not.
const (
	probeWhileReachable = 10 * time.Second
	probeUntilReachable = 2 * time.Second
	probeTimeout        = 4 * time.Second
	// patience is how many probes in a row must fail before a way in that held counts as lost: one lost packet is no outage.
	patience = 2
)

// probes is what has come of the probes of a gateway so far.
type probes struct {
	// finding of the last ones, nil before the first; misses are failures in a row since it was true.
	finding *finding
	misses  int
	// Every probe that began from heldSince to heldUntil came in; both are zero if the last one did not.
	heldSince, heldUntil time.Time
}

// with adds a probe that began at a time. Within the time in which a load balancer settles after a change one failure counts, and else no less
// than patience in a row: one lost packet is no outage. It is pure.
func (p probes) with(began time.Time, found finding, s settling) probes {
	enough := patience
	if began.Before(s.changed.Add(s.takes)) {
		enough = 1
	}
	p.misses++
	if found.ok {
		p.misses, p.heldUntil = 0, began
		if p.heldSince.IsZero() {
			p.heldSince = began
		}
	} else {
		p.heldSince, p.heldUntil = time.Time{}, time.Time{}
	}
	if found.ok || p.finding == nil || !p.finding.ok || p.misses >= enough {
		p.finding = &found
	}
	return p
}

// wait is how long to wait for the next probe: a way in that has held for as long as the load balancer takes to settle needs few. It is pure.
func (p probes) wait(s settling) time.Duration {
	if p.misses == 0 && p.heldUntil.Sub(latest(p.heldSince, s.changed)) >= s.takes {
		return probeWhileReachable
	}
	return probeUntilReachable
}
