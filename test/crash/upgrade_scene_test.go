package crash

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// What follows was played at the recorded commit. The image of the proxies is given, so that another default one is no change.

const awsClasses = `
kind: EdgeGatewayClass
metadata: {name: public}
spec:
  provider: aws
  aws: {region: eu-west-1, subnets: [subnet-0feed0000000000a1, subnet-0feed0000000000b1], scheme: Public, targets: Nodes, endpoint: "http://aws.simcloud.test"}
  credentials: {name: cloud}
  dns: {provider: route53, zones: [example.com], ttlSeconds: 60}
  addresses: [{id: 203.0.113.71, namespaces: [shop]}, {id: 203.0.113.72, namespaces: [shop]}]
  vantages: [{name: outside, url: "https://vantage.example.net", credentials: {name: vantage}}]
  reclaimPolicy: Delete
  changePolicy: Automatic
  driftPolicy: Repair
  proxy: {image: "envoy:recorded"}
---
kind: EdgeGatewayClass
metadata: {name: pods}
spec:
  provider: aws
  aws: {region: eu-west-1, subnets: [subnet-0feed0000000000a1, subnet-0feed0000000000b1], scheme: Public, targets: Pods, endpoint: "http://aws.simcloud.test"}
  credentials: {name: cloud}
  dns: {provider: route53, zones: [example.com], ttlSeconds: 60}
  vantages: [{name: outside, url: "https://vantage.example.net", credentials: {name: vantage}}]
  reclaimPolicy: Delete
  changePolicy: Approve
  driftPolicy: Repair
  proxy: {image: "envoy:recorded"}
---
kind: EdgeGatewayClass
metadata: {name: internal}
spec:
  provider: aws
  aws: {region: eu-west-1, scheme: Internal, targets: Nodes, endpoint: "http://aws.simcloud.test"}
  credentials: {name: cloud}
  dns: {provider: route53, zones: [example.com], ttlSeconds: 300}
  vantages: [{name: outside, url: "https://vantage.example.net", credentials: {name: vantage}}]
  reclaimPolicy: Delete
  changePolicy: Automatic
  driftPolicy: Report
  proxy: {image: "envoy:recorded"}
---
kind: EdgeGatewayClass
metadata: {name: kept}
spec:
  provider: aws
  aws: {region: eu-west-1, scheme: Public, targets: Nodes, endpoint: "http://aws.simcloud.test"}
  credentials: {name: cloud}
  vantages: [{name: outside, url: "https://vantage.example.net", credentials: {name: vantage}}]
  reclaimPolicy: Retain
  changePolicy: Automatic
  driftPolicy: Repair
  proxy: {image: "envoy:recorded"}
`

const awsGateways = `
kind: EdgeGateway
metadata: {namespace: shop, name: web}
spec:
  className: public
  hostnames: [www.example.com]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: ports}
spec:
  className: public
  hostnames: [example.com, "*.example.com", "*.apps.example.com"]
  ipFamilies: [IPv4]
  sourceRanges: [192.0.2.0/24, 198.51.100.0/25]
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: example-tls}]}}
  - {name: other, port: 443, protocol: HTTPS, hostname: other.example.com, tls: {mode: Terminate, certificateRefs: [{name: other-tls}]}}
  - {name: alt, port: 8080, protocol: HTTP}
  proxy: {autoscaling: {minReplicas: 3, maxReplicas: 6, targetCPUPercent: 70}}
---
kind: EdgeGateway
metadata: {namespace: shop, name: dual}
spec:
  className: public
  hostnames: [dual.example.com, v6.example.com]
  ipFamilies: [IPv4, IPv6]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: inner}
spec:
  className: internal
  hostnames: [inner.example.com]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}, {name: alt, port: 8443, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: brought}
spec:
  className: public
  hostnames: [brought.example.com]
  addresses: [203.0.113.71, 203.0.113.72]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: adopted}
spec:
  className: public
  hostnames: [adopted.example.com]
  loadBalancer: arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shared/0feed0feed0feed0
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: pods}
spec:
  className: pods
  hostnames: [pods.example.com]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}, {name: alt, port: 8080, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: kept}
spec:
  className: kept
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
`

