// Package crash is the crash proof of the operator's core: the real controllers and the real adapters, against an API server, clouds, a
// name server and an ops team in one process and in virtual time, die, lose replies, see stale lists and stale caches, are throttled, miss events
// and run twice, at every call that they make. Whatever happens, the world must come to be as it is without faults, and at no instant
// may it be what it must never be.
//
//   - A Plan is one line: a world, a scenario and what goes wrong. `go test ./test/crash -run TestReplay -plan '<plan>'` replays it.
//   - A scenario is played once without a fault. Every call of that run (of cloud and DNS, reads and mutations, and writes to the API
//     server) is then met by each fault, in a run of its own that starts from a copy of the settled world.
//   - The oracles are told by the worlds' own state, never by what the operator says.
//
// The same harness shows what users are told (conditions_*_test.go): what is changed by hand, whose things are in the way, and what a person must
// mend are read from the gateway's own conditions, with the cure; nothing is tried in a hot loop, and nothing is started again.
//
// The package holds tests only.
package crash
