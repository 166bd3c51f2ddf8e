package cluster

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// identity is someone whom the API server knows by a token.
type identity struct {
	// name is that of the files: NAME.token, NAME.kubeconfig.
	name, user, groups string
}

// nodeName is the only node's.
const nodeName = "node"

// identities are the same that every Kubernetes has rules for, so permissions are as tight as in production.
var identities = []identity{
	{"admin", "admin", "system:masters"},
	{"kubelet", "system:node:" + nodeName, "system:nodes"},
	{"kube-controller-manager", "system:kube-controller-manager", ""},
	{"kube-scheduler", "system:kube-scheduler", ""},
	{"kube-proxy", "system:kube-proxy", ""},
}

// writeIdentities makes all keys, certificates, tokens and kubeconfigs, in c.dir/identity.
func (c *Cluster) writeIdentities() error {
	dir := c.identityDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making %s: %w", dir, err)
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	names := []string{
		NodeAddress, "127.0.0.1", apiServiceAddress, "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	}
	if err := ca.issue("apiserver", "kube-apiserver", nil, names); err != nil {
		return err
	}
	if err := ca.issue("kubelet-client", "kube-apiserver-kubelet-client", []string{"system:masters"}, nil); err != nil {
		return err
	}
	if _, err := newKey(filepath.Join(dir, "service-account.key")); err != nil {
		return err
	}
	var table strings.Builder
	for _, id := range identities {
		token, err := newToken()
		if err != nil {
			return err
		}
		fmt.Fprintf(&table, "%s,%s,%s", token, id.user, id.name)
		if id.groups != "" {
			fmt.Fprintf(&table, ",%q", id.groups)
		}
		table.WriteByte('\n')
		if err := os.WriteFile(filepath.Join(dir, id.name+".token"), []byte(token), 0o600); err != nil {
			return fmt.Errorf("writing the token of %s: %w", id.name, err)
		}
		path := filepath.Join(dir, id.name+".kubeconfig")
		if err := c.writeKubeconfig(path, "https://"+NodeAddress+":"+apiPort, token); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tokens.csv"), []byte(table.String()), 0o600); err != nil {
		return fmt.Errorf("writing the table of tokens: %w", err)
	}
	return nil
}

func (c *Cluster) identityDir() string { return filepath.Join(c.dir, "identity") }

func (c *Cluster) writeKubeconfig(path, server, token string) error {
	ca, err := os.ReadFile(filepath.Join(c.identityDir(), "ca.crt"))
	if err != nil {
		return fmt.Errorf("reading the CA: %w", err)
	}
	return writeJSON(path, map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": c.name,
		"clusters": []map[string]any{{"name": c.name, "cluster": map[string]any{
			"server": server, "certificate-authority-data": base64.StdEncoding.EncodeToString(ca),
		}}},
		"users":    []map[string]any{{"name": c.name, "user": map[string]any{"token": token}}},
		"contexts": []map[string]any{{"name": c.name, "context": map[string]any{"cluster": c.name, "user": c.name}}},
	})
}
