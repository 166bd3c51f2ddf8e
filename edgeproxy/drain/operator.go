package drain

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
	"os"
)

// maxWord is more than the operator has to say.
const maxWord = 64 << 10

// Operator is whom a proxy asks.
type Operator struct {
	// URL that answers with an Answer.
	URL string
	// CAFile has the certificates by which the operator is known, and TokenFile the token by which it knows the proxy. Both are read at
	// each question, since both are replaced from time to time.
	CAFile, TokenFile string
}

// ask asks once. Each question is a connection of its own, so that a replica which is gone or late is not asked again.
func (o Operator) ask(ctx context.Context) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := o.request(ctx)
	if err != nil {
		return Answer{}, fmt.Errorf("asking the operator: %w", err)
	}
	roots, err := o.roots()
	if err != nil {
		return Answer{}, fmt.Errorf("asking the operator: %w", err)
	}
	client := &http.Client{
		// No proxy of the environment's: the operator is in the cluster.
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		// The token is for the operator alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("asking the operator: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Answer{}, fmt.Errorf("asking the operator: it answers %s", response.Status)
	}
	var answer Answer
	if err := json.NewDecoder(io.LimitReader(response.Body, maxWord)).Decode(&answer); err != nil {
		return Answer{}, fmt.Errorf("reading the operator's answer: %w", err)
	}
	return answer, nil
}

func (o Operator) request(ctx context.Context) (*http.Request, error) {
	token, err := os.ReadFile(o.TokenFile)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL, nil)
	if err != nil {
		return nil, err
	}
	if request.URL.Scheme != "https" {
		return nil, errors.New("its URL is not https: the token would be shown to anyone")
	}
	request.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
	return request, nil
}

func (o Operator) roots() (*x509.CertPool, error) {
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", o.CAFile)
	}
	return roots, nil
}
