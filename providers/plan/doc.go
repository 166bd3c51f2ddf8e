// Package plan decides what is to be done outside the cluster. All of it is pure: wanted and observed graphs in, decisions out.
//
//   - match says which observed node a wanted one stands for, and what is surplus.
//   - Diff returns the changes that can be made now, in order; slots.go says what must go first because it holds what something else needs.
//   - spec.go compares two specs by their fields' tags and says what a difference costs.
//   - Check finds what an adapter got wrong in a wanted graph: it is about the contract, never about the user.
//   - Predict runs Desired and Diff to their end against a graph in memory: that is the Plan, and Render makes its text.
//   - Assess says what a graph means to a user: the adapter's report, corrected by what is wanted and not there.
//   - LastApplied tells drift from an edit, and Extend and Shrink keep the footprint: where to look.
//
// It imports the contract and the standard library only.
package plan
