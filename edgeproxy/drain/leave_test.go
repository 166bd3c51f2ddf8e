package drain

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestWaitFollowsTheAnswers plays answers by the second: a wait of 15 s while they are unknown, and of 300 s in all.
func TestWaitFollowsTheAnswers(t *testing.T) {
	type answered struct {
		second int
		state  State
	}
	cases := []struct {
		name    string
		answers []answered
		// over is the second of the answer that ends the wait; -1: none does.
		over   int
		inVain bool
	}{
		{"out at once", []answered{{0, Out}}, 0, false},
		{"out late", []answered{{0, Serving}, {20, Serving}, {40, Leaving}, {290, Leaving}, {299, Out}}, 299, false},
		{"unknown all the time", []answered{{0, Unknown}, {14, Unknown}, {15, Unknown}}, 15, false},
		{"states that are not known here", []answered{{0, "Sideways"}, {15, ""}}, 15, false},
		{"unknown for less than the wait", []answered{{0, Leaving}, {30, Leaving}, {31, Unknown}, {44, Unknown}, {45, Leaving}, {59, Unknown}}, -1, false},
		{"unknown for the wait", []answered{{0, Leaving}, {30, Leaving}, {31, Unknown}, {44, Unknown}, {45, Unknown}}, 45, false},
		{"the load balancer never lets go", []answered{{0, Leaving}, {299, Leaving}, {300, Leaving}}, 300, true},
		{"the load balancer never begins to let go", []answered{{0, Serving}, {300, Serving}}, 300, true},
		{"out at the very end", []answered{{0, Leaving}, {300, Out}}, 300, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			began := time.Unix(1_700_000_000, 0)
			w := newWait(Config{LoadBalancerWait: 15 * time.Second, LeaveTimeout: 300 * time.Second}, began)
			for _, s := range c.answers {
				over, err := w.observe(began.Add(time.Duration(s.second)*time.Second), Answer{State: s.state})
				if over != (s.second == c.over) {
					t.Fatalf("at %d s, at %q, over is %v", s.second, s.state, over)
				}
				if vain := errors.Is(err, ErrStillTarget); over && vain != c.inVain {
					t.Errorf("the wait ends with %v", err)
				}
			}
		})
	}
}

// operator gives its answers in turn, and then the last one again and again.
type operator struct {
	mu      sync.Mutex
	answers []string
	tokens  []string
	// before is called ahead of each answer.
	before func()
}

func (o *operator) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tokens = append(o.tokens, request.Header.Get("Authorization"))
	if o.before != nil {
		o.before()
	}
	answer := o.answers[0]
	o.answers = o.answers[min(1, len(o.answers)-1):]
	if target, isRedirect := strings.CutPrefix(answer, "to "); isRedirect {
		http.Redirect(w, request, target, http.StatusFound)
		return
	}
	if answer == "fail" {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintf(w, `{"state":%q}`, answer)
}

func (o *operator) asked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.tokens)
}

// startOperator returns an Envoy that is idle, and a drain of it that asks o.
func startOperator(t *testing.T, o *operator) (*recorder, Config) {
	t.Helper()
	server := httptest.NewTLSServer(o)
	t.Cleanup(server.Close)
	envoy := &recorder{stats: []string{idle}}
	config := startRecorder(t, envoy)
	dir := t.TempDir()
	config.Operator = Operator{URL: server.URL, CAFile: filepath.Join(dir, "ca.crt"), TokenFile: filepath.Join(dir, "token")}
	write(t, config.Operator.CAFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, config.Operator.TokenFile, "first\n")
	config.Ask, config.LeaveTimeout, config.LoadBalancerWait = 10*time.Millisecond, time.Hour, time.Hour
	return envoy, config
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}

