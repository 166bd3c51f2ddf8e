// Package stats reads what a proxy counts of those who come to it: load balancers' health checks, and connections that the two do not
// agree on. It sees ir and the standard library only, and decides nothing.
package stats

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Counters are what a proxy has counted since it started.
type Counters struct {
	// Checks are the requests for ir.HealthPath at the health listener, whatever the answer; Astray those for another path, which are answered 404.
	Checks, Astray int64
	// Connections at the health listener, and those of them that spoke no HTTP.
	Connections, Garbled int64
	// Headerless are connections of clients without the PROXY protocol header that their listener expects; Foreign are those that began with
	// neither HTTP nor TLS where that was expected, as a PROXY protocol header is.
	Headerless, Foreign int64
}

// Since returns what was counted after before. A counter that went back belongs to a proxy that restarted.
func (c Counters) Since(before Counters) Counters {
	more := func(now, before int64) int64 {
		if now < before {
			return now
		}
		return now - before
	}
	return Counters{
		Checks: more(c.Checks, before.Checks), Astray: more(c.Astray, before.Astray),
		Connections: more(c.Connections, before.Connections), Garbled: more(c.Garbled, before.Garbled),
		Headerless: more(c.Headerless, before.Headerless), Foreign: more(c.Foreign, before.Foreign),
	}
}

// wanted are the statistics to ask for, by Envoy's names: a proxy with thousands of clusters has hundreds of thousands.
const wanted = `^(http\.health\.(health_check\.request_total|no_route|downstream_cx_total)|http\.[^.]*\.downstream_cx_protocol_error` +
	`|proxy_proto\.[^.]*\.not_found_disallowed|listener\.[^.]*\.no_filter_chain_match|listener_manager\.total_listeners_active)$`

const (
	// own are the proxy's listeners that no client comes to, beside health.
	health, ready, own = "health", "ready", "stats"
	// always is there in every Envoy: an answer without it is not an Envoy's.
	always = "envoy_listener_manager_total_listeners_active"

	maxAnswer = 1 << 20
)

// Read asks the proxy at a pod's address.
func Read(ctx context.Context, client *http.Client, pod netip.Addr) (Counters, error) {
	address := url.URL{
		Scheme: "http", Host: netip.AddrPortFrom(pod, uint16(ir.StatsPort)).String(), Path: ir.StatsPath,
		RawQuery: url.Values{"filter": {wanted}}.Encode(),
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return Counters{}, fmt.Errorf("asking the proxy at %s: %w", pod, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Counters{}, fmt.Errorf("asking the proxy at %s: %w", pod, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Counters{}, fmt.Errorf("asking the proxy at %s: %s", pod, response.Status)
	}
	return parse(io.LimitReader(response.Body, maxAnswer))
}

// parse reads Prometheus' text.
func parse(text io.Reader) (Counters, error) {
	var counted Counters
	complete := false
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		name, labels, value, ok := sample(lines.Text())
		if !ok {
			continue
		}
		complete = complete || name == always
		listener := labels["envoy_http_conn_manager_prefix"]
		switch name {
		case "envoy_http_health_check_request_total":
			counted.Checks += value
		case "envoy_http_no_route":
			counted.Astray += value
		case "envoy_http_downstream_cx_total":
			counted.Connections += value
		case "envoy_proxy_proto_not_found_disallowed":
			counted.Headerless += value
		case "envoy_listener_no_filter_chain_match":
			counted.Foreign += value
		case "envoy_http_downstream_cx_protocol_error":
			switch listener {
			case health:
				counted.Garbled += value
			case ready, own:
			default:
				counted.Foreign += value
			}
		}
	}
	if err := lines.Err(); err != nil {
		return Counters{}, fmt.Errorf("reading a proxy's statistics: %w", err)
	}
	if !complete {
		return Counters{}, fmt.Errorf("reading a proxy's statistics: %s is not among them", always)
	}
	return counted, nil
}

// sample splits a line such as `name{label="value"} 1`. Envoy's own names, which are the values here, hold no quotes, commas or braces.
func sample(line string) (name string, labels map[string]string, value int64, ok bool) {
	head, number, found := strings.Cut(line, "} ")
	name, list, hasLabels := strings.Cut(head, "{")
	if !found || !hasLabels || strings.HasPrefix(line, "#") {
		return "", nil, 0, false
	}
	value, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil {
		return "", nil, 0, false
	}
	labels = map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if key, quoted, found := strings.Cut(pair, "="); found {
			labels[key] = strings.Trim(quoted, `"`)
		}
	}
	return name, labels, value, true
}
