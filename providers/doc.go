// Package providers is the contract between the core and the clouds: what an adapter's author must implement ([Provider], and those of the
// optional interfaces that the cloud has an answer to), and the plain structs that pass through it ([Gateway], [Graph], [Change], [Status]).
//
// What is done with it is elsewhere: providers/plan decides, providers/engine acts, providers/records is the core of every DNS adapter, and
// providers/providertest says whether an adapter keeps the contract.
//
// It imports the standard library only. An adapter imports this package, providers/records, providers/ratelimit and its own SDK; it sees
// neither plan nor engine, neither Kubernetes nor the API types.
package providers
