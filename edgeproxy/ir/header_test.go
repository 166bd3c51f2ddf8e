package ir

import (
	"strings"
	"testing"
)

func TestReservedHeader(t *testing.T) {
	for name, reserved := range map[string]bool{
		"host": true, "Host": true,
		"content-length": true, "Content-Length": true, "transfer-encoding": true, "trailer": true,
		"connection": true, "keep-alive": true, "proxy-connection": true, "te": true, "TE": true, "upgrade": true, "expect": true,
		"http2-settings": true, "proxy-authenticate": true, "proxy-authorization": true,
		"x-envoy-retry-on": true, "X-Envoy-Original-Path": true, "x-envoy-": true, "x-edgegateway-chain": true, "X-EdgeGateway-Client": true,
		"x-forwarded-for": true, "X-Forwarded-Proto": true, "cdn-loop": true,
		"content-type": false, "content-length-hint": false, "te-st": false, "x-forwarded-host": false, "x-forwarded-prefix": false,
		"authorization": false, "cookie": false, "set-cookie": false, "x-request-id": false, "x-envoyer": false, "cache-control": false, "via": false,
	} {
		if why := ReservedHeader(name); (why != "") != reserved {
			t.Errorf("%s: %q", name, why)
		}
	}
	for name := range reservedHeaders {
		if name != strings.ToLower(name) {
			t.Errorf("%s can't be found: it is not in lower case", name)
		}
	}
}
