package drain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	callTimeout = 3 * time.Second
	maxAnswer   = 8 << 20
	// ownListener is one that every Envoy has: numbers without it are not all numbers.
	ownListener = "admin"
)

// ownListeners are the proxy's own, by the names in their statistics: their connections are not waited for.
var ownListeners = []string{ownListener, "ready", "health", "stats"}

// connectionStats selects the connections of each listener, and not of its workers.
const connectionStats = `^listener\.[^.]*\.downstream_cx_(active|total)$`

// admin speaks to Envoy's admin interface.
type admin struct {
	client *http.Client
	base   string
}

func newAdmin(address string) (*admin, error) {
	path, isSocket := strings.CutPrefix(address, "unix:")
	if !isSocket {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("reading the admin interface's address: %w", err)
		}
		return &admin{base: "http://" + address, client: &http.Client{Timeout: callTimeout}}, nil
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	client := &http.Client{Timeout: callTimeout, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	return &admin{base: "http://envoy", client: client}, nil
}

func (a *admin) post(ctx context.Context, path string) error {
	_, err := a.call(ctx, http.MethodPost, path)
	return err
}

func (a *admin) call(ctx context.Context, method, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, nil)
	if err != nil {
		return "", fmt.Errorf("asking Envoy: %w", err)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("asking Envoy: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("reading Envoy's answer to %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking Envoy for %s: %s", path, response.Status)
	}
	return string(body), nil
}

// traffic is how many client connections are open now, and how many have ever been.
type traffic struct{ active, total int64 }

// traffic adds up all listeners but the proxy's own. It is an error if the statistics are not there, so that a filter on statistics isn't taken for an
// idle proxy.
func (a *admin) traffic(ctx context.Context) (traffic, error) {
	text, err := a.call(ctx, http.MethodGet, "/stats?filter="+url.QueryEscape(connectionStats))
	if err != nil {
		return traffic{}, err
	}
	return readTraffic(text)
}

func readTraffic(text string) (traffic, error) {
	var sum traffic
	complete := false
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, number, found := strings.Cut(lines.Text(), ": ")
		parts := strings.Split(name, ".")
		if !found || len(parts) != 3 {
			continue
		}
		value, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil {
			return traffic{}, fmt.Errorf("reading Envoy's statistic %s: %w", name, err)
		}
		complete = complete || parts[1] == ownListener
		if slices.Contains(ownListeners, parts[1]) {
			continue
		}
		if parts[2] == "downstream_cx_active" {
			sum.active += value
		} else {
			sum.total += value
		}
	}
	if !complete {
		return traffic{}, errors.New("reading Envoy's statistics: those of connections are not among them")
	}
	return sum, nil
}
