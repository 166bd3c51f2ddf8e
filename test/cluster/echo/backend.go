package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// fetchTime is how long a pod waits for another server.
const fetchTime = 5 * time.Second

// answer is what the backend says of a request.
type answer struct {
	Pod        string      `json:"pod"`
	Namespace  string      `json:"namespace"`
	Method     string      `json:"method"`
	Host       string      `json:"host"`
	Path       string      `json:"path"`
	Proto      string      `json:"proto"`
	Headers    http.Header `json:"headers"`
	RemoteAddr string      `json:"remoteAddr"`
}

type backend struct {
	pod, namespace string
	draining       atomic.Bool
}

func newBackend() *backend {
	pod := os.Getenv("POD_NAME")
	if pod == "" {
		pod, _ = os.Hostname()
	}
	return &backend{pod: pod, namespace: os.Getenv("POD_NAMESPACE")}
}

func (b *backend) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/ready", b.ready)
	mux.HandleFunc("/status/{code}", b.status)
	mux.HandleFunc("/lookup", lookup)
	mux.HandleFunc("/fetch", fetch)
	mux.HandleFunc("/", b.echo)
	return mux
}

func (b *backend) ready(w http.ResponseWriter, _ *http.Request) {
	if b.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
	}
}

func (b *backend) status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		http.Error(w, "a status is a number from 200 to 599", http.StatusBadRequest)
		return
	}
	b.write(w, r, code)
}

func (b *backend) echo(w http.ResponseWriter, r *http.Request) {
	if value := r.URL.Query().Get("delay"); value != "" {
		delay, err := time.ParseDuration(value)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
	}
	b.write(w, r, http.StatusOK)
}

func (b *backend) write(w http.ResponseWriter, r *http.Request, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if code == http.StatusNoContent || code == http.StatusNotModified {
		return
	}
	// The client may have gone: there is no one left to tell.
	_ = json.NewEncoder(w).Encode(answer{
		Pod: b.pod, Namespace: b.namespace, Method: r.Method, Host: r.Host, Path: r.URL.RequestURI(),
		Proto: r.Proto, Headers: r.Header, RemoteAddr: r.RemoteAddr,
	})
}

func lookup(w http.ResponseWriter, r *http.Request) {
	addresses, err := net.DefaultResolver.LookupHost(r.Context(), r.URL.Query().Get("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(addresses)
}

// fetch passes on what this pod gets from a URL.
func fetch(w http.ResponseWriter, r *http.Request) {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.Query().Get("url"), nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	client := &http.Client{Timeout: fetchTime, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }()
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}
