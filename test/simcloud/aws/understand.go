package aws

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The services by the names under which requests are signed.
const (
	ec2Service = "ec2"
	elbService = "elasticloadbalancing"
	dnsService = "route53"
	stsService = "sts"
	tagService = "tagging"
)

// versions of the query services' APIs.
var versions = map[string]string{ec2Service: "2016-11-15", elbService: "2015-12-01", stsService: "2011-06-15"}

// understand finds out who wants what, or returns why AWS would not listen. The request that it returns is never nil.
func (c *Cloud) understand(incoming *http.Request, body []byte) (*request, operation, error) {
	r := &request{body: body}
	scope, err := parseScope(incoming.Header.Get("Authorization"))
	if err != nil {
		r.service = guessService(incoming)
		return r, operation{}, err
	}
	r.service, r.Region = scope.service, scope.region
	if err := c.authenticate(incoming, body, scope, r); err != nil {
		return r, operation{}, err
	}
	switch r.service {
	case ec2Service, elbService, stsService:
		return c.understandQuery(incoming, r)
	case dnsService:
		return understandRoute53(incoming, r)
	case tagService:
		action, found := strings.CutPrefix(incoming.Header.Get("X-Amz-Target"), "ResourceGroupsTaggingAPI_20170126.")
		if !found {
			return r, operation{}, fail("UnknownOperationException", "")
		}
		r.action = action
		return lookUp(r)
	default:
		return r, operation{}, gap("the service %q", r.service)
	}
}

func (c *Cloud) understandQuery(incoming *http.Request, r *request) (*request, operation, error) {
	values, err := url.ParseQuery(string(r.body))
	if err != nil || incoming.Method != http.MethodPost {
		return r, operation{}, fail("MalformedQueryString", "The query string is malformed")
	}
	r.action = values.Get("Action")
	if values.Get("Version") != versions[r.service] {
		return r, operation{}, fail("InvalidAction", "The action %s is not valid for this web service.", r.action)
	}
	values.Del("Action")
	values.Del("Version")
	r.form = parseForm(values)
	return lookUp(r)
}

func lookUp(r *request) (*request, operation, error) {
	op, known := operations[r.service+":"+r.action]
	if !known {
		return r, operation{}, gap("%s:%s", r.service, r.action)
	}
	r.needs = []string{r.service + ":" + r.action}
	if r.service == tagService {
		r.needs = []string{"tag:" + r.action}
	}
	return r, op, nil
}

func understandRoute53(incoming *http.Request, r *request) (*request, operation, error) {
	path, found := strings.CutPrefix(incoming.URL.Path, "/2013-04-01/")
	if !found {
		return r, operation{}, failWith(http.StatusNotFound, "UnknownOperationException", "")
	}
	r.path, r.query = strings.Split(strings.Trim(path, "/"), "/"), incoming.URL.Query()
	pattern := slices.Clone(r.path)
	if len(pattern) > 1 {
		pattern[1] = "*"
	}
	r.action = routes[incoming.Method+" "+strings.Join(pattern, "/")]
	if r.action == "" {
		return r, operation{}, gap("%s %s of Route 53", incoming.Method, incoming.URL.Path)
	}
	r.Region = ""
	return lookUp(r)
}

// routes of Route 53.
var routes = map[string]string{
	"GET hostedzone":          "ListHostedZones",
	"GET hostedzonesbyname":   "ListHostedZonesByName",
	"GET hostedzone/*":        "GetHostedZone",
	"GET hostedzone/*/rrset":  "ListResourceRecordSets",
	"POST hostedzone/*/rrset": "ChangeResourceRecordSets",
	"GET change/*":            "GetChange",
}

// guessService names the service of a request that isn't signed, by its shape, so that the error has the service's form.
func guessService(incoming *http.Request) string {
	switch {
	case incoming.Header.Get("X-Amz-Target") != "":
		return tagService
	case strings.HasPrefix(incoming.URL.Path, "/2013-04-01/"):
		return dnsService
	default:
		return elbService
	}
}
