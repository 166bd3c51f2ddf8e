package manual

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/providers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// class is the input file class.yaml.
type class struct {
	AddressRanges  []netip.Prefix `json:"addressRanges"`
	ProxyProtocol  bool           `json:"proxyProtocol"`
	TrustedSources []netip.Prefix `json:"trustedSources"`
}

// TestGolden takes the gateways of a case one after the other through the whole engine, and shows what is published at the end.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inputs, provider, published, docs := settled(t, archive)
	_, document, _ := ownDocument(published)
	ref := parseRef(document.Name)
	outputs := []txtar.File{{Name: "status.txt", Data: []byte(statusText(provider.Report(published)))}}
	for _, name := range []string{fileData, fileHAProxy, fileNginx, fileSheet} {
		outputs = append(outputs, txtar.File{Name: name, Data: []byte(docs.docs[ref].Data[name])})
	}
	got := txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: append(inputs.Files, outputs...)})
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(txtar.Format(archive)), string(got)); diff != "" {
		t.Errorf("%s is not what comes out (-want +got; -update rewrites it):\n%s", file, diff)
	}
	t.Run("haproxy", func(t *testing.T) { checkHAProxy(t, docs.docs[ref].Data[fileHAProxy]) })
	t.Run("nginx", func(t *testing.T) { checkNginx(t, docs.docs[ref].Data[fileNginx]) })
}

// settled takes a case's gateways through the engine, and returns the case's inputs, and what there is at the end.
func settled(t *testing.T, archive *txtar.Archive) (inputs *txtar.Archive, provider *Provider, published providers.Graph, docs *memory) {
	t.Helper()
	docs, inputs = newMemory(), &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		switch {
		case f.Name == "class.yaml":
			var given class
			read(t, f.Data, &given)
			provider = New(Config{
				AddressRanges: given.AddressRanges, ProxyProtocol: given.ProxyProtocol, TrustedSources: given.TrustedSources, Documents: docs,
			})
		case strings.HasPrefix(f.Name, "gateway"):
			published = settle(t, provider, testOwner, gatewayIn(t, f))
		default:
			continue // an output
		}
		inputs.Files = append(inputs.Files, f)
	}
	return inputs, provider, published, docs
}

func gatewayIn(t *testing.T, file txtar.File) providers.Gateway {
	t.Helper()
	var gw providers.Gateway
	read(t, file.Data, &gw)
	return gw
}

func read(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		t.Fatal(err)
	}
}

func statusText(status providers.Status) string {
	var text strings.Builder
	fmt.Fprintf(&text, "addresses: %s\n", strings.Join(status.Addresses, " "))
	fmt.Fprintf(&text, "addressed: %s %s: %s\n", status.Addressed.State, status.Addressed.Reason, status.Addressed.Message)
	fmt.Fprintf(&text, "provisioned: %s %s: %s\n", status.Provisioned.State, status.Provisioned.Reason, status.Provisioned.Message)
	return text.String()
}

// binary skips a test, loudly, where a program is not installed.
func binary(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Skipf("SKIPPED, NOT PASSED: %s is not installed, so its configuration is not checked here", name)
	}
	return path
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkHAProxy gives a configuration to HAProxy; its warnings count as well. Without the variables that it asks for, it must be refused.
func checkHAProxy(t *testing.T, config string) {
	program := binary(t, "haproxy")
	path := writeFile(t, "haproxy.cfg", config)
	set := []string{"EDGE_ADDRESS_V4=203.0.113.1", "EDGE_ADDRESS_V6=2001:db8:1::1"}
	out, err := run(program, set, "-c", "-f", path)
	if err != nil || strings.Contains(out, "WARNING") || strings.Contains(out, "ALERT") {
		t.Errorf("haproxy -c: %v\n%s", err, out)
	}
	if !strings.Contains(config, "EDGE_ADDRESS") {
		set = nil
		if out, err := run(program, set, "-c", "-f", path); err != nil {
			t.Errorf("haproxy -c without variables: %v\n%s", err, out)
		}
		return
	}
	if out, err := run(program, nil, "-c", "-f", path); err == nil || !strings.Contains(out, "set the environment variable EDGE_ADDRESS") {
		t.Errorf("haproxy -c without variables: %v\n%s\nwant an error that says which to set", err, out)
	}
}

// listened finds the addresses that nginx would bind. nginx -t binds them really, so the test puts this machine's own in their place.
var listened = regexp.MustCompile(`listen (\[[0-9a-f:]+\]|[0-9.]+):`)

func checkNginx(t *testing.T, config string) {
	program := binary(t, "nginx")
	local := listened.ReplaceAllStringFunc(config, func(found string) string {
		if strings.Contains(found, "[") {
			return "listen [::1]:"
		}
		return "listen 127.0.0." + found[strings.LastIndex(found, ".")+1:]
	})
	out, err := run(program, nil, "-t", "-c", writeFile(t, "nginx.conf", local), "-g", "pid "+filepath.Join(t.TempDir(), "pid")+";")
	if err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
}

func run(program string, env []string, args ...string) (string, error) {
	var out bytes.Buffer
	command := exec.Command(program, args...)
	command.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, env...)
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err
}
