package routing

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// wish is what the status of one object should say. Two wishes are compared as a whole, so that nothing is written for equal ones.
type wish struct {
	// generation of the object that was translated.
	generation int64
	// parents of a route, listeners of an EdgeGateway, addresses of an Ingress.
	parents   []parentWish
	listeners []listenerWish
	addresses []address
	// clear says that an Ingress is served nowhere, so that no address is right.
	clear bool
	// problems to tell as events.
	problems []translate.Problem
	// undecided: problems and addresses are not known yet.
	undecided bool
}

// address of a gateway, as an Ingress tells it.
type address struct{ ip, hostname string }

// knowledge is what wishes follow from.
type knowledge struct {
	out     Output
	held    map[name]bool
	ledgers map[name]*ledger
	// pods that are ready, addresses that clients may use, and problems of making resources, by gateway.
	pods      map[name][]string
	addresses map[name][]address
	problems  map[name][]translate.Problem
}

// wishes are those for all objects. It is pure.
func (k knowledge) wishes() map[ir.Source]wish {
	all := map[ir.Source]wish{}
	for _, served := range k.out.Gateways {
		source := ir.Source{Kind: translate.ParentKind, Namespace: served.Name.Namespace, Name: served.Name.Name}
		all[source] = k.gateway(source, served)
	}
	for _, route := range k.out.Routes {
		all[route.Source] = k.route(route)
	}
	return all
}

func (k knowledge) gateway(source ir.Source, served Served) wish {
	w := wish{generation: served.Status.Generation}
	for _, status := range served.Status.Listeners {
		v := unaccepted
		if isAccepted := meta.FindStatusCondition(status.Conditions, string(gatewayv1.ListenerConditionAccepted)); isAccepted == nil || isAccepted.Status == "True" {
			v = k.ledgers[served.Name].listener(served.Ports[status.Name], k.pods[served.Name])
		} else {
			v.reason = string(gatewayv1.ListenerReasonInvalid)
		}
		w.listeners = append(w.listeners, listenerWish{status: status, programmed: v})
	}
	w.problems = append(warnings(served.Problems), k.refused(source, []name{served.Name})...)
	return w
}

func (k knowledge) route(route Route) wish {
	if route.Source.Kind == "Ingress" {
		return k.ingress(route)
	}
	w := wish{generation: route.Generation}
	var gateways []name
	for _, status := range route.Parents {
		gateway := parentOf(route.Source, status.ParentRef)
		gateways = append(gateways, gateway)
		p := parentWish{status: status, held: k.held[gateway], programmed: unaccepted}
		isAccepted := meta.IsStatusConditionTrue(status.Conditions, string(gatewayv1.RouteConditionAccepted))
		if l := k.ledgers[gateway]; isAccepted && l != nil {
			p.programmed = l.object(route.Source, k.pods[gateway])
		}
		w.parents = append(w.parents, p)
	}
	w.undecided = route.Held
	if !w.undecided {
		w.problems = append(warnings(route.Problems), k.refused(route.Source, gateways)...)
	}
	return w
}

func (k knowledge) ingress(route Route) wish {
	w := wish{generation: route.Generation, undecided: route.Held, clear: len(route.Gateways) == 0}
	if w.undecided {
		return w
	}
	w.problems = slices.Concat(route.Problems, k.refused(route.Source, route.Gateways))
	for _, gateway := range route.Gateways {
		w.addresses = append(w.addresses, k.addresses[gateway]...)
		v := k.ledgers[gateway].object(route.Source, k.pods[gateway])
		if v.reason == ReasonRejectedByProxy {
			w.problems = append(w.problems, translate.Problem{Source: route.Source, Reason: v.reason, Field: "spec", Message: v.message})
		}
	}
	return w
}

// refused returns what proxies, or the maker of their resources, refuse of an object.
func (k knowledge) refused(object ir.Source, gateways []name) []translate.Problem {
	var problems []translate.Problem
	for _, gateway := range gateways {
		for _, problem := range k.problems[gateway] {
			if objectOf(problem.Source) == object {
				problems = append(problems, problem)
			}
		}
		if k.ledgers[gateway] == nil {
			continue
		}
		for _, message := range k.ledgers[gateway].refusals(object) {
			problems = append(problems, translate.Problem{Source: object, Reason: ReasonRejectedByProxy, Field: "spec", Message: message})
		}
	}
	return problems
}

// warnings are the problems that no condition tells.
func warnings(problems []translate.Problem) []translate.Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p translate.Problem) bool { return p.Condition != "" })
}

// parentOf returns the gateway that a route's parentRef names.
func parentOf(route ir.Source, ref gatewayv1.ParentReference) name {
	gateway := name{Namespace: route.Namespace, Name: string(ref.Name)}
	if ref.Namespace != nil {
		gateway.Namespace = string(*ref.Namespace)
	}
	return gateway
}

// addressesOf are a gateway's addresses, as an Ingress tells them: IP addresses or, where the load balancer has only a name, that.
func addressesOf(gateway *api.EdgeGateway) []address {
	var all []address
	for _, a := range gateway.Status.Addresses {
		all = append(all, address{ip: a.Value})
	}
	if lb := gateway.Status.LoadBalancer; len(all) == 0 && lb != nil && lb.Hostname != "" {
		all = append(all, address{hostname: lb.Hostname})
	}
	return all
}
