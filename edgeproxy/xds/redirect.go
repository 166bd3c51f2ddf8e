package xds

import (
	"errors"
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

var redirectStatus = map[int32]routev3.RedirectAction_RedirectResponseCode{
	301: routev3.RedirectAction_MOVED_PERMANENTLY,
	302: routev3.RedirectAction_FOUND,
	303: routev3.RedirectAction_SEE_OTHER,
	307: routev3.RedirectAction_TEMPORARY_REDIRECT,
	308: routev3.RedirectAction_PERMANENT_REDIRECT,
}

var defaultPort = map[string]uint32{"http": 80, "https": 443}

// redirects makes the routes of a redirect. A change of scheme to its default port needs two: Envoy keeps the port of the Host
// header, which is wrong under the new scheme, so a request that names a port gets the new one in its location.
func redirects(built *routev3.Route, route ir.Route) ([]*routev3.Route, error) {
	wanted := route.Redirect
	action, err := redirectAction(route)
	if err != nil {
		return nil, err
	}
	port := uint32(wanted.Port)
	isDefault := wanted.Scheme != "" && (port == 0 || port == defaultPort[wanted.Scheme])
	if !isDefault {
		action.PortRedirect = port
	}
	built.Action = &routev3.Route_Redirect{Redirect: action}
	if !isDefault || wanted.Host != "" {
		return []*routev3.Route{built}, nil
	}
	withPort := proto.CloneOf(built)
	withPort.Name += " (port)"
	withPort.GetRedirect().PortRedirect = defaultPort[wanted.Scheme]
	hasPort, err := buildValue(ir.ValueMatch{Value: `.*[^:]:[0-9]+`, Regex: true})
	withPort.Match.Headers = append(withPort.Match.Headers, headerMatch(":authority", hasPort))
	if port == 0 {
		other := headerMatch("x-forwarded-proto", exactly(wanted.Scheme))
		other.InvertMatch = true
		withPort.Match.Headers = append(withPort.Match.Headers, other)
	}
	return []*routev3.Route{withPort, built}, err
}

func redirectAction(route ir.Route) (*routev3.RedirectAction, error) {
	wanted := route.Redirect
	status, known := redirectStatus[wanted.Status]
	if !known {
		return nil, fmt.Errorf("%d is not a status to redirect with", wanted.Status)
	}
	if _, known := defaultPort[wanted.Scheme]; !known && wanted.Scheme != "" {
		return nil, fmt.Errorf("%q is not a scheme to redirect to", wanted.Scheme)
	}
	if wanted.Host != "" && !validHostText(wanted.Host) {
		return nil, fmt.Errorf("%q is not a host to redirect to", wanted.Host)
	}
	if wanted.Port < 0 || wanted.Port > 65535 {
		return nil, fmt.Errorf("%d is not a port to redirect to", wanted.Port)
	}
	action := &routev3.RedirectAction{HostRedirect: wanted.Host, ResponseCode: status}
	if wanted.Scheme != "" {
		action.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: wanted.Scheme}
	}
	return action, redirectPath(action, route)
}

func redirectPath(action *routev3.RedirectAction, route ir.Route) error {
	wanted := route.Redirect
	if wanted.Path != nil && wanted.PathPrefix != nil {
		return errors.New("it redirects to both a path and a prefix")
	}
	if wanted.Path != nil {
		action.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{PathRedirect: *wanted.Path}
		return checkNewPath(*wanted.Path)
	}
	if wanted.PathPrefix == nil {
		return nil
	}
	change, err := prefixChange(route.Match.Path, *wanted.PathPrefix)
	switch {
	case change.prefix != "":
		action.PathRewriteSpecifier = &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: change.prefix}
	case change.regex != nil:
		action.PathRewriteSpecifier = &routev3.RedirectAction_RegexRewrite{RegexRewrite: change.regex}
	}
	return err
}
