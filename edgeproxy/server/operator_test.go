package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// authority is a CA of the operator's.
type authority struct {
	name   string
	bundle []byte
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	a := &authority{name: "edgegateway-xds.edgegateway-system.svc"}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "edgegateway"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var der []byte
	a.key, der = sign(t, template, nil)
	a.cert, _ = x509.ParseCertificate(der)
	a.bundle = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// sign makes a key and a certificate for it, by parent or by itself.
func sign(t testing.TB, template *x509.Certificate, parent *authority) (*ecdsa.PrivateKey, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer, issuerKey := template, key
	if parent != nil {
		issuer, issuerKey = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

// issue makes a certificate for names, in PEM.
func (a *authority) issue(t testing.TB, names ...string) ir.Secret {
	key, der := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return ir.Secret{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		PrivateKey:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
}

// operator is a Server on a port, by TLS, which can be stopped and started anew.
type operator struct {
	t    *testing.T
	ca   *authority
	port int
	// readyPort and healthPort are this test's own.
	readyPort, healthPort int
	*Server
	grpc *grpc.Server

	mu     sync.Mutex
	cert   *tls.Certificate
	tokens map[string]Identity
	seen   map[string]int
	// begun counts the TLS handshakes that have begun.
	begun int
}

func newOperator(t *testing.T) *operator {
	o := &operator{t: t, ca: newAuthority(t), tokens: map[string]Identity{}, seen: map[string]int{}}
	o.readyPort, o.healthPort = freePort(t), freePort(t)
	o.certify(o.ca)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.port = listener.Addr().(*net.TCPAddr).Port
	o.start(listener)
	t.Cleanup(func() { o.grpc.Stop() })
	return o
}

// certify gives the operator a certificate of a CA.
func (o *operator) certify(ca *authority) {
	secret := ca.issue(o.t, ca.name)
	cert, err := tls.X509KeyPair(secret.Certificate, secret.PrivateKey)
	if err != nil {
		o.t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cert = &cert
}

func (o *operator) start(listener net.Listener) {
	var err error
	o.Server, err = New(Config{Authenticate: o.authenticate, Recheck: time.Second})
	if err != nil {
		o.t.Fatal(err)
	}
	o.grpc = NewGRPC(&tls.Config{
		MinVersion: tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.begun++
			return o.cert, nil
		},
	}, o.Server)
	go func(server *grpc.Server) { _ = server.Serve(listener) }(o.grpc)
}

// restart is what a crash of the operator looks like to a proxy.
func (o *operator) restart() {
	o.grpc.Stop()
	var listener net.Listener
	await(o.t, "the port is free again", func() bool {
		var err error
		listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.port))
		return err == nil
	})
	o.start(listener)
}

// trust makes token the proof of a pod of the gateway key, and revoke makes it nobody's.
func (o *operator) trust(token, pod string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tokens[token] = Identity{Gateway: key, Pod: pod}
}

func (o *operator) revoke(token string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.tokens, token)
}

func (o *operator) authenticate(_ context.Context, token string) (Identity, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[token]++
	identity, known := o.tokens[token]
	if !known {
		return Identity{}, ErrUnauthenticated
	}
	return identity, nil
}

func (o *operator) handshakesBegun() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begun
}

func (o *operator) timesSeen(token string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.seen[token]
}

// serve builds a gateway, moves its ready listener to a port of this test's own and sets it. It fails on problems.
func (o *operator) serve(gateway ir.Gateway) xds.Resources {
	o.t.Helper()
	gateway.Namespace, gateway.Name = key.Namespace, key.Name
	resources, problems := xds.Build(gateway)
	for _, problem := range problems {
		o.t.Errorf("%+v", problem)
	}
	o.set(resources)
	return resources
}

func (o *operator) set(resources xds.Resources) {
	for i, resource := range resources.Listeners {
		switch resource.Name {
		case xds.ReadyListener:
			resources.Listeners[i].Body = moved(o.t, resource.Body, uint32(o.readyPort))
		case xds.HealthListener:
			resources.Listeners[i].Body = moved(o.t, resource.Body, uint32(o.healthPort))
		}
	}
	o.Set(key, resources)
}

func moved(t testing.TB, body *anypb.Any, port uint32) *anypb.Any {
	listener := &listenerv3.Listener{}
	if err := proto.Unmarshal(body.GetValue(), listener); err != nil {
		t.Fatal(err)
	}
	listener.Address.GetSocketAddress().PortSpecifier = &corev3.SocketAddress_PortValue{PortValue: port}
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(listener)
	if err != nil {
		t.Fatal(err)
	}
	return &anypb.Any{TypeUrl: body.GetTypeUrl(), Value: value}
}

// taken waits until the proxies have all that they are to have.
func (o *operator) taken(pods int) {
	o.t.Helper()
	var progress Progress
	defer func() {
		if len(progress.Pending)+len(progress.Refused) > 0 {
			o.t.Logf("%+v", progress)
		}
	}()
	await(o.t, "the proxies have everything", func() bool {
		progress = o.Progress(key)
		return len(progress.Pods) == pods && len(progress.Pending) == 0
	})
}
