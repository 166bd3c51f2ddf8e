// Package peer compares the simulated AWS with moto, a simulator that others wrote: the same scenarios, made with the real SDK, are played in both,
// and what each step shows is compared. What both get wrong it can't find; what one of them gets wrong it shows, and known_test.go says who
// is right, and why. moto is the more careless of the two, so nearly all that is known is what moto does not model.
//
// It holds tests only.
package peer
