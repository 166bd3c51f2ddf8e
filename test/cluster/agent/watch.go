package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// retryAfter is the pause before a lost watch is begun again.
const retryAfter = time.Second

// api reads Kubernetes by plain HTTP: a client library would be most of this program.
type api struct {
	url, token string
	client     *http.Client
}

// newAPI finds ca.crt and admin.token in dir.
func newAPI(url, dir string) (*api, error) {
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("reading the API's CA: %w", err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "admin.token"))
	if err != nil {
		return nil, fmt.Errorf("reading the API's token: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	return &api{url: url, token: strings.TrimSpace(string(token)), client: &http.Client{Transport: transport}}, nil
}

func (a *api) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return nil, fmt.Errorf("making a request for %s: %w", path, err)
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := a.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("getting %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("getting %s: %s", path, response.Status)
	}
	return response, nil
}

// object is any Kubernetes object: its identity decoded, the rest not yet.
type object struct {
	Metadata metadata `json:"metadata"`
	raw      json.RawMessage
}

type metadata struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	Labels          map[string]string `json:"labels"`
	ResourceVersion string            `json:"resourceVersion"`
}

func (o *object) UnmarshalJSON(data []byte) error {
	var head struct {
		Metadata metadata `json:"metadata"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("reading an object: %w", err)
	}
	o.Metadata, o.raw = head.Metadata, append(json.RawMessage(nil), data...)
	return nil
}

// observer is told of a whole list first and of each change after it.
type observer interface {
	replace([]object)
	change(kind string, o object)
}

// follow lists and watches path for ever.
func (a *api) follow(ctx context.Context, path string, to observer) {
	for ctx.Err() == nil {
		if err := a.listAndWatch(ctx, path, to); err != nil {
			fmt.Fprintln(os.Stderr, "agent:", err)
		}
		time.Sleep(retryAfter)
	}
}

func (a *api) listAndWatch(ctx context.Context, path string, to observer) error {
	response, err := a.get(ctx, path)
	if err != nil {
		return err
	}
	var list struct {
		Metadata metadata `json:"metadata"`
		Items    []object `json:"items"`
	}
	err = json.NewDecoder(response.Body).Decode(&list)
	_ = response.Body.Close()
	if err != nil {
		return fmt.Errorf("reading the list of %s: %w", path, err)
	}
	to.replace(list.Items)

	response, err = a.get(ctx, path+"?watch=1&resourceVersion="+list.Metadata.ResourceVersion)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	events := json.NewDecoder(response.Body)
	for {
		var event struct {
			Type   string `json:"type"`
			Object object `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return fmt.Errorf("watching %s: %w", path, err)
		}
		if event.Type == "ERROR" {
			return fmt.Errorf("watching %s: %s", path, event.Object.raw)
		}
		to.change(event.Type, event.Object)
	}
}
