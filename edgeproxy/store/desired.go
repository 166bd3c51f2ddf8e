package store

import (
	"slices"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Reasons of problems, beside those that translate finds.
const (
	// ReasonRejectedByProxy: Envoy refused it; the message is Envoy's own. It is a reason of Programmed, too.
	ReasonRejectedByProxy = "RejectedByProxy"
	// ReasonNotServable: a resource for the proxies can't be made of it.
	ReasonNotServable = "NotServable"
)

// Status makes the status of a kind's objects, which says what became of them. Its functions are pure.
type Status struct {
	// desired statuses of all objects of a kind.
	desired func(f facts, kind string) map[ir.Source]Desired
	// Set brings an object's status to what is desired; nil: nothing of ours. It reports whether grace kept something as it is, so that
	// the object must be looked at again. Now dates what changes.
	Set func(object Object, desired *Desired, grace Grace, now time.Time) (kept bool)
	// Ours reports whether a status has something of ours that is to be removed when it is no longer desired. Nil: nothing is.
	Ours func(object Object) bool
	// Exclusive says that nobody else writes to the part of the status that we write. What is shared is one list to the API: it is written
	// only if the object is as it was read.
	Exclusive bool
}

// Desired is what the status of one object should say. Two are compared as a whole, so that nothing is written for equal ones.
type Desired struct {
	// generation of the object that was translated.
	generation int64
	// parents of a route, listeners of an EdgeGateway, addresses of an Ingress.
	parents   []desiredParent
	listeners []desiredListener
	addresses []Address
	// unserved says that an Ingress is served nowhere, so that no address is right.
	unserved bool
	// Problems to make events of.
	Problems []translate.Problem
	// Undecided: problems and addresses are not known yet.
	Undecided bool
}

// Knowledge is what desired statuses follow from.
type Knowledge struct {
	Output Output
	// Programmed says how far the proxies of a gateway are with an object, and ProgrammedListener with the listener of a port.
	Programmed         func(gateway Name, object ir.Source) ir.Programmed
	ProgrammedListener func(gateway Name, port int32) ir.Programmed
	// Refusals are what proxies of a gateway say to resources that are made of an object but hold no routes.
	Refusals func(gateway Name, object ir.Source) []string
	// Addresses that clients may use, and problems of making resources, by gateway.
	Addresses map[Name][]Address
	Problems  map[Name][]xds.Problem
}

// Desired returns the desired statuses of all objects. It is pure, as far as the functions of Knowledge are.
func (k Knowledge) Desired() map[ir.Source]Desired { return desired(kinds, k) }

func desired(table []Kind, k Knowledge) map[ir.Source]Desired {
	f := facts{Knowledge: k, held: map[Name]bool{}, served: map[Name]bool{}, routes: map[string][]Route{}, unservable: map[Name][]translate.Problem{}}
	for _, gateway := range k.Output.Held {
		f.held[gateway] = true
	}
	for _, gateway := range k.Output.Gateways {
		f.served[gateway.Name] = true
	}
	for _, route := range k.Output.Routes {
		f.routes[route.Source.Kind] = append(f.routes[route.Source.Kind], route)
	}
	for gateway, problems := range k.Problems {
		f.unservable[gateway] = unservable(problems)
	}
	all := map[ir.Source]Desired{}
	for _, kind := range table {
		if kind.Status == nil {
			continue
		}
		for source, one := range kind.Status.desired(f, kind.Name) {
			all[source] = one
		}
	}
	return all
}

// facts are Knowledge, with an index.
type facts struct {
	Knowledge
	held, served map[Name]bool
	// routes by kind, and problems of making resources by gateway.
	routes     map[string][]Route
	unservable map[Name][]translate.Problem
}

// eachRoute makes the desired statuses of a kind out of that of one route.
func eachRoute(of func(facts, Route) Desired) func(facts, string) map[ir.Source]Desired {
	return func(f facts, kind string) map[ir.Source]Desired {
		all := map[ir.Source]Desired{}
		for _, route := range f.routes[kind] {
			all[route.Source] = of(f, route)
		}
		return all
	}
}

// refused returns what proxies, or the maker of their resources, refuse of an object.
func (f facts) refused(object ir.Source, gateways []Name) []translate.Problem {
	var problems []translate.Problem
	for _, gateway := range gateways {
		for _, problem := range f.unservable[gateway] {
			if whole := problem.Source; whole.Kind == object.Kind && whole.Namespace == object.Namespace && whole.Name == object.Name {
				problems = append(problems, problem)
			}
		}
		if !f.served[gateway] {
			continue
		}
		for _, message := range f.Refusals(gateway, object) {
			problems = append(problems, rejectedProblem(object, message))
		}
	}
	return problems
}

func rejectedProblem(object ir.Source, message string) translate.Problem {
	return translate.Problem{Source: object, Reason: ReasonRejectedByProxy, Field: "spec", Message: message}
}

// unservable makes problems of those that xds has.
func unservable(found []xds.Problem) []translate.Problem {
	var problems []translate.Problem
	for _, p := range found {
		field := p.Source.Section
		if field == "" {
			field = "spec"
		}
		problems = append(problems, translate.Problem{Source: p.Source, Reason: ReasonNotServable, Field: field, Message: p.Message})
	}
	return slices.Compact(problems)
}

// warnings are the problems that are in no condition.
func warnings(problems []translate.Problem) []translate.Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p translate.Problem) bool { return p.Condition != "" })
}

// parentOf returns the gateway that a route's parentRef names.
func parentOf(route ir.Source, ref gatewayv1.ParentReference) Name {
	gateway := Name{Namespace: route.Namespace, Name: string(ref.Name)}
	if ref.Namespace != nil {
		gateway.Namespace = string(*ref.Namespace)
	}
	return gateway
}
