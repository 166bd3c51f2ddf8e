package xds

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

var bootstrapConfig = BootstrapConfig{
	Host: "edgegateway-xds.edgegateway-system.svc", Port: 18000, ServerName: "edgegateway-xds.edgegateway-system.svc",
	Dir: "/etc/edgegateway", CAPath: "/var/run/edgegateway/ca/ca.crt", TokenPath: "/var/run/edgegateway/token/token",
	AdminSocket: "/var/run/edgegateway/admin/admin.sock", MaxHeapBytes: 1 << 30,
}

// TestBootstrap compares all files of a bootstrap. A real Envoy starts with them in package server.
func TestBootstrap(t *testing.T) {
	bootstrap, err := Bootstrap(bootstrapConfig)
	if err != nil {
		t.Fatal(err)
	}
	files := BootstrapFiles(bootstrapConfig)
	got := bytes.Join([][]byte{bootstrap, files[CAFile], files[TokenFile]}, []byte("---\n"))
	const file = "testdata/bootstrap.yaml"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestBootstrapNeedsItsFacts(t *testing.T) {
	for _, spoil := range []func(*BootstrapConfig){
		func(c *BootstrapConfig) { c.Host = "" }, func(c *BootstrapConfig) { c.Port = 0 }, func(c *BootstrapConfig) { c.ServerName = "" },
		func(c *BootstrapConfig) { c.Dir = "" }, func(c *BootstrapConfig) { c.CAPath = "" }, func(c *BootstrapConfig) { c.TokenPath = "" },
	} {
		config := bootstrapConfig
		spoil(&config)
		if _, err := Bootstrap(config); err == nil {
			t.Errorf("%+v made a bootstrap", config)
		}
	}
}

// TestSecretStaysSecret: no problem with a certificate shows a byte of its key.
func TestSecretStaysSecret(t *testing.T) {
	for _, name := range []string{"mismatched", "small", "ed"} {
		secrets := []ir.Secret{{Name: name}}
		fillSecrets(t, secrets)
		key := string(slices.Clone(secrets[0].PrivateKey))
		_, problems := BuildSecret(secrets[0])
		if len(problems) != 1 {
			t.Fatalf("%s: %d problems", name, len(problems))
		}
		for line := range strings.Lines(key) {
			if strings.Contains(problems[0].Message, strings.TrimSpace(line)) {
				t.Errorf("%s: %s", name, problems[0].Message)
			}
		}
	}
}

// TestRegexSize: what unfolds to more than RE2 can take is refused here, and what is refused by nobody isn't.
func TestRegexSize(t *testing.T) {
	for pattern, fits := range map[string]bool{
		`/[a-z]{1,200}/.*`: true, `(/[^/]+){1,30}`: true, `[\pL]{900}`: false, `((a{99}){10}b){10}`: false,
		"": false, strings.Repeat("a", 1025): false, `(?<name>a)`: true, `(?=a)`: false, `\Ca`: false,
	} {
		if err := checkRegex(pattern); (err == nil) != fits {
			t.Errorf("%.40q: %v", pattern, err)
		}
	}
}
