package aws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
)

// Endpoint is a base endpoint for SDK clients that go through a Connection. Any will do, AWS's own too: nothing is looked up.
const Endpoint = "http://aws.simcloud.test"

type connectionKey struct{}

// Connection is one process's way to a Cloud, without sockets. It is an http.RoundTripper.
type Connection struct {
	cloud *Cloud
	// Number is that of Call.Connection.
	Number int
	dead   atomic.Bool
}

// Connect returns a new connection.
func (c *Cloud) Connect() *Connection {
	connection := &Connection{cloud: c}
	c.With(func() {
		c.conns++
		connection.Number = c.conns
	})
	return connection
}

// Client returns an HTTP client for an SDK's configuration.
func (x *Connection) Client() *http.Client { return &http.Client{Transport: x} }

// Kill makes the cloud deaf to the connection: what a crashed process sends no longer arrives.
func (x *Connection) Kill() { x.dead.Store(true) }

// RoundTrip makes one request. A dropped connection is an error as the network would give it; so is the name of an endpoint in a region
// that does not exist.
func (x *Connection) RoundTrip(out *http.Request) (*http.Response, error) {
	if x.dead.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if s, err := parseScope(out.Header.Get("Authorization")); err == nil && !x.cloud.knownRegion(s) {
		name := s.service + "." + s.region + ".amazonaws.com"
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}}
	}
	in := out.Clone(context.WithValue(out.Context(), connectionKey{}, x.Number))
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	reply := &reply{header: http.Header{}, status: http.StatusOK}
	broken := reply.serve(x.cloud, in)
	switch {
	case out.Context().Err() != nil:
		return nil, out.Context().Err()
	case x.dead.Load(), broken && reply.body.Len() == 0:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	response := &http.Response{Status: http.StatusText(reply.status), StatusCode: reply.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: reply.header, ContentLength: int64(reply.body.Len()), Request: out, Body: io.NopCloser(&reply.body)}
	if broken {
		response.ContentLength = -1
		response.Body = io.NopCloser(io.MultiReader(&reply.body, failing{}))
	}
	return response, nil
}

// failing is the end of a reply that was cut.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// reply is an http.ResponseWriter in memory.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Flush()                      {}

// serve returns whether the handler broke the connection.
func (r *reply) serve(handler http.Handler, in *http.Request) (broken bool) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			panic(cause)
		}
		broken = true
	}()
	handler.ServeHTTP(r, in)
	return false
}
