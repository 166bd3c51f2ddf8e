package identity

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"time"
)

// leafLifetime of a replica's own certificate; it is renewed when a third is left.
const leafLifetime = 7 * 24 * time.Hour

// serverNames are the names under which proxies find the operator.
func serverNames(service, namespace string) []string {
	name := service + "." + namespace + ".svc"
	return []string{name, name + ".cluster.local"}
}

// renewalDue reports whether a replica needs a new certificate: it has none, a third of its life or less is left, or another CA signs
// now. It is pure.
func renewalDue(leaf *x509.Certificate, by signer, now time.Time) bool {
	if leaf == nil || !bytes.Equal(leaf.AuthorityKeyId, by.certificate.SubjectKeyId) {
		return true
	}
	whole := leaf.NotAfter.Sub(leaf.NotBefore)
	return leaf.NotAfter.Sub(now) <= whole/3
}

// issue makes a certificate for a replica. It serves proxies, and it is the proof of being a replica to other replicas: nobody else
// has the CA's key.
func issue(by signer, names []string, now time.Time) (*tls.Certificate, error) {
	key, serial, err := newKey()
	if err != nil {
		return nil, err
	}
	end := now.Add(leafLifetime)
	if end.After(by.certificate.NotAfter) {
		end = by.certificate.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: names[0]},
		DNSNames:     names,
		NotBefore:    now.Add(-backdate),
		NotAfter:     end,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &key.PublicKey, by.key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %q: %w", names[0], err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate just made for %q: %w", names[0], err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
