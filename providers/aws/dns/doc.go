// Package dns publishes names in Route 53. It is joined to any load balancer's provider, AWS's or another's.
//
// A name is claimed by a TXT record beside it (see providers/records), and record and claim are written in one batch, which Route 53 makes as
// a whole or not at all. A record is an alias where the load balancer is one of AWS's, and has addresses elsewhere.
//
// It may import providers, providers/records, providers/ratelimit, providers/aws and the AWS SDK.
package dns
