// Package routing brings routes to proxies, on every replica: it follows the objects that say what an edge should do, puts them into a
// store, has xds make resources of what the store says is to be served, and hands these to the server.
//
//	informers ─→ eventHandler ─→ store ─→ loop ─→ publisher ─→ server
//	Secrets   ─→ secretWatcher ──┘                   ↑
//	EndpointSlices ──────────────────────────────────┘
//
// Nothing is served before everything that exists has been read and translated once, and nothing is withdrawn because something could not
// be read: a gateway about which there is a doubt is held, and keeps what it was given.
//
// What becomes of it is for an Observer to know: here is neither a status nor a client that writes.
//
// # Secrets
//
// Secrets are read by name, as listeners and Ingresses refer to them, with the verbs get and watch; they are never listed. One is taken
// for missing only after the API has said so.
//
// The package imports no other controller.
package routing
