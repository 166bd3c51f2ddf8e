// Package e2e tests the whole product on one real cluster, which TestMain starts through test/cluster and all tests share. Nothing in it is
// simulated by us.
//
// The cluster needs root on Linux. Elsewhere, and with -short, every test skips and TestMain says so, loudly. The first start builds
// Kubernetes, so run it with -timeout 40m. With E2E_KUBECONFIG set, the tests of the API run on that cluster instead, with the kubectl
// and helm in PATH.
package e2e
