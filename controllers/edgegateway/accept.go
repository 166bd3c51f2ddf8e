package edgegateway

import (
	"fmt"
	"slices"
	"strings"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// accept decides whether a gateway may be made: by its class, and against its neighbours. The first question that is answered with no
// decides, and its message names the field and the cure. It is pure.
func accept(gateway *api.EdgeGateway, around neighbourhood) (*api.EdgeGatewayClass, finding) {
	class, found := classOf(gateway, around.classes)
	if !found.ok {
		return nil, found
	}
	if v, known := around.classFindings[class.Name]; known && !v.ok {
		return class, no(api.ReasonClassNotAccepted, "spec.className: EdgeGatewayClass %q is not accepted: %s", class.Name, v.message)
	}
	questions := []func(*api.EdgeGateway, *api.EdgeGatewayClass, neighbourhood) finding{
		namespaceAllowed,
		withinMaxGateways,
		hostnamesAllowed,
		hostnamesFree,
		hostnamesInZones,
		addressesAllowed,
		loadBalancerAllowed,
		answerFitsProvider,
		addressesOutside,
		addressesFree,
	}
	for _, question := range questions {
		if v := question(gateway, class, around); !v.ok {
			return class, v
		}
	}
	return class, yes(api.ReasonAccepted, fmt.Sprintf("EdgeGatewayClass %q can make it", class.Name))
}

func withinMaxGateways(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, around neighbourhood) finding {
	if class.Spec.MaxGateways == nil {
		return finding{ok: true}
	}
	var before int32
	for i := range around.gateways {
		other := &around.gateways[i]
		if other.UID == gateway.UID || !older(other.ObjectMeta, gateway.ObjectMeta) {
			continue
		}
		if theirs, found := classOf(other, around.classes); found.ok && theirs.Name == class.Name {
			before++
		}
	}
	if before < *class.Spec.MaxGateways {
		return finding{ok: true}
	}
	return no(api.ReasonTooManyGateways,
		"spec.className: EdgeGatewayClass %q allows %d gateways (spec.maxGateways), and older ones use them up: delete one, or ask the platform admin for more",
		class.Name, *class.Spec.MaxGateways)
}

// hostnameClaims returns the names that a gateway asks for, each with its field: those to publish, and those that its listeners serve.
func hostnameClaims(gateway *api.EdgeGateway) []hostnameClaim {
	var claims []hostnameClaim
	for i, hostname := range gateway.Spec.Hostnames {
		claims = append(claims, hostnameClaim{field: fmt.Sprintf("spec.hostnames[%d]", i), hostname: hostname})
	}
	for i, listener := range gateway.Spec.Listeners {
		if listener.Hostname != nil && *listener.Hostname != "" {
			claims = append(claims, hostnameClaim{field: fmt.Sprintf("spec.listeners[%d].hostname", i), hostname: string(*listener.Hostname)})
		}
	}
	return claims
}

type hostnameClaim struct{ field, hostname string }

func hostnamesAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) finding {
	for _, claim := range hostnameClaims(gateway) {
		if !translate.HostnameAllowed(class.Spec.Hostnames, gateway.Namespace, claim.hostname) {
			return no(api.ReasonHostnameNotAllowed,
				"%s: EdgeGatewayClass %q does not allow hostname %q to namespace %q: use a name that its spec.hostnames allows (%s), or ask the platform admin",
				claim.field, class.Name, claim.hostname, gateway.Namespace, translate.AllowedPatterns(class.Spec.Hostnames, gateway.Namespace))
		}
	}
	return finding{ok: true}
}

