//go:build ignore

// This program makes the certificates and keys of the tests, which are checked in: go run testdata/certs/generate.go
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

func main() {
	log.SetFlags(0)
	start, end := date(2020), date(2120)
	write("shop", ecdsaKey(), start, end, "shop.example.com")
	write("wildcard", ecdsaKey(), start, end, "*.example.com")
	write("other", ecdsaKey(), start, end, "other.example.net")
	write("rsa", rsaKey(2048), start, end, "shop.example.com")
	write("expired", ecdsaKey(), start, date(2021), "shop.example.com")
	write("weak", rsaKey(1024), start, end, "shop.example.com")
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	write("ed25519", key, start, end, "shop.example.com")
}

func date(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

func ecdsaKey() crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

func rsaKey(bits int) crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	check(err)
	return key
}

func write(name string, key crypto.Signer, start, end time.Time, host string) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{host}, NotBefore: start, NotAfter: end,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	save(name+".crt", "CERTIFICATE", certificate)
	save(name+".key", "PRIVATE KEY", private)
}

func save(name, kind string, der []byte) {
	check(os.WriteFile(filepath.Join("testdata", "certs", name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
