package e2e

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// asksHowItLeaves asks a replica how far the load balancer is with the token's pod. Who is no proxy gets no answer, and a proxy of the tenant's one
// about itself: in a private data centre, that nobody can tell.
func (x *attacker) asksHowItLeaves(t *testing.T, token string, want codes.Code) {
	t.Helper()
	transport := &http.Transport{
		DialContext:     x.Host(cluster.NodeHost).DialContext,
		TLSClientConfig: &tls.Config{RootCAs: x.roots, ServerName: "edgegateway-xds." + site.OperatorNamespace + ".svc"},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+net.JoinHostPort(x.operator, "18002")+"/v1/leaving", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Transport: transport, Timeout: 15 * time.Second}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	refused := response.StatusCode == http.StatusUnauthorized
	answered := response.StatusCode == http.StatusOK && strings.Contains(string(body), `"state":"Unknown"`)
	if want == codes.Unauthenticated && !refused || want != codes.Unauthenticated && !answered {
		t.Errorf("asked how it leaves, the operator answers %s: %s", response.Status, body)
	}
}
