// Package prober looks at a gateway's front door from outside: it resolves its names and asks its proxies, through every address
// and port, for an answer that only they know, and it decides which of the reasons of the condition Reachable fits what came back.
// It runs the probe here, serves it on a host off the cluster (`edgegateway probe`), asks such hosts, and sums up what they saw.
//
// It may import nothing but the standard library: the vantage's host has no cluster, and the strings of its reasons are those of
// the API.
package prober
