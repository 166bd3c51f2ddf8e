package main

// manifests are what a platform admin and an app team apply.
const manifests = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGatewayClass
metadata:
  name: datacenter
spec:
  provider: manual
  manual:
    addressRanges: [203.0.113.0/24, "2001:db8:113::/64"]
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGateway
metadata:
  name: web
  namespace: shop
spec:
  className: datacenter
  listeners:
  - {name: http, port: 80, protocol: HTTP}
`
