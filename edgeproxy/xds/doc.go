// Package xds turns ir into Envoy's resources and writes the bootstrap with which an Envoy finds them. It is pure: no clock,
// no network, no Kubernetes.
//
// Every resource is validated before it leaves this package, and its version is a hash of its content, the same on every
// replica of the operator. Nothing fails open: a route that can't be built answers 500 in its place, a chain without a usable
// certificate refuses the handshake, and a Problem says so, with the Kubernetes object that it is about.
//
// What a proxy does to a request beside routing it is a filter: one value that says what it adds to listeners, routes and clusters,
// in one file, listed in order in filters.go. What a route itself says (where it forwards, redirects and rewrites to, which headers it
// changes) is no filter: those are fields of Envoy's route.
package xds
