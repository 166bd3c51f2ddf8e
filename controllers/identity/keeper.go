package identity

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
)

// +kubebuilder:rbac:groups="",namespace=edgegateway-system,resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",namespace=edgegateway-system,resources=secrets,resourceNames=edgegateway-xds-ca,verbs=get;update

const (
	// secretName is the Secret that holds the authority.
	secretName = "edgegateway-xds-ca"
	// interval at which the Secret is read again: the other replicas' rotations are learnt so, long before anything is signed by them.
	interval = time.Minute
	// patience after a failure, doubled up to interval.
	patience = time.Second
	// attempts to settle a race with another replica in one go.
	attempts = 5
)

// Authority is the operator's certificate authority, as one replica sees it. All its methods may be called at any time, by anyone.
type Authority struct {
	client    kubernetes.Interface
	namespace string
	names     []string
	now       func() time.Time

	mu        sync.Mutex
	authority authority
	leaf      *tls.Certificate
	pool      *x509.CertPool
	watchers  []func()
}

// Bundle returns, as PEM, the certificates by which proxies know the operator; nil before the Secret has been read once.
func (a *Authority) Bundle() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.authority == nil {
		return nil
	}
	return a.authority.bundle()
}

// OnChange has f called after each change of Bundle, the first reading included. f must not wait.
func (a *Authority) OnChange(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watchers = append(a.watchers, f)
}

// Ready returns an error until there is a certificate to serve with.
func (a *Authority) Ready() error {
	_, _, err := a.current()
	return err
}

// ServerTLS serves proxies: the certificate is always the present one, and clients need none, since their token is their proof.
func (a *Authority) ServerTLS() *tls.Config {
	return &tls.Config{
		// Envoy as a client goes no higher unless told.
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			leaf, _, err := a.current()
			return leaf, err
		},
	}
}

// PeerServerTLS serves other replicas, and nobody else.
func (a *Authority) PeerServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			leaf, pool, err := a.current()
			if err != nil {
				return nil, err
			}
			return &tls.Config{
				MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*leaf}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
			}, nil
		},
	}
}

// PeerClientTLS asks another replica, by its address. It holds for one connection: make a new one for each.
func (a *Authority) PeerClientTLS() (*tls.Config, error) {
	leaf, pool, err := a.current()
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*leaf}, RootCAs: pool, ServerName: a.names[0]}, nil
}

func (a *Authority) current() (*tls.Certificate, *x509.CertPool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leaf == nil {
		return nil, nil, fmt.Errorf("secret %s/%s with the operator's CA has not been read yet", a.namespace, secretName)
	}
	return a.leaf, a.pool, nil
}

// NeedLeaderElection says that every replica runs this.
func (a *Authority) NeedLeaderElection() bool { return false }

// Start keeps the authority and the replica's certificate true until ctx ends. While the API is away, both stay as they are.
func (a *Authority) Start(ctx context.Context) error {
	failed := patience
	for {
		wait := interval
		if err := a.refresh(ctx); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "keeping the CA")
			wait, failed = failed, min(2*failed, interval)
		} else {
			failed = patience
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// refresh is one round: read, rotate, renew, tell.
func (a *Authority) refresh(ctx context.Context) error {
	read, err := a.agree(ctx)
	if err != nil {
		// What is known may still need a certificate of its own renewed.
		a.mu.Lock()
		read = a.authority
		a.mu.Unlock()
	}
	if read == nil {
		return err
	}
	return errors.Join(err, a.adopt(read))
}

// agree returns the authority that all replicas share, after having made or rotated it where that is due. Who comes second in a race
// takes what the first one wrote.
func (a *Authority) agree(ctx context.Context) (authority, error) {
	secrets := a.client.CoreV1().Secrets(a.namespace)
	var lost error
	for range attempts {
		secret, err := secrets.Get(ctx, secretName, metav1.GetOptions{})
		missing := apierrors.IsNotFound(err)
		if err != nil && !missing {
			return nil, fmt.Errorf("reading secret %s/%s: %w", a.namespace, secretName, err)
		}
		known, err := a.known(secret, missing)
		if err != nil {
			return nil, err
		}
		next, changed, err := known.rotated(a.now())
		if err != nil {
			return nil, err
		}
		if !changed && !missing {
			return next, nil
		}
		if lost = a.write(ctx, secret, next, missing); lost == nil {
			return next, nil
		}
		if !apierrors.IsAlreadyExists(lost) && !apierrors.IsConflict(lost) && !apierrors.IsNotFound(lost) {
			break
		}
	}
	return nil, fmt.Errorf("writing secret %s/%s: %w", a.namespace, secretName, lost)
}

// known returns what the Secret says or, if it was deleted under us, what it last said: proxies trust that.
func (a *Authority) known(secret *corev1.Secret, missing bool) (authority, error) {
	if missing {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.authority, nil
	}
	read, err := parseAuthority(secret.Data)
	if err != nil {
		return nil, fmt.Errorf("secret %s/%s is not as it was written: mend it, or delete it to have it made anew: %w", a.namespace, secretName, err)
	}
	return read, nil
}

func (a *Authority) write(ctx context.Context, secret *corev1.Secret, next authority, missing bool) error {
	data, err := next.data()
	if err != nil {
		return err
	}
	secrets := a.client.CoreV1().Secrets(a.namespace)
	if missing {
		_, err = secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: secretName, Labels: map[string]string{"app.kubernetes.io/managed-by": "edgegateway"}},
			Type:       corev1.SecretTypeOpaque,
			Data:       data,
		}, metav1.CreateOptions{})
		return err
	}
	// The resourceVersion that was read makes a lost race a conflict.
	secret = secret.DeepCopy()
	secret.Data = data
	_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
	return err
}

// adopt takes an authority into use, and renews the replica's certificate if that is due.
func (a *Authority) adopt(read authority) error {
	now := a.now()
	by, err := read.signing(now)
	if err != nil {
		return err
	}
	a.mu.Lock()
	leaf := a.leaf
	a.mu.Unlock()
	if leaf == nil || renewalDue(leaf.Leaf, by, now) {
		if leaf, err = issue(by, a.names, now); err != nil {
			return err
		}
	}
	pool := x509.NewCertPool()
	for _, s := range read {
		pool.AddCert(s.certificate)
	}
	a.mu.Lock()
	changed := !bytes.Equal(a.authority.bundle(), read.bundle())
	a.authority, a.leaf, a.pool = read, leaf, pool
	watchers := append([]func(){}, a.watchers...)
	a.mu.Unlock()
	if changed {
		for _, tell := range watchers {
			tell()
		}
	}
	return nil
}
