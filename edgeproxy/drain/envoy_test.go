package drain

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	realenvoy "github.com/edgegateway/edgegateway/test/envoy"
)

// proxy is a running Envoy with a listener for clients and one for health checks, as xds makes them.
type proxy struct {
	socket string
	// host is a loopback address of its own, whose ports no outgoing connection takes.
	host   string
	port   int
	health int
	exited chan struct{}
	cmd    *exec.Cmd
}

func (p *proxy) admin() string { return "unix:" + p.socket }

// config waits for a margin beside the balancer's interval × fall, as infra does: on a busy machine checks come late.
func (p *proxy) config() Config {
	return Config{
		Admin: p.admin(), LoadBalancerWait: checkInterval*checkFall + 1500*time.Millisecond, Timeout: 10 * time.Second, Poll: 200 * time.Millisecond,
	}
}

// terminate does what kubelet does after preStop.
func (p *proxy) terminate() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.exited
}

func startProxy(t *testing.T, dir string, backend int) *proxy {
	t.Helper()
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), 1+rand.IntN(250), 1+rand.IntN(250))
	p := &proxy{
		socket: filepath.Join(dir, "admin.sock"), host: host, port: freePort(t, host), health: freePort(t, host), exited: make(chan struct{}),
	}
	config := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(config, envoyConfig(p, backend), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(realenvoy.Find(t), "-c", config, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning",
		"--drain-strategy", "immediate", "--drain-time-s", "2")
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.exited) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if said, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("Envoy said: %s", said)
		}
	})
	for start := time.Now(); p.healthStatus() != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 15*time.Second {
			t.Fatal("Envoy did not become ready in 15 seconds")
		}
	}
	return p
}

// healthStatus asks as kubelet and load balancers do; 0 if there is no answer.
func (p *proxy) healthStatus() int {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(fmt.Sprintf("http://%s:%d/ready", p.host, p.health))
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func freePort(t *testing.T, host string) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

type tree = map[string]any

func envoyConfig(p *proxy, backend int) []byte {
	routes := tree{"name": "t", "virtual_hosts": []any{tree{
		"name": "all", "domains": []string{"*"},
		"routes": []any{tree{"match": tree{"prefix": "/"}, "route": tree{"cluster": "backend", "timeout": "0s"}}},
	}}}
	health := typed("envoy.filters.http.health_check", "envoy.extensions.filters.http.health_check.v3.HealthCheck", tree{
		"pass_through_mode": false,
		"headers":           []any{tree{"name": ":path", "string_match": tree{"exact": "/ready"}}},
	})
	router := typed("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", tree{})
	data, err := json.Marshal(tree{
		"admin": tree{"address": tree{"pipe": tree{"path": p.socket, "mode": 0o600}}},
		"static_resources": tree{
			"listeners": []any{
				listener("tcp-80", p.host, p.port, tree{"route_config": routes, "http_filters": []any{router}}),
				listener("ready", p.host, p.health, tree{"route_config": tree{"name": "r"}, "http_filters": []any{health, router}}),
			},
			"clusters": []any{tree{
				"name": "backend", "type": "STATIC", "connect_timeout": "2s",
				"load_assignment": tree{"cluster_name": "backend", "endpoints": []any{tree{"lb_endpoints": []any{
					tree{"endpoint": tree{"address": socketAddress("127.0.0.1", backend)}},
				}}}},
			}},
		},
	})
	if err != nil {
		panic(err)
	}
	return data
}

func listener(name, host string, port int, manager tree) tree {
	manager["stat_prefix"] = name
	filter := typed("envoy.filters.network.http_connection_manager",
		"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", manager)
	return tree{
		"name": name, "stat_prefix": name, "address": socketAddress(host, port), "enable_reuse_port": false,
		"filter_chains": []any{tree{"filters": []any{filter}}},
	}
}

func typed(name, kind string, config tree) tree {
	config["@type"] = "type.googleapis.com/" + kind
	return tree{"name": name, "typed_config": config}
}

func socketAddress(host string, port int) tree {
	return tree{"socket_address": tree{"address": host, "port_value": port}}
}

func portOf(t *testing.T, url string) int {
	t.Helper()
	var port int
	if _, err := fmt.Sscanf(url[strings.LastIndex(url, ":")+1:], "%d", &port); err != nil {
		t.Fatal(err)
	}
	return port
}
