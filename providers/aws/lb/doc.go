// Package lb makes entrances in AWS: a Network Load Balancer with an Elastic IP a subnet, and what it needs.
//
// Targets are nodes by their ports, or pods by their addresses. A load balancer that is there may be adopted: it gets our mark, listeners and
// target groups, and keeps all else, for which others stay responsible, such as who its security groups let in.
//
// It decides which resources a gateway needs and in which steps they are brought about, each step one mutating call. Where AWS needs
// several calls for one resource, Desired asks for the next one only: it starts from what is observed and changes one aspect of it. What is
// added goes before what is taken away, so that rules and targets overlap while they change.
//
// What changes of many gateways is read by listing all of a region (ListChanges), not by an Observe of each; ObserveListed then takes from
// the last listing what that has read.
//
// It may import providers, providers/ratelimit, providers/aws and the AWS SDK.
package lb
