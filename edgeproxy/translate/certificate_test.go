package translate

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

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
