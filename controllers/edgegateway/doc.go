// Package edgegateway keeps an EdgeGateway true: what is outside the cluster, the edge proxy inside it, and the status that says so.
//
// Reconcile (controller.go) is gather, accept, desired, apply, view, status, a file each. Files that decide (deciding, in arrows_test.go) are pure: they
// turn values into values, and know nothing of the files that act, which read, write and measure, with almost no branches.
package edgegateway
