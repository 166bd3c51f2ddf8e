package translate

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestCertificatesThatPassFitTheirKeys tries every certificate of the fixtures with every key, against the standard library.
func TestCertificatesThatPassFitTheirKeys(t *testing.T) {
	names := []string{"shop", "wildcard", "other", "rsa", "expired", "weak", "ed25519", "garbage", "misordered"}
	unusable := []string{"weak", "ed25519"} // in Envoy
	for _, certificateName := range names {
		for _, keyName := range names {
			if keyName == "misordered" {
				continue
			}
			secret := &corev1.Secret{Data: map[string][]byte{
				"tls.crt": readFixture(t, certificateName+".crt"), "tls.key": readFixture(t, keyName+".key"),
			}}
			found, wrong := readCertificate(secret)
			_, err := tls.X509KeyPair(secret.Data["tls.crt"], secret.Data["tls.key"])
			want := err == nil && !slices.Contains(unusable, keyName)
			if (found != nil) != want || (wrong == "") != want {
				t.Errorf("%s.crt with %s.key: passes %v (%s), want %v", certificateName, keyName, found != nil, wrong, want)
			}
			if found == nil {
				continue
			}
			if _, err := tls.X509KeyPair(found.secret.Certificate, found.secret.PrivateKey); err != nil {
				t.Errorf("%s: what is handed on does not fit: %v", certificateName, err)
			}
		}
	}
}

func TestCertificatesAreHandedOnWithoutWhatElseTheFileHolds(t *testing.T) {
	secret := &corev1.Secret{Data: map[string][]byte{
		"tls.crt": slices.Concat([]byte("subject: shop\n"), readFixture(t, "shop.key"), readFixture(t, "shop.crt"), readFixture(t, "other.crt")),
		"tls.key": slices.Concat(readFixture(t, "other.crt"), readFixture(t, "shop.key")),
	}}
	found, wrong := readCertificate(secret)
	if found == nil {
		t.Fatal(wrong)
	}
	if text := string(found.secret.Certificate); strings.Contains(text, "PRIVATE") || strings.Contains(text, "subject") || strings.Count(text, "BEGIN") != 2 {
		t.Errorf("the chain is\n%s", text)
	}
	if text := string(found.secret.PrivateKey); strings.Contains(text, "CERTIFICATE") {
		t.Error("the key comes with a certificate")
	}
}

// TestKeysOfEveryForm: PEM has three forms of private keys. Some hold a key that Envoy can't use.
func TestKeysOfEveryForm(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, p224 := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P224())
	agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) []byte { return must(t)(x509.MarshalPKCS8PrivateKey(key)) }
	sec1 := func(key *ecdsa.PrivateKey) []byte { return must(t)(x509.MarshalECPrivateKey(key)) }
	for _, c := range []struct {
		name, kind string
		key        crypto.Signer
		der        []byte
		// wrong is what the problem says; empty: none.
		wrong string
	}{
		{"PKCS #8 of RSA", "PRIVATE KEY", rsaKey, pkcs8(rsaKey), ""},
		{"PKCS #8 of ECDSA", "PRIVATE KEY", p256, pkcs8(p256), ""},
		{"PKCS #1", "RSA PRIVATE KEY", rsaKey, x509.MarshalPKCS1PrivateKey(rsaKey), ""},
		{"SEC 1", "EC PRIVATE KEY", p256, sec1(p256), ""},
		{"too short a curve", "EC PRIVATE KEY", p224, sec1(p224), "224 bits"},
		{"a key that can't sign", "PRIVATE KEY", p256, pkcs8(agreement), "can't be parsed"},
		{"no key", "CERTIFICATE", p256, pkcs8(p256), "no private key"},
	} {
		secret := &corev1.Secret{Data: map[string][]byte{
			"tls.crt": selfSigned(t, c.key, "shop.example.com"),
			"tls.key": pem.EncodeToMemory(&pem.Block{Type: c.kind, Bytes: c.der}),
		}}
		found, wrong := readCertificate(secret)
		if (found != nil) != (c.wrong == "") || !strings.Contains(wrong, c.wrong) {
			t.Errorf("%s: passes %v, %q; want %q", c.name, found != nil, wrong, c.wrong)
		}
	}
}

func TestWarningsOfACertificate(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	read := func(names ...string) *certificate {
		found, wrong := readCertificate(&corev1.Secret{Data: map[string][]byte{
			"tls.crt": selfSigned(t, key, names...),
			"tls.key": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(t)(x509.MarshalECPrivateKey(key))}),
		}})
		if found == nil {
			t.Fatal(wrong)
		}
		return found
	}
	named, nameless := read("shop.example.com", "blog.example.com"), read()
	for _, c := range []struct {
		name        string
		certificate *certificate
		host        string
		at          time.Time
		reason      string
		text        string
	}{
		{"valid", named, "blog.example.com", now, "", ""},
		{"expired", named, "blog.example.com", now.Add(2 * time.Hour), ReasonCertificateExpired, "expired at 2026-06-01T01:00:00Z"},
		{"not valid yet", named, "blog.example.com", now.Add(-2 * time.Hour), ReasonCertificateExpired, "valid only from 2026-05-31T23:00:00Z on"},
		{"for other hosts", named, "docs.example.com", now, ReasonCertificateMismatch, "it is for shop.example.com, blog.example.com"},
		{"for no host", nameless, "docs.example.com", now, ReasonCertificateMismatch, "no DNS name at all"},
	} {
		problems := c.certificate.warnings(c.host, "spec.tls", c.at)
		if c.reason == "" && len(problems) == 0 {
			continue
		}
		if len(problems) != 1 || problems[0].Reason != c.reason || !strings.Contains(problems[0].Message, c.text) || problems[0].Condition != "" {
			t.Errorf("%s: %+v, want a warning %s with %q", c.name, problems, c.reason, c.text)
		}
	}
}

func newECDSA(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// selfSigned makes a certificate that is valid for an hour before and after now.
func selfSigned(t *testing.T, key crypto.Signer, names ...string) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	der := must(t)(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// must returns a function that ends the test at an error.
func must(t *testing.T) func([]byte, error) []byte {
	return func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

func TestACertificateIsForTheHostsThatItNames(t *testing.T) {
	for _, c := range []struct {
		certificate, host string
		want              bool
	}{
		{"shop", "shop.example.com", true},
		{"shop", "blog.example.com", false},
		{"shop", "*.example.com", false},
		{"shop", "*", true},
		{"wildcard", "shop.example.com", true},
		{"wildcard", "*.example.com", true},
		{"wildcard", "a.b.example.com", false},
		{"wildcard", "example.com", false},
	} {
		found, wrong := readCertificate(&corev1.Secret{Data: map[string][]byte{
			"tls.crt": readFixture(t, c.certificate+".crt"), "tls.key": readFixture(t, c.certificate+".key"),
		}})
		if found == nil {
			t.Fatal(wrong)
		}
		if got := found.isFor(c.host); got != c.want {
			t.Errorf("%s is for %s: %v, want %v", c.certificate, c.host, got, c.want)
		}
	}
}
