package xds

import (
	"errors"
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// builtRoute is Envoy's routes for one route, usually one, two for some redirects, and what they refer to.
type builtRoute struct {
	routes []*routev3.Route
	refs   refs
}

// buildRoutes makes Envoy's routes for one route, with what filters add. They are valid, whatever the route is.
func buildRoutes(route ir.Route, with filters) (builtRoute, []Problem) {
	match, matchErr := buildMatch(route.Match)
	routes, actionErr := actOn(route, match)
	parts, partErr := with.onRoute(route)
	err := errors.Join(matchErr, actionErr, partErr)
	for _, each := range routes {
		each.TypedPerFilterConfig = parts.configs
		err = errors.Join(err, each.ValidateAll())
	}
	if err != nil {
		problem := Problem{Source: route.Source, Message: fmt.Sprintf("route %q answers 500: %v", route.Name, err)}
		return builtRoute{routes: []*routev3.Route{refusal(route.Name, match)}}, []Problem{problem}
	}
	referred := refs{needs: clustersOf(routes)}
	referred.add(parts.refs)
	return builtRoute{routes: routes, refs: referred}, nil
}

// refusal answers 500 to all that match takes, or to every request where match can't be said validly.
func refusal(name string, match *routev3.RouteMatch) *routev3.Route {
	if match.ValidateAll() != nil {
		match = everyPath()
	}
	return &routev3.Route{Name: name, Match: match, Action: respond(500)}
}

func respond(status uint32) *routev3.Route_DirectResponse {
	return &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}}
}

// actOn makes the routes that take match and then do what route says.
func actOn(route ir.Route, match *routev3.RouteMatch) ([]*routev3.Route, error) {
	built := &routev3.Route{Name: route.Name, Match: match}
	if err := applyResponseHeaders(built, route.ResponseHeaders); err != nil {
		return nil, err
	}
	if actions := count(route.Forward != nil, route.Redirect != nil, route.Respond != nil); actions != 1 {
		return nil, fmt.Errorf("it has %d actions", actions)
	}
	switch {
	case route.Redirect != nil:
		return redirects(built, route)
	case route.Forward != nil:
		return []*routev3.Route{built}, forward(built, route)
	}
	if status := route.Respond.Status; status < 200 || status > 599 {
		return nil, fmt.Errorf("%d is not a status to answer with", status)
	}
	built.Action = respond(uint32(route.Respond.Status))
	return []*routev3.Route{built}, nil
}

func count(conditions ...bool) int {
	n := 0
	for _, condition := range conditions {
		if condition {
			n++
		}
	}
	return n
}
