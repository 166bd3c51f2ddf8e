package identity

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"
)

// fakeCA is a CA whose certificate was made at a time; it signs nothing.
func fakeCA(made time.Time) signer {
	return signer{certificate: &x509.Certificate{NotBefore: made.Add(-backdate), NotAfter: made.Add(lifetime - backdate)}}
}

func TestRotation(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	cases := []struct {
		name string
		made []time.Duration // newest first, after start
		now  time.Duration
		want rotation
	}{
		{"none is made where there is none", nil, 0, rotation{add: true}},
		{"a new one is left alone", []time.Duration{0}, day, rotation{keep: 1}},
		{"one with more than a third left is left alone", []time.Duration{0}, 243 * day, rotation{keep: 1}},
		{"one with less than a third left gets a successor", []time.Duration{0}, 244 * day, rotation{keep: 1, add: true}},
		{"a successor gets no other", []time.Duration{244 * day, 0}, 250 * day, rotation{keep: 2}},
		{"both are kept until the older one ends", []time.Duration{244 * day, 0}, 364 * day, rotation{keep: 2}},
		{"the older one goes when it has ended", []time.Duration{244 * day, 0}, 365 * day, rotation{keep: 1}},
		{"all ended: one is made anew", []time.Duration{0}, 400 * day, rotation{add: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var a authority
			for _, made := range c.made {
				a = append(a, fakeCA(start.Add(made)))
			}
			if got := rotationOf(a, start.Add(c.now)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSigning(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		name string
		made []time.Duration
		now  time.Duration
		want int // index, -1: an error
	}{
		{"the only one signs at once", []time.Duration{0}, 0, 0},
		{"a successor does not sign before every proxy can have it", []time.Duration{1000 * time.Hour, 0}, 1023 * time.Hour, 1},
		{"it signs after a day", []time.Duration{1000 * time.Hour, 0}, 1024 * time.Hour, 0},
		{"of two new ones the older signs", []time.Duration{2 * time.Hour, time.Hour}, 3 * time.Hour, 1},
		{"one that has ended does not sign", []time.Duration{0}, 9000 * time.Hour, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var a authority
			for _, made := range c.made {
				a = append(a, fakeCA(start.Add(made)))
			}
			got, err := a.signing(start.Add(c.now))
			if c.want < 0 {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.certificate != a[c.want].certificate {
				t.Errorf("signed by the one of %v", got.certificate.NotBefore)
			}
		})
	}
}

func TestTheSecretIsReadAsItWasWritten(t *testing.T) {
	now := time.Now()
	first, _, err := authority(nil).rotated(now)
	if err != nil {
		t.Fatal(err)
	}
	both, changed, err := first.rotated(now.Add(lifetime * 3 / 4))
	if err != nil || !changed || len(both) != 2 {
		t.Fatalf("rotated to %d CAs, changed %v, error %v", len(both), changed, err)
	}
	data, err := both.data()
	if err != nil {
		t.Fatal(err)
	}
	read, err := parseAuthority(data)
	if err != nil {
		t.Fatal(err)
	}
	if string(read.bundle()) != string(both.bundle()) {
		t.Error("the bundle differs")
	}
	for i := range read {
		if !read[i].key.Equal(both[i].key) {
			t.Errorf("the key of CA %d differs", i)
		}
	}
	if strings.Contains(string(both.bundle()), "PRIVATE") {
		t.Error("the bundle holds a key")
	}
}

func TestASecretThatAPersonWroteIsRefused(t *testing.T) {
	made, _, err := authority(nil).rotated(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	data, err := made.data()
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := authority(nil).rotated(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	others, err := other.data()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]map[string][]byte{
		"empty":           {},
		"no certificate":  {keysKey: data[keysKey]},
		"no key":          {bundleKey: data[bundleKey]},
		"another CA's":    {bundleKey: data[bundleKey], keysKey: others[keysKey]},
		"not a key":       {bundleKey: data[bundleKey], keysKey: data[bundleKey]},
		"not certificate": {bundleKey: data[keysKey], keysKey: data[keysKey]},
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := parseAuthority(content); err == nil {
				t.Error("no error")
			} else if strings.Contains(err.Error(), "-----") {
				t.Errorf("the error quotes the Secret: %v", err)
			}
		})
	}
}

func TestRenewal(t *testing.T) {
	now := time.Now()
	made, _, err := authority(nil).rotated(now)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := authority(nil).rotated(now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issue(made[0], serverNames("xds", "system"), now)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		leaf *x509.Certificate
		by   signer
		at   time.Duration
		want bool
	}{
		{"none", nil, made[0], 0, true},
		{"new", leaf.Leaf, made[0], 0, false},
		{"half its life", leaf.Leaf, made[0], leafLifetime / 2, false},
		{"a third left", leaf.Leaf, made[0], leafLifetime * 2 / 3, true},
		{"another CA signs", leaf.Leaf, other[0], 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := renewalDue(c.leaf, c.by, now.Add(c.at)); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestALeafDoesNotOutliveItsCA(t *testing.T) {
	now := time.Now()
	made, _, err := authority(nil).rotated(now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issue(made[0], serverNames("xds", "system"), made[0].certificate.NotAfter.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if leaf.Leaf.NotAfter.After(made[0].certificate.NotAfter) {
		t.Errorf("it ends %v, the CA %v", leaf.Leaf.NotAfter, made[0].certificate.NotAfter)
	}
}
