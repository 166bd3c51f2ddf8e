package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
)

// containerdTemplate keeps all of containerd in the cluster's folder. restrict_oom_score_adj is for machines without
// CAP_SYS_RESOURCE, where every sandbox would fail otherwise.
const containerdTemplate = `version = 3
root = "{{.Dir}}/containerd"
state = "{{.Dir}}/containerd-state"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.restart"]

[grpc]
  address = "{{.Socket}}"

[ttrpc]
  address = "{{.Socket}}.ttrpc"

[plugins."io.containerd.internal.v1.opt"]
  path = "{{.Dir}}/containerd-opt"

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{{.Pause}}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{{.Tools}}"]
    conf_dir = "{{.Dir}}/cni"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "{{.Runc}}"
        SystemdCgroup = false
`

// containerdConfig are the values of containerdTemplate.
type containerdConfig struct {
	Dir, Socket, Tools, Pause, Runc string
}

// podNetwork is the CNI configuration. Pods hang on the node by a link each, not on a bridge: what goes from pod to pod
// is routed, so Services work without br_netfilter. What leaves for other hosts has the node's address.
func podNetwork(dir string) map[string]any {
	link := map[string]any{
		"type": "ptp", "ipMasq": true, "ipMasqBackend": "nftables",
		"ipam": map[string]any{
			"type": "host-local", "dataDir": filepath.Join(dir, "cni-addresses"),
			"ranges": [][]map[string]string{{{"subnet": PodRange}}},
			"routes": []map[string]string{{"dst": "0.0.0.0/0"}},
		},
	}
	hostPorts := map[string]any{
		"type": "portmap", "backend": "nftables", "capabilities": map[string]bool{"portMappings": true},
	}
	return map[string]any{"cniVersion": "1.0.0", "name": "pods", "plugins": []map[string]any{link, hostPorts}}
}

func (c *Cluster) containerdSocket() string { return filepath.Join(c.dir, "containerd.sock") }

func (c *Cluster) writeContainerdConfig() error {
	runc, err := exec.LookPath("runc")
	if err != nil {
		return unavailable("runc is missing")
	}
	file, err := os.Create(filepath.Join(c.dir, "containerd.toml"))
	if err != nil {
		return fmt.Errorf("making containerd's configuration: %w", err)
	}
	values := containerdConfig{
		Dir: c.dir, Socket: c.containerdSocket(), Tools: c.parts.Tools, Pause: PauseImage, Runc: runc,
	}
	if err := template.Must(template.New("containerd").Parse(containerdTemplate)).Execute(file, values); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing containerd's configuration: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing containerd's configuration: %w", err)
	}
	return writeJSON(filepath.Join(c.dir, "cni", "pods.conflist"), podNetwork(c.dir))
}

// startContainerd returns when containerd answers and has the image of pause.
func (c *Cluster) startContainerd(ctx context.Context, images map[string]string) error {
	if err := c.writeContainerdConfig(); err != nil {
		return err
	}
	path := c.parts.Tools + ":" + os.Getenv("PATH")
	process, err := c.startOnNode("containerd", "env", "PATH="+path, filepath.Join(c.parts.Tools, "containerd"),
		"--config", filepath.Join(c.dir, "containerd.toml"))
	if err != nil {
		return err
	}
	err = c.await(ctx, "containerd", process, func(context.Context) bool {
		connection, err := net.Dial("unix", c.containerdSocket())
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	return c.LoadImage(ctx, images["pause"])
}

// writeJSON also serves where YAML is asked for, which JSON is.
func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("rendering %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making a folder for %s: %w", path, err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
