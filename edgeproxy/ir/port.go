package ir

// The proxy's pod keeps FirstOwnPort to LastOwnPort for itself: its admin interface, readiness, health and metrics. No listener of a
// gateway may have one of them.
const (
	FirstOwnPort int32 = 19000
	LastOwnPort  int32 = 19009
	// ReadyPort answers kubelet on ReadyPath: 200 or, while the proxy drains, 503.
	ReadyPort int32 = 19001
	// StatsPort serves metrics on StatsPath.
	StatsPort int32 = 19002
	// HealthPort answers load balancers on HealthPath as ReadyPort answers kubelet, and counts their checks only.
	HealthPort int32 = 19003
)

// privileged is the first port that a process without privileges may bind.
const privileged int32 = 1024

// BindPort returns the port that the proxy's pod binds for a port of a listener: 10000 more below 1024, else the same. Two ports can
// share a BindPort (80 and 10080); translate refuses the one that is not privileged.
func BindPort(port int32) int32 {
	if port < privileged {
		return 10000 + port
	}
	return port
}

// OwnPort reports whether the proxy's pod keeps a port for itself.
func OwnPort(port int32) bool { return port >= FirstOwnPort && port <= LastOwnPort }

// Where the proxy says whether it takes traffic, to kubelet and to load balancers, and what it counts.
const (
	ReadyPath  = "/ready"
	HealthPath = "/ready"
	StatsPath  = "/stats/prometheus"
)
