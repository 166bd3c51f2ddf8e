// Package rfc2136 publishes DNS records by dynamic updates (RFC 2136), signed by TSIG, to a data centre's own name server.
//
// What is to be published, and what may be changed, is decided by providers/records. This package reads a name by queries, and makes a batch by one
// update, which the server makes as a whole or not at all: what the batch expects are the update's prerequisites, which the server checks in the
// zone itself. What was read is not trusted for that, since a wildcard answers for names that don't exist.
//
// It may import providers, providers/records and the DNS library. It may not import Kubernetes, api, controllers, edgeproxy or another adapter.
package rfc2136
