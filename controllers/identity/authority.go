package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

const (
	// lifetime of a CA certificate. Its successor is made when less than a third is left, and both are trusted until the older one ends.
	lifetime = 365 * 24 * time.Hour
	// settling is how long a new CA is published before anything is signed by it: every proxy's copy of the bundle must have it by then.
	settling = 24 * time.Hour
	// backdate of every certificate, for clocks that are late.
	backdate = time.Hour

	bundleKey = "ca.crt"
	keysKey   = "ca.key"
)

// signer is a CA certificate and its key.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// authority is what the Secret holds: CAs that proxies trust, newest first.
type authority []signer

// parseAuthority reads the Secret's content. An error means that a person wrote it: it is not overwritten.
func parseAuthority(data map[string][]byte) (authority, error) {
	var keys []*ecdsa.PrivateKey
	for block, rest := pem.Decode(data[keysKey]); block != nil; block, rest = pem.Decode(rest) {
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			// The parser's own words could quote the key.
			return nil, fmt.Errorf("reading %s: a block is not an EC private key", keysKey)
		}
		keys = append(keys, key)
	}
	var read authority
	for block, rest := pem.Decode(data[bundleKey]); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", bundleKey, err)
		}
		index := slices.IndexFunc(keys, func(key *ecdsa.PrivateKey) bool { return key.PublicKey.Equal(certificate.PublicKey) })
		if index < 0 {
			return nil, fmt.Errorf("reading %s: it has no key for certificate %q", keysKey, certificate.Subject.CommonName)
		}
		read = append(read, signer{certificate: certificate, key: keys[index]})
	}
	if len(read) == 0 {
		return nil, fmt.Errorf("reading %s: it holds no certificate", bundleKey)
	}
	slices.SortStableFunc(read, func(a, b signer) int { return b.certificate.NotBefore.Compare(a.certificate.NotBefore) })
	return read, nil
}

// data is the Secret's content.
func (a authority) data() (map[string][]byte, error) {
	var keys bytes.Buffer
	for _, s := range a {
		der, err := x509.MarshalECPrivateKey(s.key)
		if err != nil {
			return nil, errors.New("writing the CA's key: it can't be marshalled")
		}
		keys.Write(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	}
	return map[string][]byte{bundleKey: a.bundle(), keysKey: keys.Bytes()}, nil
}

// bundle is what proxies trust, as PEM.
func (a authority) bundle() []byte {
	var out bytes.Buffer
	for _, s := range a {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw}))
	}
	return out.Bytes()
}

// rotation is what must become of an authority.
type rotation struct {
	// keep so many of the newest CAs; the others have expired.
	keep int
	// add a new CA.
	add bool
}

// rotationOf decides. It is pure.
func rotationOf(a authority, now time.Time) rotation {
	var r rotation
	for _, s := range a {
		if now.Before(s.certificate.NotAfter) {
			r.keep++
		}
	}
	if r.keep == 0 {
		return rotation{add: true}
	}
	newest := a[0].certificate
	whole := newest.NotAfter.Sub(newest.NotBefore)
	r.add = newest.NotAfter.Sub(now) < whole/3
	return r
}

// rotated does what rotationOf decides, and reports whether anything changed.
func (a authority) rotated(now time.Time) (authority, bool, error) {
	r := rotationOf(a, now)
	if !r.add && r.keep == len(a) {
		return a, false, nil
	}
	next := slices.DeleteFunc(slices.Clone(a), func(s signer) bool { return !now.Before(s.certificate.NotAfter) })
	if r.add {
		made, err := newSigner(now)
		if err != nil {
			return nil, false, err
		}
		next = append(authority{made}, next...)
	}
	return next, true, nil
}

// signing returns the CA that signs now: the newest one that every proxy has had time to learn of. It is pure.
func (a authority) signing(now time.Time) (signer, error) {
	var valid authority
	for _, s := range a {
		if now.Before(s.certificate.NotAfter) && !now.Before(s.certificate.NotBefore) {
			valid = append(valid, s)
		}
	}
	if len(valid) == 0 {
		return signer{}, errors.New("no CA certificate is valid now")
	}
	for _, s := range valid {
		if now.Sub(s.certificate.NotBefore) >= backdate+settling {
			return s, nil
		}
	}
	// All are new: the oldest has been published longest.
	return valid[len(valid)-1], nil
}

func newSigner(now time.Time) (signer, error) {
	key, serial, err := newKey()
	if err != nil {
		return signer{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// No two CAs have the same name, so that no verifier mistakes one for the other.
		Subject:               pkix.Name{CommonName: fmt.Sprintf("edgegateway xDS CA %x", serial.Bytes()[:4])},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(lifetime - backdate),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return signer{}, fmt.Errorf("making a CA certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return signer{}, fmt.Errorf("reading the CA certificate just made: %w", err)
	}
	return signer{certificate: certificate, key: key}, nil
}

// newKey makes a key and a serial number of 16 bytes.
func newKey() (*ecdsa.PrivateKey, *big.Int, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return nil, nil, fmt.Errorf("making a serial number: %w", err)
	}
	// Positive, and of full length.
	raw[0] = raw[0]&0x7f | 0x40
	return key, new(big.Int).SetBytes(raw), nil
}
