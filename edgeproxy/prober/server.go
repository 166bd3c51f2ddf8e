package prober

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	probePath = "/v1/probe"

	maxBody              = 64 << 10
	bodyTimeout          = 10 * time.Second
	defaultDeadline      = 30 * time.Second
	defaultMaxConcurrent = 4
)

// ServerConfig says whom a vantage serves and where it looks.
type ServerConfig struct {
	// Token that clients must bear. With an empty one every request is refused.
	Token string
	// Allowed are private ranges (RFC 1918, RFC 6598, fc00::/7) that may be probed all the same.
	Allowed []netip.Prefix
	// Denied are further ranges that are refused: a cluster's pods and Services, for example.
	Denied []netip.Prefix
	// Options of the probes.
	Options Options
	// MaxConcurrent is how many requests are served at once; others get 503. 0 means 4.
	MaxConcurrent int
	// Deadline is how long a request may take. 0 means 30 s.
	Deadline time.Duration
}

type server struct {
	// open is false when there is no token to let anybody in by.
	open     bool
	token    [sha256.Size]byte
	options  Options
	slots    chan struct{}
	deadline time.Duration
}

// NewServer returns the vantage's API: POST /v1/probe takes a Request and answers a Result, and GET /healthz answers 200. A field of a
// request that this version does not know is refused: a probe that leaves out what was asked would say too much.
func NewServer(config ServerConfig) http.Handler {
	s := &server{open: config.Token != "", token: sha256.Sum256([]byte(config.Token)), options: config.Options, deadline: config.Deadline}
	s.options.Allowed = slices.Concat(s.options.Allowed, config.Allowed)
	s.options.Denied = slices.Concat(s.options.Denied, config.Denied)
	if s.deadline == 0 {
		s.deadline = defaultDeadline
	}
	slots := config.MaxConcurrent
	if slots <= 0 {
		slots = defaultMaxConcurrent
	}
	s.slots = make(chan struct{}, slots)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+probePath, s.probe)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux
}

func (s *server) probe(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r) {
		refuseClient(w)
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable, "this vantage serves as many requests as it may already")
		return
	}
	request, status, err := readRequest(w, r)
	if err != nil {
		fail(w, status, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.deadline)
	defer cancel()
	write(w, http.StatusOK, Probe(ctx, request, s.options))
}

// authorized compares hashes, so that neither the token's bytes nor its length show in the time that it takes.
func (s *server) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	hash := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(hash[:], s.token[:]) == 1 && s.open && strings.EqualFold(scheme, "Bearer")
}

func readRequest(w http.ResponseWriter, r *http.Request) (Request, int, error) {
	// A recorder of a test knows no deadline; the body's size is limited in any case.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = http.NewResponseController(w).SetReadDeadline(time.Time{}) }()
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	var request Request
	err := decoder.Decode(&request)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.Join(errors.New("there is more than one JSON value"), more)
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return Request{}, http.StatusRequestEntityTooLarge, fmt.Errorf("the request is larger than %d bytes", maxBody)
	case err != nil:
		return Request{}, http.StatusBadRequest, fmt.Errorf("reading the request: %w", err)
	}
	if err := request.validate(); err != nil {
		return Request{}, http.StatusBadRequest, err
	}
	return request, 0, nil
}

// problem is the body of every answer but 200.
type problem struct {
	Error string `json:"error"`
}

func refuseClient(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	fail(w, http.StatusUnauthorized, "the bearer token is not the one that this vantage wants")
}

func fail(w http.ResponseWriter, status int, message string) {
	write(w, status, problem{Error: message})
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A client that went away needs no answer.
	_ = json.NewEncoder(w).Encode(value)
}
