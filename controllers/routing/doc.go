// Package routing brings routes to proxies: it follows the objects that say what an edge should do, has translate and xds make resources of
// them, hands these to the server, and writes what became of them into the objects' statuses.
//
//	informers, secrets ─→ Store ─→ publisher ─→ server      on every replica
//	                        │          └ acknowledgements ─┐
//	                        └──────→ statuses ←────────────┴─ peers      on the leader
//
// Every replica serves; only the leader writes. Nothing is served before everything that exists has been read and translated once, and
// nothing is withdrawn because something could not be read: a gateway about which there is a doubt keeps what it has (it is held).
//
// # Which gateways are served
//
// Whether an EdgeGateway may be made is decided elsewhere and read from its condition Accepted. A spec is served once Accepted is true
// for that very generation. After a bad edit, or when a neighbour or its class makes it unacceptable, a gateway keeps what was accepted
// last: it doesn't blink. The class's hostname rules are always the present ones, so that a name which an admin takes away is
// not served from then on. A gateway that never was accepted gets nothing. What was accepted last is remembered in memory only: a
// restarted operator sends nothing to the proxies of a gateway that is not accepted at that time, and they go on with what they have.
//
// # Secrets
//
// Secrets are read by name, as listeners and Ingresses refer to them, with the verbs get and watch; they are never listed. One is taken
// for missing only after the API has said so.
//
// # Programmed
//
// A route is programmed when every ready pod of the gateway's proxies has acknowledged a route table that has the route as it is now, and
// there is such a pod. What a pod has acknowledged stays true until the pod goes, even if nobody is connected to it. Replicas tell
// the leader what their proxies acknowledge (peers.go: one stream from each, TLS by the operator's own CA on both sides). What the
// leader can't know yet, since it has just begun, leaves a condition as it is; and of a route that is itself unchanged a lag of less than
// two seconds is not told, since proxies that come back say one after the other what they have. An edit is told at once.
//
// The package imports no other controller.
package routing
