package xds

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// BuildSecret makes the certificate that chains ask for by its name. One that Envoy would refuse (a key that isn't the
// certificate's, or of a kind or size that it can't serve) is not made: the Problem says why, without a byte of the key.
func BuildSecret(secret ir.Secret) (Resource, []Problem) {
	if err := checkKeyPair(secret); err != nil {
		return Resource{}, []Problem{{Source: secret.Source, Message: err.Error()}}
	}
	inline := func(data []byte) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: data}}
	}
	body := &tlsv3.Secret{
		Name: secret.Name,
		Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
			CertificateChain: inline(secret.Certificate),
			PrivateKey:       inline(secret.PrivateKey),
		}},
	}
	resource, err := newResource(SecretType, secret.Name, body)
	if err != nil {
		return Resource{}, []Problem{{Source: secret.Source, Message: "the certificate can't be served"}}
	}
	resource.Sources = []ir.Source{secret.Source}
	return resource, nil
}

func checkKeyPair(secret ir.Secret) error {
	pair, err := tls.X509KeyPair(secret.Certificate, secret.PrivateKey)
	if err != nil {
		return fmt.Errorf("reading the certificate and its key: %w", err)
	}
	switch key := pair.PrivateKey.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < 2048 {
			return fmt.Errorf("the RSA key has %d bits: 2048 are the least", bits)
		}
	case *ecdsa.PrivateKey:
		switch key.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
		default:
			return errors.New("the key's curve is none of P-256, P-384 and P-521")
		}
	default:
		return errors.New("the key is neither RSA nor ECDSA")
	}
	return nil
}
