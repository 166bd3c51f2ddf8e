package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create

const (
	userPrefix = "system:serviceaccount:"
	podNameKey = "authentication.kubernetes.io/pod-name"
	podUIDKey  = "authentication.kubernetes.io/pod-uid"

	// reviewTimeout of one TokenReview.
	reviewTimeout = 10 * time.Second
	// maxTokenBytes: nothing longer is shown to the API.
	maxTokenBytes = 16 << 10
)

// ErrUnavailable: the API could not be asked. The proxy should keep what it has and come again.
var ErrUnavailable = errors.New("tokens can't be checked now")

// Authenticator checks the tokens of proxies.
type Authenticator struct {
	client kubernetes.Interface
	known  *memory
	now    func() time.Time
}

// NewAuthenticator returns an Authenticator that asks client's API.
func NewAuthenticator(client kubernetes.Interface) *Authenticator {
	return &Authenticator{client: client, known: newMemory(), now: time.Now}
}

// Authenticate returns the proxy that a token belongs to. The error is server.ErrUnauthenticated, or ErrUnavailable if nobody can tell now.
//
// The token must be meant for the operator, bound to a pod, and of the ServiceAccount "<gateway>-edge". That the gateway exists and made
// that ServiceAccount is not asked: the token's namespace is the gateway's, and who may make ServiceAccounts and pods in a namespace
// may read its Secrets through a pod anyway. A tenant of another namespace can't come to such a token.
//
// A positive answer is remembered for a minute at most, so that a deleted pod's token opens no stream after that.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (server.Identity, error) {
	if token == "" || len(token) > maxTokenBytes {
		return server.Identity{}, server.ErrUnauthenticated
	}
	key := sha256.Sum256([]byte(token))
	if proxy, found := a.known.get(key, a.now()); found {
		return proxy, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	review, err := a.client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{infra.TokenAudience}},
	}, metav1.CreateOptions{})
	if err != nil {
		return server.Identity{}, fmt.Errorf("%w: reviewing a token: %w", ErrUnavailable, err)
	}
	proxy, err := proxyOf(review.Status)
	if err != nil {
		return server.Identity{}, err
	}
	a.known.put(key, proxy, a.now())
	return proxy, nil
}

// proxyOf reads the answer of a TokenReview. It is pure.
func proxyOf(status authenticationv1.TokenReviewStatus) (server.Identity, error) {
	if !status.Authenticated {
		return server.Identity{}, server.ErrUnauthenticated
	}
	// An API server that knows no audiences leaves them out of its answer, and has not checked them.
	if !slices.Contains(status.Audiences, infra.TokenAudience) {
		return server.Identity{}, fmt.Errorf("%w: its audience is not %q", server.ErrUnauthenticated, infra.TokenAudience)
	}
	account, ok := strings.CutPrefix(status.User.Username, userPrefix)
	if !ok {
		return server.Identity{}, fmt.Errorf("%w: %q is no ServiceAccount", server.ErrUnauthenticated, status.User.Username)
	}
	namespace, name, ok := strings.Cut(account, ":")
	gateway, edge := strings.CutSuffix(name, infra.Name(""))
	if !ok || !edge || namespace == "" || gateway == "" {
		return server.Identity{}, fmt.Errorf("%w: ServiceAccount %q is not one of an EdgeGateway", server.ErrUnauthenticated, account)
	}
	pods, uids := status.User.Extra[podNameKey], status.User.Extra[podUIDKey]
	if len(pods) != 1 || len(uids) != 1 || pods[0] == "" || uids[0] == "" {
		return server.Identity{}, fmt.Errorf("%w: it is not bound to a pod", server.ErrUnauthenticated)
	}
	return server.Identity{Gateway: server.GatewayKey{Namespace: namespace, Name: gateway}, Pod: pods[0]}, nil
}
