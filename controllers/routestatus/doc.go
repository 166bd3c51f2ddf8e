// Package routestatus writes what became of routes, Ingresses and listeners into their statuses, on the leader only. What the statuses
// should say is decided by the store, out of what was flushed and what proxies have acknowledged.
//
//	routing (observed) ────────────────────────┐
//	proxies of this replica ─→ follow ─→ tracker ─→ evaluate ─→ queue ─→ write, emit      on the leader
//	proxies of others ──→ peers ───────────┘
//	reportServer                                                                          on every replica
//
// A route is programmed when every ready pod of the gateway's proxies has acknowledged all that the route has in the resources as they are
// now, and there is such a pod. What a pod has acknowledged stays true until the pod goes, even if nobody is connected to it. Replicas
// report to the leader what their proxies acknowledge (peers.go: one stream from each, TLS by the operator's own CA on both sides). What
// the leader can't know yet, since it has just begun, leaves a condition as it is; and of a route that is itself unchanged a lag of less
// than two seconds is not written, since proxies that come back report one after the other what they have. An edit is written at once.
//
// The package imports no other controller: what is served it knows by the interface Routes.
package routestatus
