package prober

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer     = 1 << 20
	clientTimeout = 45 * time.Second
)

// Client asks a vantage.
type Client struct {
	// URL of the vantage, without the API's path: "https://vantage.example.com:8443". It must be https: the token is a secret.
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

// Probe has the vantage look at what request names. It takes 45 s at most, or less if ctx says so. Every error is an *UnavailableError,
// and none contains the token.
func (c *Client) Probe(ctx context.Context, request Request) (Result, error) {
	result, err := c.probe(ctx, request)
	if err != nil {
		return Result{}, &UnavailableError{URL: c.URL, Err: err}
	}
	return result, nil
}

func (c *Client) probe(ctx context.Context, request Request) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	client, err := c.httpClient()
	if err != nil {
		return Result{}, err
	}
	defer client.CloseIdleConnections()
	body, err := json.Marshal(request)
	if err != nil {
		return Result{}, fmt.Errorf("writing the request: %w", err)
	}
	question, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+probePath, bytes.NewReader(body))
	if err != nil {
		return Result{}, err
	}
	question.Header.Set("Authorization", "Bearer "+c.Token)
	question.Header.Set("Content-Type", "application/json")
	response, err := client.Do(question)
	if err != nil {
		return Result{}, withoutURL(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Result{}, fmt.Errorf("reading the answer: %w", err)
	}
	return readResult(response.StatusCode, answer, request)
}

func (c *Client) httpClient() (*http.Client, error) {
	if at, err := url.Parse(c.URL); err != nil || at.Scheme != "https" || at.Host == "" || at.User != nil {
		return nil, errors.New("its URL must be https://host[:port]")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(c.CA) {
			return nil, errors.New("its CA has no certificate in PEM")
		}
	}
	return &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true},
		// A vantage does not redirect, and the token goes nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// withoutURL takes off what UnavailableError says already.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func readResult(status int, answer []byte, request Request) (Result, error) {
	if status != http.StatusOK {
		var said problem
		if json.Unmarshal(answer, &said) != nil || said.Error == "" {
			return Result{}, fmt.Errorf("it answered status %d, as no vantage does", status)
		}
		return Result{}, fmt.Errorf("it answered status %d: %s", status, printable(said.Error))
	}
	var result Result
	if err := json.Unmarshal(answer, &result); err != nil {
		return Result{}, fmt.Errorf("reading the answer: %w", err)
	}
	if got, want := len(result.Findings), len(request.Names)+len(request.Doors); got != want {
		return Result{}, fmt.Errorf("it answered %d findings to %d questions", got, want)
	}
	return result, nil
}
