package providers

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Class of an error: what to do about it. An adapter decides it once, by code table, at its SDK's border.
type Class string

// The classes.
const (
	// Transient: try again later. It is the class of every error that has none.
	Transient Class = "Transient"
	// Throttled: try again after the time that the error says. What was asked for has not been done.
	Throttled Class = "Throttled"
	// Denied: credentials, permission, quota or a foreign owner; a person must act outside the cluster.
	Denied Class = "Denied"
	// Invalid: terminal until the resource is edited.
	Invalid Class = "Invalid"
)

// Error is a classed error.
type Error struct {
	Class Class
	// Reason is a CamelCase word for a condition, such as QuotaExceeded. Empty: the class.
	Reason string
	// Field of the EdgeGateway or EdgeGatewayClass that it is about, such as "spec.addresses[0]". May be empty.
	Field string
	// After is when to try again, for Throttled and, where the provider knows, for Transient.
	After time.Duration
	Err   error
}

// Error says the field, if any, and the cause; without a cause, the reason or the class.
func (e *Error) Error() string {
	cause := cmp.Or(e.Reason, string(e.Class))
	if e.Err != nil {
		cause = e.Err.Error()
	}
	if e.Field != "" {
		return e.Field + ": " + cause
	}
	return cause
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of the first classed error in err's tree, or Transient. It returns "" for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	var classed *Error
	if errors.As(err, &classed) {
		return classed.Class
	}
	return Transient
}

// Invalidf returns an Invalid error about a field.
func Invalidf(field, format string, args ...any) error {
	return &Error{Class: Invalid, Reason: "InvalidSpec", Field: field, Err: fmt.Errorf(format, args...)}
}
