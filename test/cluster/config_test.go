package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/template"
)

func TestNamesFitWhereTheyAreUsed(t *testing.T) {
	for name, want := range map[string]bool{
		"edge": true, "e2e": true, "": false, "../x": false, "a-b": false, "E": false, "1a": false, "abcdefghijklmnopq": false,
	} {
		if got := checkName(name) == nil; got != want {
			t.Errorf("%q is accepted: %t, want %t", name, got, want)
		}
	}
}

func TestUnavailableIsFoundInWhatWrapsIt(t *testing.T) {
	var missing *Unavailable
	if err := fmt.Errorf("making envoy: %w", unavailable("%s is missing", "pip")); !errors.As(err, &missing) {
		t.Fatalf("%v is not found", err)
	}
	if want := "no cluster can run on this machine: pip is missing"; missing.Error() != want {
		t.Errorf("it says %q, want %q", missing.Error(), want)
	}
}

func TestHostsAreOnOneLinkWithTheRouter(t *testing.T) {
	seen := map[netip.Addr]string{}
	for _, h := range hostAddresses {
		for _, pair := range [][3]string{{h.address, h.router, h.length}, {h.address6, h.router6, h.length6}} {
			prefix := netip.MustParsePrefix(pair[0] + pair[2]).Masked()
			if !prefix.Contains(netip.MustParseAddr(pair[1])) {
				t.Errorf("the router of %s, %s, is not in %s", h.host, pair[1], prefix)
			}
			if other := seen[prefix.Addr()]; other != "" {
				t.Errorf("%s and %s share %s", h.host, other, prefix)
			}
			seen[prefix.Addr()] = h.host
		}
	}
	lines := strings.Join(routerLines("x"), "\n")
	for _, want := range []string{
		"link add node type veth peer name eth0 netns eg-x-node", "route add 203.0.113.0/24 via 198.51.100.202",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("the router's lines lack %q", want)
		}
	}
	for _, private := range []string{PodRange, ServiceRange} {
		if strings.Contains(lines, private) {
			t.Errorf("the router knows a way to %s", private)
		}
	}
}

func TestConfigurationsStayInTheClustersFolder(t *testing.T) {
	var containerd strings.Builder
	values := containerdConfig{Dir: "/d", Socket: "/d/s", Tools: "/t", Pause: PauseImage, Runc: "/r"}
	if err := template.Must(template.New("").Parse(containerdTemplate)).Execute(&containerd, values); err != nil {
		t.Fatal(err)
	}
	kubelet, err := json.Marshal(kubeletConfig("x", "/d"))
	if err != nil {
		t.Fatal(err)
	}
	for want, text := range map[string]string{
		`root = "/d/containerd"`:                containerd.String(),
		`netns_mounts_under_state_dir = true`:   containerd.String(),
		`restrict_oom_score_adj = true`:         containerd.String(),
		`sandbox = "edgegateway.dev/pause:1"`:   containerd.String(),
		`"cgroupRoot":"/eg-x"`:                  string(kubelet),
		`"failCgroupV1":false`:                  string(kubelet),
		`"clusterDNS":["198.19.0.10"]`:          string(kubelet),
		`"volumePluginDir":"/d/volume-plugins"`: string(kubelet),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}

func TestOnlyLiteralsAreDialed(t *testing.T) {
	for address, want := range map[string]bool{
		"198.51.100.10:80": true, "[2001:db8::1]:80": true, "localhost:80": false, "198.51.100.10": false, ":80": false,
	} {
		if got := checkLiteral(address) == nil; got != want {
			t.Errorf("%q is accepted: %t, want %t", address, got, want)
		}
	}
}

func TestStartTimeTellsProcessesApart(t *testing.T) {
	own := startTime(os.Getpid())
	if own == "" || own != startTime(os.Getpid()) {
		t.Errorf("the own start time is %q", own)
	}
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Skip("no sleep here")
	}
	if startTime(child.Process.Pid) == "" {
		t.Error("a live process has no start time")
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if got := startTime(child.Process.Pid); got != "" {
		t.Errorf("a dead process has the start time %q", got)
	}
}
