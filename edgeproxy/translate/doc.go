// Package translate decides what an edge should do: Kubernetes objects in, ir and conditions out.
//
// It is pure. It imports our api and ir, Kubernetes' and Gateway API's types and the standard library: no client, no Envoy, no context,
// no clock (whoever calls passes the time).
//
// Work is done object by object, so that an event costs only what it touches:
//
//	EdgeGateway                Listeners ─→ Edge      ports, certificates, and what its listeners admit
//	HTTPRoute                  HTTPRoute ─→ Fragment  host claims on listeners, each with routes; backends; problems
//	Ingress                    Ingress   ─→ Fragment
//	Edge + its fragments       Assemble  ─→ Assembly  which objects have which host, routes by precedence, listener statuses
//	Backend + EndpointSlices   Endpoints ─→ ir        alone, since it changes most
//	Fragment + Assemblies      Status    ─→ RouteStatus
//
// A Fragment and an Edge say in Refs what they looked at, found or not: a change of one of those makes them stale. Build does all of it
// at once, for tests and for a store without increments.
//
// # Nothing fails open
//
// A rule that can't be built as written keeps its match and its place, and answers 500: were it left out, a broader rule would take its
// requests and skip what the rule was to guard. If even a part of its match can't be built (a broken regular expression), that part is
// taken to match everything, at the place in the order that it would have had: its host answers 500 wherever the rule might have matched,
// and other hosts are untouched. A backend that can't be resolved keeps its share of the requests, which get 500. A certificate that
// can't be used leaves its server name without any: the handshake is refused, and no other certificate steps in. An Ingress with TLS
// redirects plain HTTP even if its certificate is not usable yet.
//
// # Hosts
//
// A route makes host claims: it claims hosts of listeners. A claim must pass the listener (allowedRoutes, hostname), the class's hostname
// rules for the route's own namespace, and older claims: of two namespaces that claim the same host of the same listener the one with the
// oldest claim has it, by creation time, then by "namespace/name". Within the namespace that has a host all routes merge. Only equal hosts
// conflict: a namespace that has *.example.com does not thereby have a.example.com; the class's rules are the place to divide a domain.
//
// A request belongs to the listener of its port with the most specific hostname, and to no other: a host that it has no route for is
// 404, though a wider listener had one. A listener that is refused keeps its hostname in this, and answers 404, or refuses the handshake.
// A claim on a host that belongs to another listener gets nothing: a parent on which the route has no other host does not accept it
// (NoMatchingListenerHostname).
package translate
