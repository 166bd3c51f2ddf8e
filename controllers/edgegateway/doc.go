// Package edgegateway keeps an EdgeGateway true: what is outside the cluster, the edge proxy inside it, and the status that says so.
//
// Reconcile is gather, accept, desired, observe, diff, apply, status: one file each. Deciding is pure (accept.go, desired.go, status.go,
// result.go); what does I/O has almost no branches (inputs.go, apply.go).
package edgegateway
