// Package plane is the data plane of simulated clouds: what a cloud's control plane has decided, it does, with real packets. It knows no cloud. A
// cloud says in a Table of plain structs which load balancers there are, who may come to them, where they send and how they ask their
// targets for their health; a Plane makes sockets, addresses and nftables rules of that, in one network namespace that the public addresses are
// routed to, and reports what the health checks found. Name servers answer the Table's zones.
//
// Load balancers are of two kinds. Proxying ones accept a connection on their own address and make another one to a target, with or without a
// PROXY protocol v2 header. PassThrough ones hand a packet on as it came: the target, which must be on a link of the namespace, takes the load
// balancer's address for its own, sees the client's, and answers the client directly.
//
// What a firewall does not let in is dropped, not refused. The targets' own firewalls are not on the targets: the plane is given their rules and
// sends nothing that they would not let in. Connections that are there when a rule goes are kept, as stateful firewalls do.
//
// Where it is known to differ from real clouds:
//   - A proxying load balancer accepts before it has reached a target; when it then can't, the client's connection is reset.
//   - Targets are asked for their health by one checker, not by one in each zone.
//   - Idle connections are not forgotten, and PassThrough flows only after FlowTime without a packet.
//   - Clients' addresses are not preserved by proxying load balancers without PROXY protocol, and datagrams have no PROXY protocol header: a Table
//     that asks for either is served without, and Plane.Gaps says so.
//
// It may import the standard library, golang.org/x/sys, test/netns and, for the name servers, github.com/miekg/dns.
package plane
