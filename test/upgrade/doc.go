// Package upgrade keeps states that an earlier operator left, and proves that this one takes them over: nothing moves at an upgrade.
//
// Below testdata is a folder for each commit that recorded. It is text that knows no Go type of the operator's, and it is never written again:
//
//	aws, site      what a whole operator left, once it was settled
//	  cluster.yaml   every object of the API server: classes, gateways with their statuses (footprint, resources, hand-off), Secrets, Nodes, the
//	                 hand-offs' ConfigMaps, and the proxies' Deployments, Services and so on, with who manages which field
//	  cloud.json     the simulated AWS, a row a line (package test/simcloud/aws reads it): targets that are nodes and pods, dual stack, internal,
//	                 brought and adopted, kept addresses, source ranges, names with apex and wildcards
//	  zone.txt       a zone of a name server, as a zone file with the virtual time before it: claims, A, AAAA, apex and wildcards. The hand-offs of
//	                 site are acknowledged, stale, and not answered
//	  gateways.json  what the providers were asked for, as the contract prints it
//	routing        a cluster with 50 routes
//	  cluster.yaml   gateways, classes, HTTPRoutes of every feature, Ingresses, Services, EndpointSlices, Secrets and a grant
//	  resources.txt  what each gateway's proxies were told: type, name and version of every resource
//	  proxies.yaml   the proxies' objects: another pod template would start all proxies again
//
// Package test/crash has the API server, the name server and the clock to run a whole operator on aws and site: its tests TestUpgrade* start
// a new process there, and count what it changes. This package translates routing, and has a proxy that has all of it already come back to a
// new server. Each has cases that move something on purpose, and are found.
//
// # What to do when it fails
//
// A failure says that every user's load balancers, records, hand-offs or proxies would change when they install the new version. Undo it: keep the
// old name, hash or field order. If it is meant, it is a line in CHANGELOG.md, and the exception belongs into the test, named and as
// narrow as can be; the recorded state stays as it is.
//
// # How it was recorded
//
// With UPGRADE_RECORD=1, the tests TestRecordForUpgrade of this package and of test/crash write the files (but routing/cluster.yaml, which was
// written by hand). They refuse unless the operator's code (api, controllers, edgeproxy, providers, main.go) is that of the
// recorded commit, since states made by newer code would prove nothing:
//
//	git worktree add /tmp/recorded d53dc9a && cd /tmp/recorded && git checkout <the commit that added testdata/d53dc9a/routing/resources.txt> -- test
//	UPGRADE_RECORD=1 go test -count=1 -run TestRecordForUpgrade ./test/crash ./test/upgrade
//
// A later release is recorded in a folder of its own, beside this one.
//
// The package holds tests only.
package upgrade
