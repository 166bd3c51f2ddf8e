// Package store keeps the objects that say what an edge should do, decides what follows from them, and says so on request:
//
//	Set, Delete, SetSecret ─→ objects ─→ Flush ─→ Output               what each gateway serves, and what became of each route
//	                                              Knowledge ─→ Desired what statuses should say, once acknowledgements are known
//
// What is particular to a kind of object is one row of kinds.go: how it is taken in, its translation and its status. It is all that a
// store, and the controllers over it, know of a kind.
//
// Everything but the Store itself is pure. The package sees api, translate, ir, xds and Kubernetes' types: no client, no controller and
// no server.
//
// # Which gateways are served
//
// Whether an EdgeGateway may be made is decided elsewhere and read from its condition Accepted. A spec is served once Accepted is true
// for that very generation. After a bad edit, or when a neighbour or its class makes it unacceptable, a gateway keeps what was accepted
// last: it doesn't blink. The class's hostname rules are always the present ones, so that a name which an admin takes away is
// not served from then on. A gateway that never was accepted gets nothing. What was accepted last is remembered in memory only: a
// restarted operator sends nothing to the proxies of a gateway that is not accepted at that time, and they go on with what they have.
//
// # Which gateways are held
//
// Nothing is withdrawn because something could not be read. A gateway of which something is not known yet keeps what it has: it is held,
// and so are the statuses of its routes. A Secret that a listener or an Ingress names is such a thing until it was read or is known to be
// missing, and so is the decision whether a gateway is accepted that never was.
package store
