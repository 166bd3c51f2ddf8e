package vantage

import (
	"context"
	"errors"
)

// Client asks a vantage.
type Client struct {
	// URL of the vantage, without the API's path: "https://vantage.example.com:9443".
	URL string
	// Token that the vantage wants to see.
	Token string
	// CA certificates (PEM) that may sign the vantage's certificate. Nil: those of the system.
	CA []byte
}

// UnavailableError says that a vantage could not be asked, and so nothing about the gateway.
type UnavailableError struct {
	URL string
	Err error
}

// Error names the vantage and what was wrong with it.
func (e *UnavailableError) Error() string { return "asking vantage " + e.URL + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Probe has the vantage look at what request names. Every error is an *UnavailableError.
func (c *Client) Probe(ctx context.Context, request Request) (Result, error) {
	return Result{}, &UnavailableError{URL: c.URL, Err: errors.New("not written yet")}
}
