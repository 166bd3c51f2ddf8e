// Package rfc2136 publishes DNS records by dynamic updates (RFC 2136), signed by TSIG, to a data centre's own name server.
//
// It decides which zone a name belongs to, how a name is claimed, and which prerequisites make an update safe. A name is claimed by a TXT
// record beside it, written in one atomic update with the address records; the server itself checks the claim. What has no claim of
// ours is never touched.
//
// It may import providers and the DNS library. It may not import Kubernetes, api, controllers, edgeproxy or another adapter.
package rfc2136
