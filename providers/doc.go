// Package providers is the waist between the core and the clouds: the contract that an adapter fulfils (Provider), the plain
// structs that pass through it (Gateway, Graph, Status), and the engine, written once, that turns wanted and observed
// resources into ordered changes (Diff, Apply), says beforehand what will happen (Predict, Render) and afterwards what it
// means (Assess, Settled), remembers where to look (Extend, Shrink), and joins a load balancer's provider with DNS (Split).
//
// It imports the standard library only. An adapter imports this package and its own SDK; it sees neither Kubernetes
// nor the API types.
package providers
