package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// kubeletConfig is a KubeletConfiguration.
func kubeletConfig(cluster, dir string) map[string]any {
	return map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": filepath.Join(dir, "identity", "ca.crt")},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"cgroupDriver":             "cgroupfs",
		"cgroupRoot":               "/" + cgroupName(cluster),
		"cgroupsPerQOS":            true,
		"failCgroupV1":             false,
		"failSwapOn":               false,
		"containerRuntimeEndpoint": "unix://" + filepath.Join(dir, "containerd.sock"),
		"clusterDNS":               []string{dnsServiceAddress},
		"clusterDomain":            "cluster.local",
		"resolvConf":               filepath.Join(dir, "resolv.conf"),
		"maxPods":                  110,
		"serializeImagePulls":      false,
		"podLogsDir":               "/var/log/pods",
		"volumePluginDir":          filepath.Join(dir, "volume-plugins"),
		"staticPodPath":            "",
		// A developer's disk is often nearly full, and that is no reason to evict.
		"evictionHard": map[string]string{
			"memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "imagefs.available": "1%",
		},
		"imageGCHighThresholdPercent": 100,
		"imageGCLowThresholdPercent":  99,
		"runtimeRequestTimeout":       "2m",
	}
}

// startKubelet starts what makes the node a node; it needs containerd and the API.
func (c *Cluster) startKubelet(context.Context) error {
	config := filepath.Join(c.dir, "kubelet.json")
	if err := writeJSON(config, kubeletConfig(c.name, c.dir)); err != nil {
		return err
	}
	resolver := []byte("nameserver " + DNSAddress + "\n")
	if err := os.WriteFile(filepath.Join(c.dir, "resolv.conf"), resolver, 0o644); err != nil {
		return fmt.Errorf("writing resolv.conf: %w", err)
	}
	_, err := c.startKube("kubelet", "--config="+config, "--kubeconfig="+c.kubeconfigOf("kubelet"),
		"--hostname-override="+nodeName, "--node-ip="+NodeAddress,
		"--root-dir="+filepath.Join(c.dir, "kubelet"), "--cert-dir="+filepath.Join(c.dir, "kubelet-pki"))
	return err
}

// startKubeProxy starts what makes Services answer.
func (c *Cluster) startKubeProxy() error {
	_, err := c.startKube("kube-proxy", "--kubeconfig="+c.kubeconfigOf("kube-proxy"),
		"--hostname-override="+nodeName, "--proxy-mode=nftables", "--cluster-cidr="+PodRange,
		// The machine's limit of connections is not ours to set.
		"--conntrack-max-per-core=0", "--conntrack-min=0",
		"--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
		"--nodeport-addresses="+nodeNetwork)
	return err
}
