// Package server serves xds resources to proxies: incremental xDS on one aggregated stream, and nothing else of xDS.
//
// A proxy gets the resources of the gateway that its token names, whatever it calls itself. Each stream is its own small state
// machine: what the proxy has, what is on its way, what it refused. A change marks one name as dirty on the streams that have it,
// so it costs the change and not the world. Order comes from acknowledgements, per resource and per stream, and from nothing
// else. A resource waits until the proxy has what it needs. What is no longer wanted leaves once nothing that the proxy has, or is
// being sent, refers to it: a cluster after the route tables and listeners that name it are replaced or gone, and acknowledged. A
// refused resource delays nobody but itself.
//
// What Envoy does, found with version 1.40 and relied upon here:
//   - It asks for a cluster's endpoints after it has read the cluster, and delays its answer, and its answers to all later
//     clusters, until they have come. So endpoints never wait for a cluster's acknowledgement.
//   - A cluster whose endpoints never come would keep it from acknowledging any cluster for ever. So it gets a removal for
//     endpoints that are gone, which for Envoy is an answer that changes nothing.
//   - A changed cluster warms up in the same way, but it does not ask for its endpoints again: they follow it unasked.
//   - Of a refused response it keeps the good clusters and listeners, but of route tables, endpoints and secrets only those that
//     stood before the bad one. So tables, listeners and secrets go one in a response, clusters and endpoints in batches, and a
//     refused batch is halved until the bad one stands alone.
//   - A listener that is removed or replaced serves its old connections until they have drained, and says nothing when they have. It
//     keeps its route tables that long, and they their clusters. A cluster that the listener itself named may be gone by then.
//   - It goes on with what it has when the stream breaks, and names the versions that it has on the next one.
//
// The token of a stream is reviewed again every Config.Recheck. When it is refused, because it expired or its pod is gone, the
// stream ends with Unauthenticated; a living proxy comes back with the token that kubelet has renewed meanwhile, and gets only
// what changed.
package server
