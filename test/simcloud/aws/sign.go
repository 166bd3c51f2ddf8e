package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// scope is what a Signature Version 4 header says about itself.
type scope struct {
	key, date, region, service string
	signed                     []string
	signature                  string
}

func parseScope(header string) (scope, error) {
	unsigned := failWith(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	rest, found := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !found {
		return scope{}, unsigned
	}
	fields := map[string]string{}
	for _, field := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	parts := strings.Split(fields["Credential"], "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return scope{}, failWith(http.StatusForbidden, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements")
	}
	return scope{key: parts[0], date: parts[1], region: parts[2], service: parts[3],
		signed: strings.Split(fields["SignedHeaders"], ";"), signature: fields["Signature"]}, nil
}

// authenticate finds the key that a request is signed with, and checks the signature.
func (c *Cloud) authenticate(incoming *http.Request, body []byte, s scope, r *request) error {
	c.With(func() {
		if i := slices.IndexFunc(c.keys, func(k Key) bool { return k.ID == s.key }); i >= 0 {
			r.key = c.keys[i]
		}
	})
	if r.key.ID == "" {
		return unknownKey(s.service)
	}
	r.Account = r.key.Account
	switch {
	case !c.knownRegion(s):
		return wrongRegion(s)
	case incoming.Header.Get("X-Amz-Security-Token") != r.key.Session:
		return unknownKey(s.service)
	case !hmac.Equal([]byte(s.signature), []byte(signature(incoming, body, s, r.key.Secret))):
		return wrongSignature(s.service)
	case r.key.Expired:
		return expired(s.service)
	default:
		return nil
	}
}

// knownRegion reports whether the region that a request is signed for exists. Route 53 is signed for us-east-1, or, with a custom endpoint, for
// the client's region.
func (c *Cloud) knownRegion(s scope) bool {
	return slices.Contains(c.config.Regions, s.region) || s.service == dnsService && s.region == "us-east-1"
}

func unknownKey(service string) error {
	switch service {
	case ec2Service:
		return failWith(http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials")
	case tagService:
		return fail("UnrecognizedClientException", "The security token included in the request is invalid.")
	default:
		return failWith(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	}
}

func wrongSignature(service string) error {
	const text = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
	switch service {
	case ec2Service:
		return unknownKey(service)
	case tagService:
		return fail("InvalidSignatureException", text)
	default:
		return failWith(http.StatusForbidden, "SignatureDoesNotMatch", text)
	}
}

func wrongRegion(s scope) error {
	const text = "Credential should be scoped to a valid region. "
	switch s.service {
	case ec2Service:
		return failWith(http.StatusUnauthorized, "AuthFailure", text)
	case tagService:
		return fail("InvalidSignatureException", text)
	default:
		return failWith(http.StatusForbidden, "SignatureDoesNotMatch", text)
	}
}

func expired(service string) error {
	switch service {
	case ec2Service:
		return fail("RequestExpired", "Request has expired.")
	case tagService:
		return fail("ExpiredTokenException", "The security token included in the request is expired")
	default:
		return failWith(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	}
}

// signature computes what Signature Version 4 makes of a request.
func signature(incoming *http.Request, body []byte, s scope, secret string) string {
	bodySum := sha256.Sum256(body)
	var headers strings.Builder
	for _, name := range s.signed {
		headers.WriteString(name + ":" + headerValue(incoming, name) + "\n")
	}
	canonical := strings.Join([]string{incoming.Method, canonicalPath(incoming.URL), canonicalQuery(incoming.URL), headers.String(),
		strings.Join(s.signed, ";"), hex.EncodeToString(bodySum[:])}, "\n")
	requestSum := sha256.Sum256([]byte(canonical))
	date := incoming.Header.Get("X-Amz-Date")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", date, strings.Join([]string{s.date, s.region, s.service, "aws4_request"}, "/"),
		hex.EncodeToString(requestSum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func headerValue(incoming *http.Request, name string) string {
	switch name {
	case "host":
		return incoming.Host
	case "content-length":
		if incoming.Header.Get("Content-Length") == "" {
			return formatLength(incoming.ContentLength)
		}
	}
	var values []string
	for _, value := range incoming.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(value), " "))
	}
	return strings.Join(values, ",")
}

// canonicalPath is the path as it came, escaped once more, as all services but S3 have it.
func canonicalPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		return "/"
	}
	return strings.ReplaceAll(url.QueryEscape(path), "%2F", "/")
}

func canonicalQuery(u *url.URL) string {
	return strings.ReplaceAll(u.Query().Encode(), "+", "%20")
}
