package store

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// acceptance is what was last accepted of a gateway: nothing, or a spec that is served until a newer one is accepted.
type acceptance struct {
	// gateway as it was when it was accepted, nil if it never was.
	gateway *api.EdgeGateway
	// class that it used then, as it is now or, if it is gone, as it last was.
	class *api.EdgeGatewayClass
	// decided reports whether the gateway's present generation was accepted or refused.
	decided bool
}

// served reports whether there is something to serve.
func (a acceptance) served() bool { return a.gateway != nil && a.class != nil }

// acceptanceOf decides what is served of a gateway now, given what was before. It is pure.
func acceptanceOf(before acceptance, gateway *api.EdgeGateway, classOf func(name string) *api.EdgeGatewayClass) acceptance {
	now := acceptance{gateway: before.gateway, class: before.class}
	if now.gateway != nil && now.gateway.UID != gateway.UID {
		// Another gateway of the same name owes nothing to the one that was.
		now = acceptance{}
	}
	condition := meta.FindStatusCondition(gateway.Status.Conditions, api.ConditionAccepted)
	now.decided = condition != nil && condition.ObservedGeneration == gateway.Generation
	if now.decided && condition.Status == metav1.ConditionTrue {
		now.gateway = gateway
	}
	if now.gateway == nil {
		return now
	}
	className := now.gateway.Status.ClassName
	if class := classOf(className); class != nil {
		now.class = class
	} else if now.class != nil && now.class.Name != className {
		now.class = nil
	}
	return now
}

// input is the gateway as translate wants it.
func (a acceptance) input() translate.Gateway {
	return translate.GatewayOf(a.gateway, a.class, proxyProtocol(a.class))
}

// proxyProtocol reports whether the load balancers of a class send PROXY protocol headers.
func proxyProtocol(class *api.EdgeGatewayClass) bool {
	return class.Spec.Manual == nil || class.Spec.Manual.ProxyProtocol != api.ProxyProtocolNone
}