// keptAddresses are those that outlive the gateway of class "kept": one for each zone of the region.
const keptAddresses = 3

const siteClasses = `
kind: EdgeGatewayClass
metadata: {name: named}
spec:
  provider: manual
  manual: {addressRanges: [203.0.113.0/24, "2001:db8:113::/64"], proxyProtocol: V2}
  dns: {provider: rfc2136, zones: [example.com], ttlSeconds: 60, credentials: {name: tsig}, rfc2136: {server: "127.0.0.1:53"}}
  vantages: [{name: outside, url: "https://vantage.example.net", credentials: {name: vantage}}]
  reclaimPolicy: Delete
  changePolicy: Automatic
  driftPolicy: Repair
  proxy: {image: "envoy:recorded"}
---
kind: EdgeGatewayClass
metadata: {name: plain}
spec:
  provider: manual
  manual: {addressRanges: [203.0.113.0/24, "2001:db8:113::/64"], proxyProtocol: None}
  vantages: [{name: outside, url: "https://vantage.example.net", credentials: {name: vantage}}]
  reclaimPolicy: Delete
  changePolicy: Automatic
  driftPolicy: Repair
  proxy: {image: "envoy:recorded"}
`

const siteGateways = `
kind: EdgeGateway
metadata: {namespace: shop, name: web}
spec:
  className: named
  hostnames: [www.example.com]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: dual}
spec:
  className: named
  hostnames: [example.com, dual.example.com, "*.apps.example.com"]
  addresses: [203.0.113.20, "2001:db8:113::20"]
  ipFamilies: [IPv4, IPv6]
  sourceRanges: [192.0.2.0/24, "2001:db8:2::/48"]
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: example-tls}]}}
---
kind: EdgeGateway
metadata: {namespace: shop, name: six}
spec:
  className: named
  hostnames: ["*.six.example.com"]
  ipFamilies: [IPv6]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: stale}
spec:
  className: named
  hostnames: [stale.example.com]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: plain}
spec:
  className: plain
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EdgeGateway
metadata: {namespace: shop, name: unanswered}
spec:
  className: plain
  hostnames: [unanswered.example.com]
  ipFamilies: [IPv4]
  listeners: [{name: http, port: 80, protocol: HTTP}]
`

// siteAddresses are what the ops team answers, by gateway. The others are not answered.
var siteAddresses = map[string][]string{
	"web": {"203.0.113.10"}, "dual": {"203.0.113.20", "2001:db8:113::20"}, "six": {"2001:db8:113::30"},
	"stale": {"203.0.113.40", "203.0.113.41"}, "plain": {"203.0.113.50"},
}

// scenes are what was played, by folder: which gateways were created, and what was done once they were settled.
var scenes = map[string]struct {
	gateways string
	then     func(s *sim)
}{
	"aws": {awsGateways, func(*sim) {}},
	"site": {siteGateways, func(s *sim) {
		s.world.(*recordedSite).silent = true
		edit(s, objectID{"EdgeGateway", tenant, "stale"}, func(g *api.EdgeGateway) {
			g.Spec.Listeners = append(g.Spec.Listeners, gatewayv1.Listener{Name: "alt", Port: 8080, Protocol: gatewayv1.HTTPProtocolType})
		})
	}},
}

// common puts into the cluster what every recorded world has.
func common(s *sim, secrets map[string]map[string][]byte) {
	mustCreate(s, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant}})
	mustCreate(s, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}})
	secrets["vantage"] = map[string][]byte{"token": []byte("token")}
	for _, name := range sortedKeys(secrets) {
		mustCreate(s, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: name}, Data: secrets[name]})
	}
}

// createAll creates the objects of manifests, whose kinds are ours.
func createAll(s *sim, manifests string) {
	for _, document := range strings.Split(manifests, "\n---\n") {
		object, err := decodeObject([]byte("apiVersion: edgegateway.dev/v1alpha1\n" + strings.TrimLeft(document, "\n")))
		if err != nil {
			panic(err)
		}
		mustCreate(s, object)
	}
}
