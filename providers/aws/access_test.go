package aws

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// accessTo returns how a simulated cloud is reached.
func accessTo(cloud *simaws.Cloud) Access {
	key := simaws.DefaultKey
	return Access{Credentials: Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, Endpoint: simaws.Endpoint, HTTP: cloud.Connect().Client()}
}

func TestWhatTheClassGetsWrongIsRefusedAtOnceWithItsField(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(access *Access, region *string)
		field string
		class providers.Class
	}{
		{"a region that can't be", func(_ *Access, region *string) { *region = "eu-west-1a" }, "spec.aws.region", providers.Invalid},
		{"a region that is not there", func(_ *Access, region *string) { *region = "eu-west-9" }, "spec.aws.region", providers.Denied},
		{"an unknown key", func(a *Access, _ *string) { a.Credentials.AccessKeyID = "AKIANOBODYS" }, "spec.credentials", providers.Denied},
		{"a wrong secret", func(a *Access, _ *string) { a.Credentials.SecretAccessKey = "wrong" }, "spec.credentials", providers.Denied},
		{"half a key", func(a *Access, _ *string) { a.Credentials.SecretAccessKey = "" }, "spec.credentials", providers.Denied},
		{"an endpoint that is no URL", func(a *Access, _ *string) { a.Endpoint = "elb" }, "spec.aws.endpoint", providers.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			access, region := accessTo(simaws.New(simaws.Config{})), "eu-west-1"
			c.spoil(&access, &region)
			_, _, err := access.Open(context.Background(), region, FieldCredentials)
			var got *providers.Error
			if !errors.As(err, &got) || got.Field != c.field || got.Class != c.class {
				t.Errorf("it gives %v", err)
			}
		})
	}
}

// relay sends requests to a cloud whatever the host, as an endpoint of one's own does: a region that does not exist has no name to fail on.
type relay struct{ cloud *simaws.Cloud }

func (r relay) RoundTrip(out *http.Request) (*http.Response, error) {
	recorder := &recorded{header: http.Header{}, status: http.StatusOK}
	in := out.Clone(out.Context())
	in.Host = out.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	r.cloud.ServeHTTP(recorder, in)
	return recorder.response(out), nil
}

func TestARegionThatDoesNotExistIsToldFromAWrongSecret(t *testing.T) {
	cloud := simaws.New(simaws.Config{})
	access := accessTo(cloud)
	access.HTTP = &http.Client{Transport: relay{cloud}}
	_, _, err := access.Open(context.Background(), "eu-west-9", FieldCredentials)
	var got *providers.Error
	if !errors.As(err, &got) || got.Field != FieldRegion {
		t.Errorf("it gives %v", err)
	}
	access.Credentials.SecretAccessKey = "wrong"
	if _, _, err = access.Open(context.Background(), "eu-west-9", FieldCredentials); !errors.As(err, &got) || got.Field != FieldCredentials {
		t.Errorf("a wrong secret gives %v", err)
	}
}

// recorded is an http.ResponseWriter in memory.
type recorded struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorded) WriteHeader(status int)      { r.status = status }

func (r *recorded) response(of *http.Request) *http.Response {
	return &http.Response{StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: r.header, Request: of,
		Body: io.NopCloser(strings.NewReader(r.body.String()))}
}
