package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// api is the little of a Kubernetes client that a start needs.
type api struct {
	url, token string
	client     *http.Client
}

// newAPI is the administrator, dialing from the node.
func (c *Cluster) newAPI() (*api, error) {
	ca, err := os.ReadFile(filepath.Join(c.identityDir(), "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("reading the API's CA: %w", err)
	}
	token, err := os.ReadFile(filepath.Join(c.identityDir(), "admin.token"))
	if err != nil {
		return nil, fmt.Errorf("reading the API's token: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: c.Host(NodeHost).DialContext,
	}
	url := "https://" + NodeAddress + ":" + apiPort
	return &api{url: url, token: string(token), client: &http.Client{Transport: transport}}, nil
}

// get decodes into value unless it is nil.
func (a *api) get(ctx context.Context, path string, value any) error {
	return a.do(ctx, http.MethodGet, path, nil, value)
}

func (a *api) post(ctx context.Context, path string, body any) error {
	return a.do(ctx, http.MethodPost, path, body, nil)
}

func (a *api) do(ctx context.Context, method, path string, body, value any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding for %s: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("making a request for %s: %w", path, err)
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return fmt.Errorf("asking the API for %s: %w", path, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the API's answer for %s: %w", path, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("asking the API for %s: %s: %s", path, response.Status, answer)
	}
	if value == nil {
		return nil
	}
	if err := json.Unmarshal(answer, value); err != nil {
		return fmt.Errorf("decoding %s: %w", path, err)
	}
	return nil
}

// nodeReady reports whether pods may be scheduled, and their service account exists.
func (a *api) nodeReady(ctx context.Context) bool {
	var node struct {
		Spec struct {
			Taints []json.RawMessage `json:"taints"`
		} `json:"spec"`
		Status struct {
			Conditions []struct {
				Type, Status string
			} `json:"conditions"`
		} `json:"status"`
	}
	if a.get(ctx, "/api/v1/nodes/"+nodeName, &node) != nil || len(node.Spec.Taints) > 0 {
		return false
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" && condition.Status == "True" {
			return a.get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil) == nil
		}
	}
	return false
}
