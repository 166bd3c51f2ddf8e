// Command echo is the backend of the end-to-end tests: it answers each request with what it saw of it.
//
//	/            the request, as JSON, and the pod that answered; ?delay=200ms answers later
//	/healthz     200 while the process lives
//	/ready       200, and 503 from SIGTERM on
//	/status/503  an answer with that status
//	/lookup      the addresses of ?name=, as this pod resolves them
//	/fetch       what this pod gets from ?url=
//
// It speaks HTTP/1.1 and cleartext HTTP/2 on :8080, and both over TLS on :8443 if TLS_CERT_FILE and TLS_KEY_FILE are
// set. After SIGTERM it serves for DRAIN (5s) more, as a backend must that is still in some proxy's endpoints.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	plainAddress = ":8080"
	tlsAddress   = ":8443"
	defaultDrain = 5 * time.Second
	// lastRequests is how long requests under way may take once the drain is over.
	lastRequests = 20 * time.Second
)

func main() {
	drain := defaultDrain
	if value := os.Getenv("DRAIN"); value != "" {
		parsed, err := time.ParseDuration(value)
		if err != nil {
			log.Fatalf("reading DRAIN: %v", err)
		}
		drain = parsed
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	backend := newBackend()
	servers := serve(backend.routes())
	<-stop
	backend.draining.Store(true)
	time.Sleep(drain)

	ctx, cancel := context.WithTimeout(context.Background(), lastRequests)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			log.Printf("shutting down: %v", err)
		}
	}
}

func serve(handler http.Handler) []*http.Server {
	plain := &http.Server{Addr: plainAddress, Handler: handler, Protocols: new(http.Protocols)}
	plain.Protocols.SetHTTP1(true)
	plain.Protocols.SetUnencryptedHTTP2(true)
	go listen(plain.ListenAndServe)

	cert, key := os.Getenv("TLS_CERT_FILE"), os.Getenv("TLS_KEY_FILE")
	if cert == "" {
		return []*http.Server{plain}
	}
	secure := &http.Server{Addr: tlsAddress, Handler: handler}
	go listen(func() error { return secure.ListenAndServeTLS(cert, key) })
	return []*http.Server{plain, secure}
}

func listen(serve func() error) {
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatalf("serving: %v", err)
	}
}
