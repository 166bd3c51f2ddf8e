package identity

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
)

// Config of Setup.
type Config struct {
	// Namespace is the operator's own.
	Namespace string
	// Service by which proxies reach the operator, in Namespace.
	Service string
}

// Setup makes the authority, which the manager then keeps true on every replica, and the authenticator.
func Setup(mgr ctrl.Manager, config Config) (*Authority, *Authenticator, error) {
	if config.Namespace == "" || config.Service == "" {
		return nil, nil, errors.New("the operator's namespace and Service are needed")
	}
	// Not the manager's client: it would list and cache all Secrets to answer for one.
	client, err := kubernetes.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, nil, fmt.Errorf("making a client for the CA and tokens: %w", err)
	}
	authority := newAuthority(client, config)
	if err := mgr.Add(authority); err != nil {
		return nil, nil, fmt.Errorf("adding the CA's keeper: %w", err)
	}
	return authority, NewAuthenticator(client), nil
}

func newAuthority(client kubernetes.Interface, config Config) *Authority {
	return &Authority{
		client: client, namespace: config.Namespace, names: serverNames(config.Service, config.Namespace), now: time.Now,
	}
}
