// Package drain lets a proxy leave without a lost request. It runs beside Envoy, in its container, before kubelet ends it. It sees the
// standard library only.
//
// The order: fail the health check, while every listener goes on accepting; wait until the load balancer has let go of the proxy, as the
// operator says, or, where that is unknown, until it must have noticed; wait until connections have ended. From the first step on, Envoy
// closes each connection with its next answer ("connection: close" in HTTP/1.1, GOAWAY in HTTP/2), so only those that stay silent or
// transfer for long are left in the end.
package drain
