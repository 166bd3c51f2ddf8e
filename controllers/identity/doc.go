// Package identity says who is who between the operator and its proxies: a certificate authority of the operator's own, by which a proxy
// knows the operator, and a check of ServiceAccount tokens, by which the operator knows a proxy.
//
// The authority lives in one Secret in the operator's namespace. Every replica reads it and issues a certificate to itself, in memory.
// When to make, add, drop and sign is decided by pure functions of the Secret's content and the time (authority.go); keeper.go does what
// they say. It imports no other controller; what it knows of proxies is their ServiceAccount's name.
package identity
