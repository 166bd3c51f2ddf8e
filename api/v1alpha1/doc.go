// Package v1alpha1 is the API of EdgeGateway: what a user writes and what the operator answers, with validation that is checked
// at admission. It is a leaf: it imports apimachinery, k8s.io/api and Gateway API's types, and nothing of ours.
//
// +kubebuilder:object:generate=true
// +groupName=edgegateway.dev
package v1alpha1
