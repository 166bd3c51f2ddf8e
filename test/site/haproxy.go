package site

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// Handoff is what the operator published for the ops team.
type Handoff struct {
	Hash string
	// Documents by their file names.
	Documents map[string]string
}

// Handoff reads the hand-off of a gateway, once there is one.
func (s *Site) Handoff(ctx context.Context, namespace, gateway string) (Handoff, error) {
	var handoff Handoff
	err := Until(ctx, time.Minute, func(ctx context.Context) error {
		out, err := s.Kubectl(ctx, "get", "edgegateway", gateway, "-n", namespace, "-o", "jsonpath={.status.handoff.hash}|{.status.handoff.configMap}")
		if err != nil {
			return err
		}
		var name string
		if handoff.Hash, name, err = cutPair(out); err != nil {
			status, _ := s.Kubectl(ctx, "get", "edgegateway", gateway, "-n", namespace, "-o", "jsonpath={.status.conditions}")
			return fmt.Errorf("no hand-off of %s yet: %s", gateway, status)
		}
		object, err := s.Kubectl(ctx, "get", "configmap", name, "-n", namespace, "-o", "json")
		if err != nil {
			return err
		}
		var configMap struct{ Data map[string]string }
		err = json.Unmarshal([]byte(object), &configMap)
		handoff.Documents = configMap.Data
		return err
	})
	return handoff, err
}

// StartHAProxy plays the ops team: it gives the data centre the addresses and runs HAProxy there with exactly this configuration. The
// configuration's variables EDGE_ADDRESS_V4 and EDGE_ADDRESS_V6 are the addresses.
func (s *Site) StartHAProxy(ctx context.Context, name, config string, addresses ...netip.Addr) (*Daemon, error) {
	host := s.Host(cluster.DatacenterHost)
	var env []string
	for _, address := range addresses {
		if err := host.AddAddress(ctx, address); err != nil {
			return nil, err
		}
		variable := "EDGE_ADDRESS_V4="
		if address.Is6() {
			variable = "EDGE_ADDRESS_V6="
		}
		env = append(env, variable+address.String())
	}
	path := filepath.Join(s.Dir, name+".cfg")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		return nil, fmt.Errorf("writing HAProxy's configuration: %w", err)
	}
	daemon, err := s.start(host, name, env, "haproxy", "-db", "-f", path)
	if err != nil {
		return nil, err
	}
	// A configuration that it can't use ends it at once.
	select {
	case <-daemon.done:
		return nil, daemon.Exited()
	case <-time.After(300 * time.Millisecond):
		return daemon, nil
	}
}

// Ack answers a hand-off.
func (s *Site) Ack(ctx context.Context, namespace, gateway, hash string, addresses ...netip.Addr) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"manual": map[string]any{"ack": map[string]any{"hash": hash, "addresses": addresses}}}})
	if err != nil {
		return fmt.Errorf("writing the ack: %w", err)
	}
	_, err = s.Kubectl(ctx, "patch", "edgegateway", gateway, "-n", namespace, "--type", "merge", "-p", string(patch))
	return err
}
