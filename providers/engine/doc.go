// Package engine brings what is outside the cluster to what is wanted, round by round. Round is one look at a gateway and what can be done
// about it now; Apply makes changes; Split joins a load balancer's provider with a DNS provider; Cache answers most looks from what list
// calls, shared by all gateways, say has changed.
//
// What to do is decided in providers/plan. What a provider can do beyond the contract is asked in one place, complete.go. It imports the
// contract, plan and the standard library only.
package engine
