package translate

import (
	"reflect"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const someSlices = `kind: EndpointSlice
metadata: {namespace: shop, name: ours, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: dns, port: 53, protocol: UDP}, {name: main, port: 8080}]
endpoints: [{addresses: [10.0.0.2, 10.0.0.1]}]
---
kind: EndpointSlice
metadata: {namespace: shop, name: theirs, labels: {kubernetes.io/service-name: api}}
addressType: IPv4
ports: [{name: main, port: 8080}]
endpoints: [{addresses: [10.0.0.3]}]
---
kind: EndpointSlice
metadata: {namespace: blog, name: foreign, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: main, port: 8080}]
endpoints: [{addresses: [10.0.0.4]}]
---
kind: EndpointSlice
metadata: {namespace: shop, name: names, labels: {kubernetes.io/service-name: web}}
addressType: FQDN
ports: [{name: main, port: 8080}]
endpoints: [{addresses: [metadata.internal]}]
---
kind: EndpointSlice
metadata: {namespace: shop, name: other-port, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: other, port: 9090}]
endpoints: [{addresses: [10.0.0.5]}]`

func TestEndpointsAreThoseOfTheServiceAndPort(t *testing.T) {
	all := readManifests(t, someSlices).EndpointSlices
	backend := Backend{Namespace: "shop", Service: "web", PortName: "main", Family: discoveryv1.AddressTypeIPv4, Cluster: ir.Cluster{Name: "c"}}
	got := Endpoints(backend, all)
	want := ir.Endpoints{Cluster: "c", Addresses: []ir.Endpoint{{Address: "10.0.0.2", Port: 8080}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	backend.PortName = "dns"
	if got := Endpoints(backend, all); len(got.Addresses) > 0 {
		t.Errorf("a UDP port has endpoints: %+v", got)
	}
}
