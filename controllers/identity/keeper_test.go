package identity

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
)

// replicaOf makes a replica whose clock the test moves.
func replicaOf(client *fake.Clientset, clock *time.Time) *Authority {
	a := newAuthority(client, Config{Namespace: "system", Service: "edgegateway-xds"})
	a.now = func() time.Time { return *clock }
	return a
}

func refreshed(t *testing.T, a *Authority) {
	t.Helper()
	if err := a.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestReplicasShareOneCA(t *testing.T) {
	client := fake.NewClientset()
	now := time.Now()
	replicas := make([]*Authority, 4)
	var race sync.WaitGroup
	for i := range replicas {
		replicas[i] = replicaOf(client, &now)
		race.Go(func() {
			if err := replicas[i].refresh(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	race.Wait()
	for i, replica := range replicas {
		if string(replica.Bundle()) != string(replicas[0].Bundle()) || replica.Bundle() == nil {
			t.Errorf("replica %d has another bundle", i)
		}
	}
}

func TestWhoLosesTheRaceToCreateReads(t *testing.T) {
	elsewhere := fake.NewClientset()
	now := time.Now()
	refreshed(t, replicaOf(elsewhere, &now))
	first, err := elsewhere.CoreV1().Secrets("system").Get(t.Context(), secretName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewClientset()
	raced := false
	client.PrependReactor("create", "secrets", func(k8stesting.Action) (bool, runtime.Object, error) {
		if raced {
			return false, nil, nil
		}
		raced = true
		return false, nil, client.Tracker().Add(first)
	})
	second := replicaOf(client, &now)
	refreshed(t, second)
	if !raced || string(first.Data[bundleKey]) != string(second.Bundle()) {
		t.Error("two CAs")
	}
}

func TestRotationOverlaps(t *testing.T) {
	client := fake.NewClientset()
	now := time.Now()
	one, two := replicaOf(client, &now), replicaOf(client, &now)
	told := 0
	one.OnChange(func() { told++ })
	refreshed(t, one)
	refreshed(t, two)
	old := one.Bundle()

	now = now.Add(lifetime * 3 / 4)
	refreshed(t, one)
	if told != 2 {
		t.Errorf("told %d times of 2 changes", told)
	}
	if blocks := certificatesIn(one.Bundle()); blocks != 2 {
		t.Fatalf("%d CAs are trusted, want 2", blocks)
	}
	if !verifies(one, old) {
		t.Error("a proxy that has only the old CA is shut out at once")
	}
	now = now.Add(settling + backdate)
	refreshed(t, two)
	if verifies(two, old) {
		t.Error("the old CA still signs after the new one has settled")
	}
	if !verifies(two, one.Bundle()) {
		t.Error("the new certificate is not in the bundle")
	}
	now = now.Add(lifetime / 4)
	refreshed(t, one)
	if blocks := certificatesIn(one.Bundle()); blocks != 1 {
		t.Errorf("%d CAs are trusted after the old one ended, want 1", blocks)
	}
}

func certificatesIn(bundle []byte) int { return bytes.Count(bundle, []byte("BEGIN CERTIFICATE")) }

func verifies(a *Authority, bundle []byte) bool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bundle)
	leaf, _, err := a.current()
	if err != nil {
		return false
	}
	_, err = leaf.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "edgegateway-xds.system.svc", CurrentTime: a.now()})
	return err == nil
}

func TestADeletedSecretIsWrittenAgainAsItWas(t *testing.T) {
	client := fake.NewClientset()
	now := time.Now()
	a := replicaOf(client, &now)
	refreshed(t, a)
	before := string(a.Bundle())
	if err := client.CoreV1().Secrets("system").Delete(t.Context(), secretName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	refreshed(t, a)
	if string(a.Bundle()) != before {
		t.Error("proxies would trust us no more")
	}
}

func TestWhatIsKnownStaysWhileTheAPIIsAway(t *testing.T) {
	client := fake.NewClientset()
	now := time.Now()
	a := replicaOf(client, &now)
	if a.Ready() == nil {
		t.Error("ready before anything was read")
	}
	refreshed(t, a)
	client.PrependReactor("get", "secrets", func(k8stesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("away")
	})
	now = now.Add(leafLifetime)
	if err := a.refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if !verifies(a, a.Bundle()) {
		t.Error("the certificate was not renewed without the API")
	}
}

func TestASecretThatCantBeReadIsNotOverwritten(t *testing.T) {
	client := fake.NewClientset(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: secretName}, Data: map[string][]byte{"ca.crt": []byte("mine")},
	})
	now := time.Now()
	if err := replicaOf(client, &now).refresh(t.Context()); err == nil {
		t.Fatal("no error")
	}
	secret, err := client.CoreV1().Secrets("system").Get(t.Context(), secretName, metav1.GetOptions{})
	if err != nil || string(secret.Data["ca.crt"]) != "mine" {
		t.Errorf("it holds %q, error %v", secret.Data["ca.crt"], err)
	}
}

func TestOnlyReplicasTalkToPeers(t *testing.T) {
	client := fake.NewClientset()
	now := time.Now()
	a, b := replicaOf(client, &now), replicaOf(client, &now)
	refreshed(t, a)
	refreshed(t, b)
	stranger := replicaOf(fake.NewClientset(), &now)
	refreshed(t, stranger)

	asPeer, err := b.PeerClientTLS()
	if err != nil {
		t.Fatal(err)
	}
	if err := speak(t, a.PeerServerTLS(), asPeer); err != nil {
		t.Errorf("a replica is refused: %v", err)
	}
	withoutCertificate := asPeer.Clone()
	withoutCertificate.Certificates = nil
	if err := speak(t, a.PeerServerTLS(), withoutCertificate); err == nil {
		t.Error("a client without a certificate is let in")
	}
	asStranger, err := stranger.PeerClientTLS()
	if err != nil {
		t.Fatal(err)
	}
	asStranger.RootCAs = asPeer.RootCAs
	if err := speak(t, a.PeerServerTLS(), asStranger); err == nil {
		t.Error("a client with another CA's certificate is let in")
	}
	asProxy := &tls.Config{RootCAs: asPeer.RootCAs, ServerName: "edgegateway-xds.system.svc", MaxVersion: tls.VersionTLS12}
	if err := speak(t, a.ServerTLS(), asProxy); err != nil {
		t.Errorf("a proxy is refused: %v", err)
	}
}

// speak sends a word over a connection between two configurations.
func speak(t *testing.T, serverTLS, clientTLS *tls.Config) error {
	t.Helper()
	near, far := net.Pipe()
	deadline := time.Now().Add(5 * time.Second)
	_ = near.SetDeadline(deadline)
	_ = far.SetDeadline(deadline)
	served := make(chan error, 1)
	go func() {
		connection := tls.Server(far, serverTLS)
		defer connection.Close()
		_, err := io.WriteString(connection, "hello")
		served <- err
	}()
	client := tls.Client(near, clientTLS)
	_, err := io.ReadFull(client, make([]byte, 5))
	_ = near.Close()
	return errors.Join(err, <-served)
}
