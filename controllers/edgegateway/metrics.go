package edgegateway

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// Metrics count what the controller does. A nil *Metrics counts nothing.
type Metrics struct {
	changes *prometheus.CounterVec
	errors  *prometheus.CounterVec
	probes  *prometheus.CounterVec
	calls   *prometheus.CounterVec
	waited  *prometheus.CounterVec
	gateway *prometheus.Desc
	reader  client.Reader
}

// NewMetrics registers the metrics. Gateways are read from reader at each scrape.
func NewMetrics(registry prometheus.Registerer, reader client.Reader) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "edgegateway", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		changes: counter("changes_applied_total", "Changes made outside the cluster.", "verb", "impact"),
		errors:  counter("provider_errors_total", "Rounds that a provider failed, by the error's class.", "class"),
		probes:  counter("probes_total", "Probes of the way in, by what they found.", "reason"),
		calls:   counter("cloud_api_calls_total", "Calls to clouds' APIs, by the error's code; Budget: it was not sent.", "service", "operation", "code"),
		waited:  counter("cloud_api_wait_seconds_total", "Time that calls to clouds' APIs waited for their turn.", "service"),
		gateway: prometheus.NewDesc("edgegateway_gateway_ready", "1 for an EdgeGateway whose condition Ready is true, else 0.",
			[]string{"namespace", "name", "class"}, nil),
		reader: reader,
	}
	return m, errors.Join(registry.Register(m.changes), registry.Register(m.errors), registry.Register(m.probes), registry.Register(m.calls),
		registry.Register(m.waited), registry.Register(m))
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- m.gateway }

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var gateways api.EdgeGatewayList
	if err := m.reader.List(ctx, &gateways); err != nil {
		return
	}
	for i := range gateways.Items {
		gateway := &gateways.Items[i]
		ready := 0.0
		if meta.IsStatusConditionTrue(gateway.Status.Conditions, api.ConditionReady) {
			ready = 1
		}
		metrics <- prometheus.MustNewConstMetric(m.gateway, prometheus.GaugeValue, ready, gateway.Namespace, gateway.Name, gateway.Status.ClassName)
	}
}

// round counts what a round did outside the cluster.
func (m *Metrics) round(out engine.Outcome) {
	if m == nil {
		return
	}
	for _, change := range out.Applied {
		m.changes.WithLabelValues(string(change.Verb), string(change.Impact)).Inc()
	}
	if out.Err != nil {
		m.errors.WithLabelValues(string(providers.ClassOf(out.Err))).Inc()
	}
}

// probe counts a probe.
func (m *Metrics) probe(v finding) {
	if m != nil {
		m.probes.WithLabelValues(v.reason).Inc()
	}
}

// Call counts a call to a cloud's API: how long it waited for its turn, and the code of its error, if any.
func (m *Metrics) Call(service, operation string, waited time.Duration, code string) {
	m.calls.WithLabelValues(service, operation, code).Inc()
	m.waited.WithLabelValues(service).Add(waited.Seconds())
}
