package stats

import (
	"strings"
	"testing"
)

// answer is what an Envoy 1.40 said to wanted, of which only the numbers are made up.
const answer = `# TYPE envoy_http_downstream_cx_protocol_error counter
envoy_http_downstream_cx_protocol_error{envoy_http_conn_manager_prefix="health"} 3
envoy_http_downstream_cx_protocol_error{envoy_http_conn_manager_prefix="ready"} 50
envoy_http_downstream_cx_protocol_error{envoy_http_conn_manager_prefix="stats"} 60
envoy_http_downstream_cx_protocol_error{envoy_http_conn_manager_prefix="tcp-80"} 4
envoy_http_downstream_cx_total{envoy_http_conn_manager_prefix="health"} 14
envoy_http_health_check_request_total{envoy_http_conn_manager_prefix="health"} 7
envoy_http_no_route{envoy_http_conn_manager_prefix="health"} 2
# TYPE envoy_listener_no_filter_chain_match counter
envoy_listener_no_filter_chain_match{envoy_listener_address="tcp-443"} 5
envoy_proxy_proto_not_found_disallowed{envoy_proxy_protocol_prefix="tcp-80"} 8
envoy_proxy_proto_not_found_disallowed{envoy_proxy_protocol_prefix="tcp-443"} 1
# TYPE envoy_listener_manager_total_listeners_active gauge
envoy_listener_manager_total_listeners_active{} 5
`

func TestCountersByListener(t *testing.T) {
	got, err := parse(strings.NewReader(answer))
	want := Counters{Checks: 7, Astray: 2, Connections: 14, Garbled: 3, Headerless: 9, Foreign: 9}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestForeignAnswerIsAnError(t *testing.T) {
	for _, text := range []string{"", "<html>hello</html>\n", "envoy_http_no_route{envoy_http_conn_manager_prefix=\"health\"} 2\n", strings.Repeat("x", 1<<17)} {
		if got, err := parse(strings.NewReader(text)); err == nil {
			t.Errorf("%.40q was read as %+v", text, got)
		}
	}
}

func TestSinceAfterARestart(t *testing.T) {
	before := Counters{Checks: 100, Astray: 5, Connections: 110}
	got := Counters{Checks: 3, Astray: 5, Connections: 4}.Since(before)
	if want := (Counters{Checks: 3, Connections: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
