package prober

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// ServeConfig is how a vantage is served.
type ServeConfig struct {
	// Listen is the address of the API, which speaks TLS only.
	Listen string
	// TokenFile has the bearer token that callers must show.
	TokenFile string
	// CertFile and KeyFile hold its certificate in PEM. Empty: it makes a self-signed one for Hosts, and writes to CAOut the PEM by
	// which callers can trust it.
	CertFile, KeyFile, CAOut string
	// Hosts, Allowed and Denied are lists with commas: names and addresses of the certificate; private ranges that may be probed;
	// ranges that are never probed, such as the cluster's pods and Services.
	Hosts, Allowed, Denied string
}

// Serve serves the vantage until ctx ends.
func Serve(ctx context.Context, config ServeConfig) error {
	token, err := os.ReadFile(config.TokenFile)
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	if len(strings.TrimSpace(string(token))) < 16 {
		return fmt.Errorf("the token in %s is shorter than 16 characters: make one with `openssl rand -hex 32`", config.TokenFile)
	}
	certificate, err := certificateOf(config)
	if err != nil {
		return err
	}
	server := ServerConfig{Token: strings.TrimSpace(string(token))}
	if server.Allowed, err = ranges(config.Allowed); err != nil {
		return fmt.Errorf("reading the allowed ranges: %w", err)
	}
	if server.Denied, err = ranges(config.Denied); err != nil {
		return fmt.Errorf("reading the denied ranges: %w", err)
	}
	h := &http.Server{
		Addr: config.Listen, Handler: NewServer(server), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}},
	}
	go func() {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = h.Shutdown(stop)
	}()
	if err := h.ListenAndServeTLS("", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the vantage: %w", err)
	}
	return nil
}

func certificateOf(config ServeConfig) (tls.Certificate, error) {
	if config.CertFile != "" || config.KeyFile != "" {
		certificate, err := tls.LoadX509KeyPair(config.CertFile, config.KeyFile)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("reading the certificate: %w", err)
		}
		return certificate, nil
	}
	hosts := commaSeparated(config.Hosts)
	if len(hosts) == 0 || config.CAOut == "" {
		return tls.Certificate{}, errors.New("give -tls-cert and -tls-key, or -hosts and -ca-out for a self-signed certificate")
	}
	certificate, ca, err := SelfSigned(hosts)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a certificate: %w", err)
	}
	if err := os.WriteFile(config.CAOut, ca, 0o644); err != nil {
		return tls.Certificate{}, fmt.Errorf("writing the certificate's CA: %w", err)
	}
	return certificate, nil
}

func commaSeparated(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func ranges(text string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, item := range commaSeparated(text) {
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
