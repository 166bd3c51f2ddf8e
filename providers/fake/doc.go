// Package fake is a cloud in memory and the two adapters for it, a load balancer's and a DNS provider's. It is the reference
// implementation of providers.Provider, and what the engine's, the controllers' and the conformance suite's own tests run on.
//
// Cloud refuses what a real cloud refuses: a name that is taken, a thing in use, an address that another load balancer has, a change of
// what can't be changed, a value out of range, more than the quota. What it makes takes time; its lists may lag; every call can be
// made to fail before or after its effect. Addresses have no natural key, as in EC2: allocating twice gives two.
//
// It imports the standard library and package providers only.
package fake
