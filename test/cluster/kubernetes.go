package cluster

import (
	"context"
	"path/filepath"
)

// startControlPlane returns when the API server is ready; the others come up behind it.
func (c *Cluster) startControlPlane(ctx context.Context) error {
	etcd, err := c.startKube("etcd", c.etcdFlags()...)
	if err != nil {
		return err
	}
	// The API server waits for etcd by itself, and much of its start doesn't need it.
	apiserver, err := c.startKube("kube-apiserver", c.apiserverFlags()...)
	if err != nil {
		return err
	}
	err = c.await(ctx, "the API server", apiserver, func(ctx context.Context) bool {
		select {
		case <-etcd.Done():
			// Its log is the one to read.
			return true
		default:
			return c.api.get(ctx, "/readyz", nil) == nil
		}
	})
	if err != nil {
		return err
	}
	if err := c.await(ctx, "etcd", etcd, func(context.Context) bool { return true }); err != nil {
		return err
	}
	if _, err := c.startKube("kube-controller-manager", c.controllerManagerFlags()...); err != nil {
		return err
	}
	_, err = c.startKube("kube-scheduler", "--kubeconfig="+c.kubeconfigOf("kube-scheduler"),
		"--leader-elect=false", "--secure-port=0")
	return err
}

func (c *Cluster) kubeconfigOf(identity string) string {
	return filepath.Join(c.identityDir(), identity+".kubeconfig")
}

func (c *Cluster) etcdFlags() []string {
	return []string{
		"--name=node", "--data-dir=" + filepath.Join(c.dir, "etcd"),
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=node=http://127.0.0.1:2380",
		// What a crash would lose is thrown away anyway.
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (c *Cluster) apiserverFlags() []string {
	file := func(name string) string { return filepath.Join(c.identityDir(), name) }
	return []string{
		"--etcd-servers=http://127.0.0.1:2379",
		"--bind-address=0.0.0.0", "--advertise-address=" + NodeAddress, "--secure-port=" + apiPort,
		"--tls-cert-file=" + file("apiserver.crt"), "--tls-private-key-file=" + file("apiserver.key"),
		"--client-ca-file=" + file("ca.crt"), "--token-auth-file=" + file("tokens.csv"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--allow-privileged", "--service-cluster-ip-range=" + ServiceRange,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + file("service-account.key"),
		"--service-account-signing-key-file=" + file("service-account.key"),
		"--kubelet-client-certificate=" + file("kubelet-client.crt"),
		"--kubelet-client-key=" + file("kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--profiling=false",
	}
}

func (c *Cluster) controllerManagerFlags() []string {
	file := func(name string) string { return filepath.Join(c.identityDir(), name) }
	return []string{
		"--kubeconfig=" + c.kubeconfigOf("kube-controller-manager"),
		"--leader-elect=false", "--secure-port=0", "--use-service-account-credentials",
		"--service-account-private-key-file=" + file("service-account.key"),
		"--root-ca-file=" + file("ca.crt"),
		"--flex-volume-plugin-dir=" + filepath.Join(c.dir, "volume-plugins"),
		"--cluster-signing-cert-file=" + file("ca.crt"), "--cluster-signing-key-file=" + file("ca.key"),
	}
}
