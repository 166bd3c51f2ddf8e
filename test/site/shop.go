package site

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// What an app team and a platform admin have in the demo and the tests.
const (
	// Class of the data centre, and the team's Namespace and Gateway.
	Class     = "datacenter"
	Namespace = "shop"
	Gateway   = "web"
	// WWW is routed by an HTTPRoute, API by an Ingress.
	WWW = "www." + Zone
	API = "api." + Zone
)

// Address and Address6 are where the data centre's load balancer answers.
var (
	Address  = netip.MustParseAddr("203.0.113.10")
	Address6 = netip.MustParseAddr("2001:db8:113::10")
)

// ClassManifest is the platform admin's: a private data centre, with its DNS and a vantage outside.
const ClassManifest = `
apiVersion: v1
kind: Secret
metadata: {name: tsig, namespace: ` + OperatorNamespace + `}
stringData: {tsig-key: "` + TSIGKey + `", tsig-algorithm: ` + TSIGAlgorithm + `, tsig-secret: "` + TSIGSecret + `"}
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGatewayClass
metadata: {name: ` + Class + `}
spec:
  provider: manual
  manual:
    addressRanges: [203.0.113.0/24, "2001:db8:113::/64"]
  dns:
    provider: rfc2136
    zones: [` + Zone + `]
    credentials: {name: tsig}
    ttlSeconds: 1
    rfc2136: {server: "` + cluster.DNSAddress + `:53"}
  vantages:
  - {name: client, url: "` + VantageURL + `", credentials: {name: vantage}}
`

// GatewayManifest is the app team's entrance.
const GatewayManifest = `
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGateway
metadata: {name: ` + Gateway + `, namespace: ` + Namespace + `}
spec:
  className: ` + Class + `
  hostnames: [` + WWW + `, ` + API + `]
  ipFamilies: [IPv4, IPv6]
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - name: https
    port: 443
    protocol: HTTPS
    tls: {certificateRefs: [{name: ` + Gateway + `-tls}]}
`

// RoutesManifest is the app team's application: a backend, an HTTPRoute and an Ingress to it.
const RoutesManifest = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: www, namespace: ` + Namespace + `}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: ` + Gateway + `}]
  hostnames: [` + WWW + `]
  rules:
  - backendRefs: [{name: echo, port: 80}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: ` + Gateway + `}
spec:
  controller: edgegateway.dev/ingress
  parameters: {apiGroup: edgegateway.dev, kind: EdgeGateway, name: ` + Gateway + `, namespace: ` + Namespace + `, scope: Namespace}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: api
  namespace: ` + Namespace + `
spec:
  ingressClassName: ` + Gateway + `
  rules:
  - host: ` + API + `
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: echo, port: {number: 80}}}}]
`

// Backend is the manifest of an echo Deployment and its Service.
func Backend(namespace, name string, replicas int) string {
	return fmt.Sprintf(`---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  replicas: %[3]d
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - name: echo
        image: `+cluster.EchoImage+`
        imagePullPolicy: Never
        env:
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: DRAIN, value: 5s}
        # Without a share of its own a pod gets no CPU at all where others want all of it.
        resources: {requests: {cpu: 50m, memory: 32Mi}}
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  selector: {app: %[2]s}
  ports: [{port: 80, targetPort: 8080}]
`, namespace, name, replicas)
}

// OpenShop applies the team's things: namespace, certificate, backend and routes. It returns the certificate.
func (s *Site) OpenShop(ctx context.Context) (Certificate, error) {
	certificate, err := NewCertificate("*."+Zone, Zone)
	if err != nil {
		return certificate, err
	}
	manifest := "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + Namespace + "}\n" + certificate.Secret(Namespace, Gateway+"-tls") +
		Backend(Namespace, "echo", 2) + "---" + GatewayManifest + "---" + RoutesManifest
	return certificate, s.Apply(ctx, manifest)
}

// GatewayIs waits until a condition of the gateway has a status and, if it is not empty, a reason.
func (s *Site) GatewayIs(ctx context.Context, limit time.Duration, condition, status, reason string) error {
	return Until(ctx, limit, func(ctx context.Context) error {
		return s.Condition(ctx, "eg/"+Gateway, Namespace, condition, status, reason)
	})
}
