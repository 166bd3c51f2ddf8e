// Package simcloud is the kernel of the cloud simulators: what every simulated cloud has, whatever its wire protocol. A cloud is a package
// below this one: it answers HTTP as its vendor's API does and keeps its objects on Shelves of a Kernel.
//
// The Kernel has an inventory with a past (lists may lag behind it), a virtual clock that runs what is due in order, a fault script, hooks
// before and after every call for crash points, token buckets, quotas and a log of the calls. Everything is deterministic: no wall clock, no
// random number, no goroutine. Drive, which is beside it, moves its clock as real time goes by.
//
// It imports the standard library only. A data plane and a schema gate belong around a cloud's http.Handler and beside its Shelves; the
// kernel knows neither.
package simcloud