// TestDrainWaitsForTheOperatorsAnswer: the health check fails before the first question, and listeners drain after the last answer. The token is
// shown as it is then.
func TestDrainWaitsForTheOperatorsAnswer(t *testing.T) {
	o := &operator{answers: []string{"Serving", "fail", "Leaving", "Out"}}
	envoy, config := startOperator(t, o)
	var calls [][]string
	o.before = func() {
		envoy.mu.Lock()
		defer envoy.mu.Unlock()
		calls = append(calls, slices.Clone(envoy.calls))
		write(t, config.Operator.TokenFile, "second")
	}
	if err := Drain(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 4 || strings.Join(calls[0], ",") != "POST /healthcheck/fail" || strings.Join(calls[3], ",") != "POST /healthcheck/fail" {
		t.Errorf("before the questions to the operator, Envoy had been asked %q", calls)
	}
	if envoy.calls[1] != "POST /drain_listeners" {
		t.Errorf("Envoy was asked %q", envoy.calls)
	}
	if want := []string{"Bearer first", "Bearer second", "Bearer second", "Bearer second"}; !slices.Equal(o.tokens, want) {
		t.Errorf("the operator was shown %q, want %q", o.tokens, want)
	}
}

func TestDrainAsksOnceIfTheLoadBalancerIsOut(t *testing.T) {
	o := &operator{answers: []string{"Out"}}
	_, config := startOperator(t, o)
	if err := Drain(t.Context(), config); err != nil || o.asked() != 1 {
		t.Errorf("asked %d times: %v", o.asked(), err)
	}
}

// TestListenersDrainAfterLeaveTimeout: a load balancer that never lets go is given up, and listeners drain nevertheless.
func TestListenersDrainAfterLeaveTimeout(t *testing.T) {
	envoy, config := startOperator(t, &operator{answers: []string{"Leaving"}})
	config.Ask, config.LeaveTimeout = 7*time.Second, 5*time.Minute
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := Drain(t.Context(), config); !errors.Is(err, ErrStillTarget) {
			t.Errorf("Drain: %v, want ErrStillTarget", err)
		}
		if took, want := time.Since(began), config.LeaveTimeout+config.Poll; took != want {
			t.Errorf("it took %s, want %s", took, want)
		}
	})
	if !slices.Contains(envoy.calls, "POST /drain_listeners") {
		t.Errorf("Envoy was asked %q", envoy.calls)
	}
}

func TestWaitForTheOperatorEndsWithItsContext(t *testing.T) {
	_, config := startOperator(t, &operator{answers: []string{"Leaving"}})
	config.Ask = 7 * time.Second
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := Drain(ctx, config); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain: %v", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %s, want a minute", took)
		}
	})
}

func unrelatedCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestDrainWaitsForTheHealthCheckWithoutAnOperator: however the question fails, the wait is the load balancer's own, and the token is shown
// to no other server.
func TestDrainWaitsForTheHealthCheckWithoutAnOperator(t *testing.T) {
	other := &operator{answers: []string{"Out"}}
	elsewhere := httptest.NewTLSServer(other)
	defer elsewhere.Close()
	plain := httptest.NewServer(other)
	defer plain.Close()
	cases := []struct {
		name    string
		answers string
		spoil   func(*testing.T, *Config)
	}{
		{"it is not there", "Out", func(_ *testing.T, c *Config) { c.Operator.URL = "https://127.0.0.1:1/" }},
		{"it fails", "fail", func(*testing.T, *Config) {}},
		{"it does not know", "Unknown", func(*testing.T, *Config) {}},
		{"another has its address", "Out", func(t *testing.T, c *Config) {
			write(t, c.Operator.CAFile, unrelatedCA(t))
		}},
		{"it sends elsewhere", "to " + elsewhere.URL, func(*testing.T, *Config) {}},
		{"it is asked in the open", "Out", func(_ *testing.T, c *Config) { c.Operator.URL = plain.URL }},
		{"there is no token", "Out", func(t *testing.T, c *Config) { _ = os.Remove(c.Operator.TokenFile) }},
		{"the bundle is empty", "Out", func(t *testing.T, c *Config) { write(t, c.Operator.CAFile, "") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, config := startOperator(t, &operator{answers: []string{c.answers}})
			c.spoil(t, &config)
			config.Ask, config.LoadBalancerWait = 5*time.Second, 30*time.Second
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				if err := Drain(t.Context(), config); err != nil {
					t.Errorf("Drain: %v", err)
				}
				if took, want := time.Since(began), config.LoadBalancerWait+config.Poll; took != want {
					t.Errorf("it took %s, want %s", took, want)
				}
			})
		})
	}
	if other.asked() > 0 {
		t.Errorf("another server was shown %q", other.tokens)
	}
}
