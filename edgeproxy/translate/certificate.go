package translate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// certificate is a Secret's certificate and key that fit each other and that Envoy can use.
type certificate struct {
	secret ir.Secret
	leaf   *x509.Certificate
}

// readCertificate makes a certificate of a Secret, or says what is wrong with it, in words that contain nothing of it. What passes here is
// not refused by Envoy later: a refused secret would leave its listener with none.
func readCertificate(secret *corev1.Secret) (*certificate, string) {
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		if len(secret.Data[key]) == 0 {
			return nil, fmt.Sprintf("has no key %q: make it a Secret of type kubernetes.io/tls", key)
		}
	}
	chain, leaf, wrong := readChain(secret.Data[corev1.TLSCertKey])
	if wrong != "" {
		return nil, wrong
	}
	block, key, wrong := readKey(secret.Data[corev1.TLSPrivateKeyKey])
	if wrong != "" {
		return nil, wrong
	}
	public, comparable := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !comparable || !public.Equal(leaf.PublicKey) {
		return nil, "holds a tls.key that does not belong to the first certificate in tls.crt: put the key of that certificate there, and the server's certificate first"
	}
	return &certificate{
		leaf: leaf,
		secret: ir.Secret{
			Name:        "secret/" + secret.Namespace + "/" + secret.Name,
			Certificate: chain,
			PrivateKey:  block,
			Source:      ir.Source{Kind: "Secret", Namespace: secret.Namespace, Name: secret.Name},
		},
	}, ""
}

// readChain returns the certificates in PEM, without whatever else is in the text, and the first of them.
func readChain(text []byte) (chain []byte, leaf *x509.Certificate, wrong string) {
	var out bytes.Buffer
	for count := 1; ; {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Sprintf("holds a tls.crt whose certificate number %d can't be parsed: put the certificate there in PEM", count)
		}
		if leaf == nil {
			leaf = parsed
		}
		out.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
		count++
	}
	if leaf == nil {
		return nil, nil, "holds no certificate in tls.crt: put it there in PEM, the server's first, then the intermediates'"
	}
	return out.Bytes(), leaf, ""
}

// readKey returns the private key in PEM, and parsed.
func readKey(text []byte) (block []byte, key crypto.Signer, wrong string) {
	for {
		var found *pem.Block
		if found, text = pem.Decode(text); found == nil {
			return nil, nil, "holds no private key in tls.key: put it there in PEM, not encrypted"
		}
		if found.Type != "PRIVATE KEY" && !strings.HasSuffix(found.Type, " PRIVATE KEY") {
			continue
		}
		key, err := parseKey(found.Bytes)
		if err != nil {
			return nil, nil, "holds a tls.key that can't be parsed: put an RSA or ECDSA key there in PEM, not encrypted"
		}
		if wrong := keyProblem(key); wrong != "" {
			return nil, nil, wrong
		}
		return pem.EncodeToMemory(&pem.Block{Type: found.Type, Bytes: found.Bytes}), key, ""
	}
}

// parseKey reads the three forms that a PEM block of a private key can have. The error says nothing of the key.
func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return x509.ParseECPrivateKey(der)
}

// keyProblem refuses keys that Envoy refuses.
func keyProblem(key crypto.Signer) string {
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 {
			return fmt.Sprintf("holds an RSA key of %d bits, which clients refuse: use at least 2048", public.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if public.Params().BitSize < 256 {
			return fmt.Sprintf("holds an ECDSA key of %d bits, which clients refuse: use P-256 or more", public.Params().BitSize)
		}
	default:
		return "holds a key that is neither RSA nor ECDSA, which Envoy can't use: use one of these"
	}
	return ""
}

// isFor reports whether a name of the certificate covers a host. A wildcard host must be among the names as it is.
func (c *certificate) isFor(host string) bool {
	if host == anyHost {
		return true
	}
	if strings.HasPrefix(host, "*.") {
		return slices.ContainsFunc(c.leaf.DNSNames, func(name string) bool { return strings.EqualFold(name, host) })
	}
	return c.leaf.VerifyHostname(host) == nil
}

// warnings are what is wrong with a certificate that is served nevertheless: a browser says so too, but refusing it would help nobody.
func (c *certificate) warnings(host, field string, now time.Time) []Problem {
	var problems []Problem
	name := c.secret.Source.Namespace + "/" + c.secret.Source.Name
	switch {
	case now.After(c.leaf.NotAfter):
		problems = append(problems, warning(ReasonCertificateExpired, field,
			"the certificate in Secret %s expired at %s: renew it", name, c.leaf.NotAfter.UTC().Format(time.RFC3339)))
	case now.Before(c.leaf.NotBefore):
		problems = append(problems, warning(ReasonCertificateExpired, field,
			"the certificate in Secret %s is valid only from %s on: use one that is valid now", name, c.leaf.NotBefore.UTC().Format(time.RFC3339)))
	}
	if !c.isFor(host) {
		problems = append(problems, warning(ReasonCertificateMismatch, field,
			"the certificate in Secret %s is not for %q: it is for %s; use one that is", name, host, c.names()))
	}
	return problems
}

func (c *certificate) names() string {
	if len(c.leaf.DNSNames) == 0 {
		return "no DNS name at all"
	}
	return strings.Join(c.leaf.DNSNames, ", ")
}
