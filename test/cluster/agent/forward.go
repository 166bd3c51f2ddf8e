package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// inheritedListener is the first descriptor after stdin, stdout and stderr.
const inheritedListener = 3

// runForward joins two network namespaces by one socket: the listener was made on the host and stays there.
func runForward(target string) error {
	listener, err := net.FileListener(os.NewFile(inheritedListener, "listener"))
	if err != nil {
		return fmt.Errorf("taking over the listener: %w", err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("accepting: %w", err)
		}
		go forward(client, target)
	}
}

func forward(client net.Conn, target string) {
	defer func() { _ = client.Close() }()
	server, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	done := make(chan struct{})
	go func() {
		copyHalf(server, client)
		close(done)
	}()
	copyHalf(client, server)
	<-done
}

// copyHalf copies one direction until its end and passes the end on.
func copyHalf(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if tcp, ok := to.(*net.TCPConn); ok && err == nil {
		_ = tcp.CloseWrite()
		return
	}
	_ = to.Close()
	_ = from.Close()
}
