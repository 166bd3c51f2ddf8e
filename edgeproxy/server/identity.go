package server

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// GatewayKey names a gateway.
type GatewayKey struct {
	Namespace string
	Name      string
}

// Identity is who a proxy is, as its token proves.
type Identity struct {
	Gateway GatewayKey
	Pod     string
}

// ErrUnauthenticated is what Config.Authenticate returns for a token that is nobody's: forged, expired, for another audience, or
// of something that is no proxy.
var ErrUnauthenticated = errors.New("the token is not a proxy's")

// bearerToken reads the token that a stream was opened with.
func bearerToken(ctx context.Context) (string, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) != 1 {
		return "", status.Errorf(codes.Unauthenticated, "%d authorization headers, one is needed", len(values))
	}
	scheme, token, found := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if !found || !strings.EqualFold(scheme, "bearer") || token == "" {
		return "", status.Error(codes.Unauthenticated, "the authorization header is not a bearer token")
	}
	return token, nil
}

// authenticate returns whose token it is, or the status to end the stream with.
func (s *Server) authenticate(ctx context.Context, token string) (Identity, error) {
	identity, err := s.config.Authenticate(ctx, token)
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return Identity{}, status.Error(codes.Unauthenticated, ErrUnauthenticated.Error())
	case err != nil:
		return Identity{}, status.Error(codes.Unavailable, "the token can't be reviewed now")
	case identity.Gateway.Namespace == "" || identity.Gateway.Name == "" || identity.Pod == "":
		return Identity{}, status.Error(codes.Unauthenticated, ErrUnauthenticated.Error())
	}
	return identity, nil
}

// recheck ends the stream if its token is no longer its own. A failed review ends nothing.
func (s *stream) recheck(ctx context.Context, token string) {
	identity, err := s.server.authenticate(ctx, token)
	if err == nil && identity != s.identity {
		err = status.Error(codes.Unauthenticated, "the token is another proxy's now")
	}
	if err != nil && status.Code(err) != codes.Unavailable {
		s.cancel(ending{err})
	}
}
