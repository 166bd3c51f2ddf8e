// Package arch keeps the import graph equal to the diagram in DESIGN.md, and the code small enough to be read. It parses the files
// themselves, so that go test knows what it read and never answers from its cache after a change. There is no list of exceptions: what
// breaks a rule is changed, or the rule is, here and in DESIGN.md.
//
// Tests see a little more and may be longer: a table of cases is long without being hard to read.
package arch
