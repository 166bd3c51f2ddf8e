// Package records is the core of every DNS adapter. It decides
//
//   - which zone a name is published in, and which names can't be ([Zones], [Publisher.Desired]),
//   - which records are wanted ([Publisher.Desired]),
//   - whose a name is ([Claim], a TXT record beside it), and who is in the way ([Found]),
//   - what a change does to a name: what must be so, and what is written ([Goal], [Batch]),
//   - what the records that are there mean to a user ([Publisher.Nodes], [Report]).
//
// An adapter translates and talks: it says what a record of its own points at ([Publisher]), reads a name's records into a [Found], and makes a
// [Batch] with what its zone has: a transaction with prerequisites (RFC 2136), a batch that names what it replaces (Route 53, Google), ETags (Azure),
// or one write after the other.
//
// All of it is pure. It imports the contract and the standard library only.
package records
