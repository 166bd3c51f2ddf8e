// Package aws makes entrances in AWS: a Network Load Balancer with an Elastic IP a subnet (LoadBalancers), and names in Route 53 (DNS).
// The two are joined by providers.Split; each may be joined with another provider's other half.
//
// Targets are nodes by their ports, or pods by their addresses. A load balancer that is there may be adopted: it gets our mark, listeners and
// target groups, and keeps all else, for which others stay responsible, such as who its security groups let in.
//
// It decides which resources a gateway needs and in which steps they are brought about, each step one mutating call. Where AWS needs
// several calls for one resource, Desired asks for the next one only: it starts from what is observed and changes one aspect of it. What is
// added goes before what is taken away, so that rules and targets overlap while they change.
//
// All calls keep to Budgets, if the operator gives some. What changes of many gateways is told by sweeps of lists, not by looks at each;
// and a look at one takes from the last sweep what that has listed, where the engine says that it is young enough.
//
// It may import providers and the AWS SDK. It may not import Kubernetes, api, controllers, edgeproxy or another adapter.
package aws
