package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// good is the answer about the token of pod shop-edge-x of gateway shop in namespace team.
func good() authenticationv1.TokenReviewStatus {
	return authenticationv1.TokenReviewStatus{
		Authenticated: true,
		Audiences:     []string{infra.TokenAudience},
		User: authenticationv1.UserInfo{
			Username: "system:serviceaccount:team:shop-edge",
			Extra:    map[string]authenticationv1.ExtraValue{podNameKey: {"shop-edge-x"}, podUIDKey: {"u1"}},
		},
	}
}

var shop = server.Identity{Gateway: server.GatewayKey{Namespace: "team", Name: "shop"}, Pod: "shop-edge-x"}

func TestWhoATokenIs(t *testing.T) {
	cases := []struct {
		name   string
		change func(*authenticationv1.TokenReviewStatus)
		want   server.Identity
	}{
		{"a proxy", func(*authenticationv1.TokenReviewStatus) {}, shop},
		{"not authenticated", func(s *authenticationv1.TokenReviewStatus) { s.Authenticated = false }, server.Identity{}},
		{"another audience", func(s *authenticationv1.TokenReviewStatus) { s.Audiences = []string{"https://kubernetes.default.svc"} }, server.Identity{}},
		{"an API server without audiences", func(s *authenticationv1.TokenReviewStatus) { s.Audiences = nil }, server.Identity{}},
		{"a person", func(s *authenticationv1.TokenReviewStatus) { s.User.Username = "team:shop-edge" }, server.Identity{}},
		{"another ServiceAccount", func(s *authenticationv1.TokenReviewStatus) { s.User.Username = "system:serviceaccount:team:default" }, server.Identity{}},
		{"a ServiceAccount of only the suffix", func(s *authenticationv1.TokenReviewStatus) { s.User.Username = "system:serviceaccount:team:-edge" }, server.Identity{}},
		{"no namespace", func(s *authenticationv1.TokenReviewStatus) { s.User.Username = "system:serviceaccount:shop-edge" }, server.Identity{}},
		{"not bound to a pod", func(s *authenticationv1.TokenReviewStatus) { s.User.Extra = nil }, server.Identity{}},
		{"bound without UID", func(s *authenticationv1.TokenReviewStatus) { delete(s.User.Extra, podUIDKey) }, server.Identity{}},
		{"a gateway whose name ends so too", func(s *authenticationv1.TokenReviewStatus) {
			s.User.Username = "system:serviceaccount:team:shop-edge-edge"
		}, server.Identity{Gateway: server.GatewayKey{Namespace: "team", Name: "shop-edge"}, Pod: "shop-edge-x"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status := good()
			c.change(&status)
			got, err := proxyOf(status)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if (c.want == server.Identity{}) != errors.Is(err, server.ErrUnauthenticated) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// reviewer answers TokenReviews, and counts them.
func reviewer(answer func(token string) (authenticationv1.TokenReviewStatus, error)) (*Authenticator, *int, *time.Time) {
	client := fake.NewClientset()
	count := 0
	client.PrependReactor("create", "tokenreviews", func(action k8stesting.Action) (bool, runtime.Object, error) {
		count++
		review := action.(k8stesting.CreateAction).GetObject().(*authenticationv1.TokenReview).DeepCopy()
		status, err := answer(review.Spec.Token)
		review.Status = status
		return true, review, err
	})
	a := NewAuthenticator(client)
	now := time.Now()
	a.now = func() time.Time { return now }
	return a, &count, &now
}

func TestPositiveAnswersAreRememberedForAMinute(t *testing.T) {
	a, count, now := reviewer(func(string) (authenticationv1.TokenReviewStatus, error) { return good(), nil })
	for range 3 {
		if got, err := a.Authenticate(t.Context(), "token"); err != nil || got != shop {
			t.Fatalf("got %+v, error %v", got, err)
		}
	}
	if *count != 1 {
		t.Errorf("asked %d times within a minute", *count)
	}
	*now = now.Add(remembered)
	if _, err := a.Authenticate(t.Context(), "token"); err != nil {
		t.Fatal(err)
	}
	if *count != 2 {
		t.Errorf("asked %d times after a minute, want 2", *count)
	}
}

func TestNegativeAnswersAreNotRemembered(t *testing.T) {
	a, count, _ := reviewer(func(string) (authenticationv1.TokenReviewStatus, error) {
		return authenticationv1.TokenReviewStatus{}, nil
	})
	for range 2 {
		if _, err := a.Authenticate(t.Context(), "token"); !errors.Is(err, server.ErrUnauthenticated) {
			t.Fatal(err)
		}
	}
	if *count != 2 {
		t.Errorf("asked %d times", *count)
	}
}

func TestAnAPIThatIsAwayIsNotARefusal(t *testing.T) {
	a, _, _ := reviewer(func(string) (authenticationv1.TokenReviewStatus, error) {
		return authenticationv1.TokenReviewStatus{}, errors.New("away")
	})
	_, err := a.Authenticate(t.Context(), "secret-token")
	if !errors.Is(err, ErrUnavailable) || errors.Is(err, server.ErrUnauthenticated) {
		t.Errorf("error %v", err)
	}
	if strings.Contains(err.Error(), "secret-token") {
		t.Error("the error quotes the token")
	}
}

func TestHugeTokensAreNotShownToTheAPI(t *testing.T) {
	a, count, _ := reviewer(func(string) (authenticationv1.TokenReviewStatus, error) { return good(), nil })
	for _, token := range []string{"", strings.Repeat("x", maxTokenBytes+1)} {
		if _, err := a.Authenticate(t.Context(), token); !errors.Is(err, server.ErrUnauthenticated) {
			t.Error(err)
		}
	}
	if *count != 0 {
		t.Errorf("asked %d times", *count)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	now := time.Now()
	key := func(i int) digest {
		var raw [8]byte
		binary.LittleEndian.PutUint64(raw[:], uint64(i))
		return sha256.Sum256(raw[:])
	}
	for i := range maxRemembered + 10 {
		m.put(key(i), shop, now.Add(time.Duration(i)))
	}
	if len(m.answers) != maxRemembered {
		t.Errorf("%d answers", len(m.answers))
	}
	if _, found := m.get(key(maxRemembered+9), now); !found {
		t.Error("the newest is gone")
	}
	if _, found := m.get(key(0), now); found {
		t.Error("the oldest is there")
	}
}
