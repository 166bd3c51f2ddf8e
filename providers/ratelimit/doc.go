// Package ratelimit keeps the calls to a cloud within its limits: one token bucket for an account, a region and a class of calls, shared by all
// gateways. A bucket slows down when the cloud refuses a call as one too many, and recovers. What a cloud allows is said by its adapter.
//
// It may import providers and golang.org/x/time. It may not import a cloud's SDK or an adapter.
package ratelimit
