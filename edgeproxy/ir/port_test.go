package ir

import (
	"fmt"
	"strings"
	"testing"
)

func TestBindPortLeavesPrivilegedPorts(t *testing.T) {
	for port, want := range map[int32]int32{1: 10001, 80: 10080, 443: 10443, 1023: 11023, 1024: 1024, 8080: 8080, 65535: 65535} {
		if got := BindPort(port); got != want {
			t.Errorf("BindPort(%d) = %d, want %d", port, got, want)
		}
	}
	if !OwnPort(ReadyPort) || !OwnPort(HealthPort) || !OwnPort(StatsPort) || OwnPort(18999) || OwnPort(19010) {
		t.Error("the proxy's own ports are 19000 to 19009")
	}
}

func TestNoWayOfPrintingShowsAKey(t *testing.T) {
	gateway := Gateway{Secrets: []Secret{{Name: "a", Certificate: []byte("cert"), PrivateKey: []byte("hunter2")}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, gateway)
		if strings.Contains(text, "hunter2") || strings.Contains(text, "104 117") || strings.Contains(text, "0x68") {
			t.Errorf("%s shows the key: %s", verb, text)
		}
	}
}
