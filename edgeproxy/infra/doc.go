// Package infra decides what runs for one EdgeGateway: the bundled proxy's ServiceAccount, ConfigMap, Deployment, Service,
// PodDisruptionBudget and, on request, HorizontalPodAutoscaler. It is pure: no client, no clock. It sees api, ir and Kubernetes'
// types.
//
// A proxy leaves in this order: preStop fails the health check, waits until the load balancer must have noticed or, where it sends straight
// to pods, until the operator says that it has let go, then until the connections have ended, and only then does Envoy get SIGTERM. Nothing may
// cut that short, so readiness fails later than the load balancer notices (kube-proxy drops what comes to a node without a serving pod), and
// the grace period is longer than all of it. Where the load balancer sends to pods, a new one is ready only once it is served. The
// drain is an exec in Envoy's own container, of a binary that an init container puts there: no port is open that could start it, and
// Envoy's admin interface is a Unix socket, which no route can name as a backend.
package infra
