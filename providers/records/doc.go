// Package records is the core of every DNS adapter: which zone a name is published in, whose a name is (Claim), who is in the way, which
// records are wanted, and what those that are there mean. An adapter adds how its servers are asked and told.
//
// All of it is pure. It imports the contract and the standard library only.
package records
