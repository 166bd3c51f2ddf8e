package prober

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"
)

const (
	maxHead   = 16 << 10
	maxQuoted = 64

	// clientHeader is the client's address as the proxy understood it.
	clientHeader = "x-edgegateway-client"
)

// link is a connection to a door that keeps the first bytes that it received.
type link struct {
	net.Conn
	local    netip.Addr
	head     []byte
	deadline time.Time
	stop     func() bool
	cancel   context.CancelFunc
}

// connect opens a connection of its own, that lasts at most the timeout and not longer than ctx.
func (p *prober) connect(ctx context.Context, addr netip.AddrPort) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	conn, err := p.dial(ctx, "tcp", addr)
	if err != nil {
		cancel()
		return nil, err
	}
	l := &link{Conn: conn, cancel: cancel}
	if local, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
		l.local = local.Addr().Unmap().WithZone("")
	}
	l.deadline, _ = ctx.Deadline()
	conn.SetDeadline(l.deadline)
	l.stop = context.AfterFunc(ctx, func() { conn.Close() })
	return l, nil
}

// Close ends the connection.
func (l *link) Close() error {
	l.stop()
	l.cancel()
	return l.Conn.Close()
}

// maxFirst is enough to know TLS, an alert of TLS, or HTTP by.
const maxFirst = 16

// Read keeps the first bytes.
func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.head = append(l.head, b[:min(n, maxFirst-len(l.head))]...)
	return n, err
}

// listen returns what comes unasked within wait. Neither bytes nor error means that the connection is open and silent.
func (l *link) listen(wait time.Duration) ([]byte, error) {
	until := time.Now().Add(wait)
	if until.After(l.deadline) {
		until = l.deadline
	}
	l.SetReadDeadline(until)
	buffer := make([]byte, 512)
	n, err := l.Read(buffer)
	l.SetReadDeadline(l.deadline)
	if n > 0 {
		return buffer[:n], nil
	}
	if timedOut(err) {
		return nil, nil
	}
	return nil, err
}

// reply is what a door answered to the question.
type reply struct {
	status int
	// whole reports whether body is all of it.
	whole                bool
	body, server, client string
	// leaf and chain are the certificates shown; leaf is nil when there was no TLS, or no handshake.
	leaf  *x509.Certificate
	chain []*x509.Certificate
}

// converse asks for path. The reply holds what came before an error.
func (l *link) converse(path string, door Door) (reply, error) {
	var got reply
	var conn net.Conn = l
	if door.TLS {
		// No roots and no name are checked in the handshake: who answers with a wrong certificate matters more than that it is wrong.
		secured := tls.Client(l, &tls.Config{ServerName: door.ServerName, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
		if err := secured.Handshake(); err != nil {
			return got, err
		}
		got.chain = secured.ConnectionState().PeerCertificates
		got.leaf = got.chain[0]
		conn = secured
	}
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: edgegateway-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n", path, host(door))
	if err != nil {
		return got, err
	}
	return got, got.read(conn)
}

func host(door Door) string {
	name := door.ServerName
	if name == "" {
		name = door.Address
		if addr, err := netip.ParseAddr(name); err == nil && addr.Is6() {
			name = "[" + name + "]"
		}
	}
	if door.TLS && door.Port == 443 || !door.TLS && door.Port == 80 {
		return name
	}
	return name + ":" + strconv.Itoa(int(door.Port))
}

func (r *reply) read(conn io.Reader) error {
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxHead)), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	r.status = response.StatusCode
	r.server = response.Header.Get("Server")
	r.client = response.Header.Get(clientHeader)
	body, err := io.ReadAll(io.LimitReader(response.Body, maxText+1))
	r.body, r.whole = string(body), err == nil
	return nil
}

// statusOf reads the status of an HTTP answer's first bytes.
func statusOf(early []byte) (int, bool) {
	if !bytes.HasPrefix(early, []byte("HTTP/1.")) || len(early) < 12 {
		return 0, false
	}
	status, err := strconv.Atoi(string(early[9:12]))
	return status, err == nil
}

// timedOut reports whether an error is about time, or about a connection that we closed when its time was over.
func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, net.ErrClosed)
}

// closed reports whether the other side ended the connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.ErrClosedPipe)
}

// printable takes out of foreign text what could make a message say something else.
func printable(text string) string {
	if len(text) > 4*maxQuoted {
		text = text[:4*maxQuoted]
	}
	bytes := []byte(text)
	for i, b := range bytes {
		if b < ' ' || b >= 0x7f {
			bytes[i] = '.'
		}
	}
	return string(bytes)
}
