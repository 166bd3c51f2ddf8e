// Package manual provides an entrance in a private data centre, where an ops team runs the load balancer.
//
// It decides what that team must build (the sheet), renders it as data, as configuration for HAProxy and nginx and as a page for a
// ticket (the hand-off), and checks the team's answer (the ack). It never reads or writes a load balancer: its cloud is a
// ConfigMap in the EdgeGateway's namespace.
//
// It may import providers and, for that ConfigMap alone, controller-runtime's client and the Kubernetes API types. It may not
// import api, controllers, edgeproxy or another adapter.
package manual
