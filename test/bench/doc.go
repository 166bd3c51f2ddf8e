// Package bench measures what the operator costs. What it says is counted and not timed, so that it is the same on every machine: calls to
// a cloud's API, in the cloud's own virtual time and within its limits.
//
// `make bench-calls` measures fleets of up to 1,000 gateways and writes reports/calls.txt; `go test` measures up to 10.
package bench
