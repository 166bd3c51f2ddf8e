package xds

import (
	"os"
	"testing"
)

func TestBootstrapNeedsItsFacts(t *testing.T) {
	if _, err := Bootstrap(BootstrapConfig{}); err == nil {
		t.Error("an empty configuration made a bootstrap")
	}
}

func TestDump(t *testing.T) {
	config := BootstrapConfig{Host: "127.0.0.1", Port: 18000, ServerName: "xds.local", Dir: "/tmp/bt", CAPath: "/tmp/bt/ca/ca.crt", TokenPath: "/tmp/bt/token/token", AdminSocket: "/tmp/bt/admin.sock", MaxHeapBytes: 1 << 30}
	b, err := Bootstrap(config)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/bt/bootstrap.yaml", b, 0o644)
	for n, d := range BootstrapFiles(config) {
		os.WriteFile("/tmp/bt/"+n, d, 0o644)
	}
}