func hostnamesFree(gateway *api.EdgeGateway, _ *api.EdgeGatewayClass, around neighbourhood) finding {
	for i, hostname := range gateway.Spec.Hostnames {
		for j := range around.gateways {
			other := &around.gateways[j]
			if other.UID == gateway.UID || !older(other.ObjectMeta, gateway.ObjectMeta) || !slices.Contains(other.Spec.Hostnames, hostname) ||
				!mayHaveHostname(other, hostname, around) {
				continue
			}
			// The other's namespace is not named: a tenant learns that the name is taken, not by whom.
			return no(api.ReasonHostnameConflict,
				"spec.hostnames[%d]: an older EdgeGateway claims hostname %q: remove it here or there; the oldest claim wins", i, hostname)
		}
	}
	return finding{ok: true}
}

// mayHaveHostname reports whether a gateway's claim of a hostname counts: what its class would never give it, it can't keep from others.
func mayHaveHostname(gateway *api.EdgeGateway, hostname string, around neighbourhood) bool {
	class, found := classOf(gateway, around.classes)
	return found.ok && namespaceAllowed(gateway, class, around).ok &&
		translate.HostnameAllowed(class.Spec.Hostnames, gateway.Namespace, hostname) && inZones(class, hostname)
}

// inZones reports whether a hostname is in one of the zones of a class, if that publishes names.
func inZones(class *api.EdgeGatewayClass, hostname string) bool {
	name := strings.TrimPrefix(hostname, "*.")
	return class.Spec.DNS == nil || slices.ContainsFunc(class.Spec.DNS.Zones, func(zone string) bool {
		return name == zone || strings.HasSuffix(name, "."+zone)
	})
}

func hostnamesInZones(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) finding {
	for i, hostname := range gateway.Spec.Hostnames {
		if !inZones(class, hostname) {
			return no(api.ReasonHostnameOutsideZones,
				"spec.hostnames[%d]: %q is in none of the DNS zones of EdgeGatewayClass %q (%s): use a name in one of them, or ask the platform admin to add its zone",
				i, hostname, class.Name, strings.Join(class.Spec.DNS.Zones, ", "))
		}
	}
	return finding{ok: true}
}

func addressesAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) finding {
	if class.Spec.Provider == api.ProviderManual {
		// The provider checks them against the class's ranges: the ops team decides whose they are.
		return finding{ok: true}
	}
	for i, address := range gateway.Spec.Addresses {
		granted := slices.ContainsFunc(class.Spec.Addresses, func(grant api.ResourceGrant) bool {
			return grant.ID == address && slices.Contains(grant.Namespaces, gateway.Namespace)
		})
		if !granted {
			return no(api.ReasonAddressNotAllowed,
				"spec.addresses[%d]: EdgeGatewayClass %q does not let namespace %q bring %q: ask the platform admin to add it to the class's spec.addresses, or remove it to have one allocated",
				i, class.Name, gateway.Namespace, address)
		}
	}
	return finding{ok: true}
}

func loadBalancerAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) finding {
	id := gateway.Spec.LoadBalancer
	granted := slices.ContainsFunc(class.Spec.LoadBalancers, func(grant api.ResourceGrant) bool {
		return grant.ID == id && slices.Contains(grant.Namespaces, gateway.Namespace)
	})
	switch {
	case id == "" || granted:
		return finding{ok: true}
	case class.Spec.Provider == api.ProviderManual:
		return no(api.ReasonLoadBalancerNotAllowed,
			"spec.loadBalancer: EdgeGatewayClass %q is of provider manual, where the ops team answers in spec.manual.ack: remove spec.loadBalancer", class.Name)
	default:
		return no(api.ReasonLoadBalancerNotAllowed,
			"spec.loadBalancer: EdgeGatewayClass %q does not let namespace %q adopt %q: ask the platform admin to add it to the class's spec.loadBalancers, or remove it to have one made",
			class.Name, gateway.Namespace, id)
	}
}

func answerFitsProvider(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) finding {
	if gateway.Spec.Manual != nil && class.Spec.Provider != api.ProviderManual {
		return no(api.ReasonInvalidSpec,
			"spec.manual: the provider of EdgeGatewayClass %q is %s, which takes no answer: remove spec.manual, or name a class with provider manual",
			class.Name, class.Spec.Provider)
	}
	return finding{ok: true}
}
