// Package leaving tells a proxy that leaves how far the load balancer is with it. Only the leader knows the cloud; it writes what it knows on
// the proxy's pod, so that every replica can answer. It imports no other controller.
package leaving
