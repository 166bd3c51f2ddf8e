package ir

import "strings"

// reservedHeaders are names of headers that nobody may change, with why. Connections to backends are shared by the routes of all tenants: who
// changes where a message ends lets a request hide within another, past whatever guards other routes.
var reservedHeaders = map[string]string{
	"host": "it is changed by a rewrite of the host",

	"content-length":      framing,
	"transfer-encoding":   framing,
	"trailer":             framing,
	"connection":          oneHop,
	"keep-alive":          oneHop,
	"proxy-connection":    oneHop,
	"te":                  oneHop,
	"upgrade":             oneHop,
	"expect":              oneHop,
	"http2-settings":      oneHop,
	"proxy-authenticate":  oneHop,
	"proxy-authorization": oneHop,
	"x-forwarded-for":     ours,
	"x-forwarded-proto":   ours,
	"cdn-loop":            ours,
}

// reservedPrefixes are beginnings of such names.
var reservedPrefixes = []string{"x-envoy-", "x-edgegateway-"}

// Why names are reserved.
const (
	framing = "HTTP itself says by it where a message ends"
	oneHop  = "it is for one connection only, and HTTP itself sets it"
	ours    = "the proxy itself writes and obeys it"
)

// ReservedHeader returns why nobody may set, add or remove a header of this name, in a request or in an answer; "" if anybody may. It is the
// one list for all places in which a tenant can name a header that is to be changed. The case of the name doesn't count. Names that are no
// tokens of HTTP, such as ":path", are not its business: they are no headers' names.
func ReservedHeader(name string) (why string) {
	name = strings.ToLower(name)
	if why := reservedHeaders[name]; why != "" {
		return why
	}
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(name, prefix) {
			return ours
		}
	}
	return ""
}
