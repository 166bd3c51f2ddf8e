// Package cluster starts a real Kubernetes on this machine, without Docker and without touching the machine's own
// network: the node, a client, a DNS server and a private data centre are hosts of their own (network namespaces),
// joined by a router, so that what crosses a network in production crosses one here.
//
//	198.51.100.0/26   node        Kubernetes: one node, its pods 198.18.0.0/16, its Services 198.19.0.0/16
//	198.51.100.64/26  client      reaches NodePorts and public addresses; no pod and no ClusterIP
//	198.51.100.128/26 dns         is asked by pods for names outside the cluster, when something listens there
//	198.51.100.192/26 datacenter  receives 203.0.113.0/24 and 2001:db8:113::/64, the public addresses; reaches pods after [Cluster.OpenPods]
//
// Everything that runs is built from Go modules (kube, tools), taken from Debian (runc, nftables) or PyPI (Envoy); it
// is kept in the user's cache, so only the first start is slow.
//
// What can remain after a crash is found by name, not by memory: namespaces eg-NAME-*, cgroups eg-NAME, the folder
// /var/lib/edgecluster/NAME, and processes, which carry the name in their environment. All that runs on the node is
// in one process and one mount namespace, which die with their first process. [Start], [Cluster.Stop] and [Remove]
// clear all of it whoever left it; [Leftovers] lists it.
//
// Limits: root on Linux. Proved on Debian 12 with cgroup v1; what cgroup v2 needs is written but untried. Pods are
// IPv4 only, hosts speak both. The package depends on the standard library, golang.org/x/sys and test/netns alone.
package cluster
