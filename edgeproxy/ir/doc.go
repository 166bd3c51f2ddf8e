// Package ir is the waist between Kubernetes and Envoy: what one edge should do, in plain structs. It knows neither.
//
// translate makes these values and xds reads them. They are immutable once made, sorted, and print as YAML. It imports the
// standard library only.
package ir
