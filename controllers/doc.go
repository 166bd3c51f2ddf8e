// Package controllers wires the operator together: it makes the manager, and hands the controllers, which don't know each other, what they
// need of one another.
package controllers
