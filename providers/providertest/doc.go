// Package providertest is the conformance suite that every adapter of package providers runs against a simulator of its cloud: Run
// with a Harness. It drives the engine the way the controller does (Driver), with a fault at every call.
//
// It imports the standard library and package providers only.
package providertest
