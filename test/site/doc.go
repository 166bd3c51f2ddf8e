// Package site is a private data centre around a test cluster, on real parts only: a BIND that serves the zone, an HAProxy that
// the ops team configures from the hand-off, a vantage outside, and a client that resolves names and sends requests. The demo, the
// end-to-end tests and the drills play on it. In the data centre's place, or beside it, there may be a simulated AWS.
package site
