package edgegateway

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// neighbourhood is what a gateway's acceptance depends on beside itself.
type neighbourhood struct {
	// classes of the cluster and gateways of the cluster, the one in question among them.
	classes  []api.EdgeGatewayClass
	gateways []api.EdgeGateway
	// classVerdicts say of each class, by name, whether it is accepted.
	classVerdicts map[string]verdict
	// namespaceLabels are those of the namespaces, by name.
	namespaceLabels map[string]map[string]string
	// own are those of the gateway's addresses that belong to the cluster itself, and what they are there.
	own map[netip.Addr]string
}

// classOf returns the class that a gateway uses, or why there is none. A gateway that names none stays with the class by which something
// was made for it, whatever becomes of the default: only that class can remove it. It is pure.
func classOf(gateway *api.EdgeGateway, classes []api.EdgeGatewayClass) (*api.EdgeGatewayClass, verdict) {
	if gateway.Spec.ClassName == "" {
		if class := madeBy(gateway, classes); class != nil {
			return class, verdict{ok: true}
		}
		if class := defaultClass(classes); class != nil {
			return class, verdict{ok: true}
		}
		return nil, no(api.ReasonNoDefaultClass,
			"spec.className is empty and no EdgeGatewayClass has spec.default: name one of: %s", classNames(classes))
	}
	for i := range classes {
		if classes[i].Name == gateway.Spec.ClassName {
			return &classes[i], verdict{ok: true}
		}
	}
	return nil, no(api.ReasonClassNotFound,
		"spec.className: there is no EdgeGatewayClass %q: create it, or name one of: %s", gateway.Spec.ClassName, classNames(classes))
}

// madeBy returns the class by which something was made for a gateway outside the cluster, or nil.
func madeBy(gateway *api.EdgeGateway, classes []api.EdgeGatewayClass) *api.EdgeGatewayClass {
	if len(gateway.Status.Footprint) == 0 {
		return nil
	}
	for i := range classes {
		if classes[i].Name == gateway.Status.ClassName {
			return &classes[i]
		}
	}
	return nil
}

// defaultClass returns the oldest class that wants to be the default, or nil.
func defaultClass(classes []api.EdgeGatewayClass) *api.EdgeGatewayClass {
	var oldest *api.EdgeGatewayClass
	for i := range classes {
		class := &classes[i]
		if !class.Spec.Default || !class.DeletionTimestamp.IsZero() {
			continue
		}
		if oldest == nil || older(class.ObjectMeta, oldest.ObjectMeta) {
			oldest = class
		}
	}
	return oldest
}

func classNames(classes []api.EdgeGatewayClass) string {
	if len(classes) == 0 {
		return "(there is none yet)"
	}
	names := make([]string, 0, len(classes))
	for i := range classes {
		names = append(names, classes[i].Name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// older reports whether a was there before b; among equals the namespace and name decide.
func older(a, b metav1.ObjectMeta) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	if a.Namespace != b.Namespace {
		return a.Namespace < b.Namespace
	}
	return a.Name < b.Name
}

// accept decides whether a gateway may be made: by its class, and against its neighbours. The first question that is answered with no
// decides, and its message names the field and the cure. It is pure.
func accept(gateway *api.EdgeGateway, around neighbourhood) (*api.EdgeGatewayClass, verdict) {
	class, found := classOf(gateway, around.classes)
	if !found.ok {
		return nil, found
	}
	if v, known := around.classVerdicts[class.Name]; known && !v.ok {
		return class, no(api.ReasonClassNotAccepted, "spec.className: EdgeGatewayClass %q is not accepted: %s", class.Name, v.message)
	}
	questions := []func(*api.EdgeGateway, *api.EdgeGatewayClass, neighbourhood) verdict{
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

func namespaceAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, around neighbourhood) verdict {
	allowed := class.Spec.AllowedNamespaces
	if allowed == nil || slices.Contains(allowed.Names, gateway.Namespace) {
		return verdict{ok: true}
	}
	if allowed.Selector != nil {
		selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
		if err == nil && selector.Matches(labels.Set(around.namespaceLabels[gateway.Namespace])) {
			return verdict{ok: true}
		}
	}
	return no(api.ReasonNamespaceNotAllowed,
		"spec.className: EdgeGatewayClass %q does not allow namespace %q: ask the platform admin to add it to the class's spec.allowedNamespaces, or name another class",
		class.Name, gateway.Namespace)
}

func withinMaxGateways(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, around neighbourhood) verdict {
	if class.Spec.MaxGateways == nil {
		return verdict{ok: true}
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
		return verdict{ok: true}
	}
	return no(api.ReasonTooManyGateways,
		"spec.className: EdgeGatewayClass %q allows %d gateways (spec.maxGateways), and older ones use them up: delete one, or ask the platform admin for more",
		class.Name, *class.Spec.MaxGateways)
}

// claimedHostnames returns the names that a gateway asks for, each with its field: those to publish, and those that its listeners serve.
func claimedHostnames(gateway *api.EdgeGateway) []claim {
	var claims []claim
	for i, hostname := range gateway.Spec.Hostnames {
		claims = append(claims, claim{field: fmt.Sprintf("spec.hostnames[%d]", i), hostname: hostname})
	}
	for i, listener := range gateway.Spec.Listeners {
		if listener.Hostname != nil && *listener.Hostname != "" {
			claims = append(claims, claim{field: fmt.Sprintf("spec.listeners[%d].hostname", i), hostname: string(*listener.Hostname)})
		}
	}
	return claims
}

type claim struct{ field, hostname string }

func hostnamesAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) verdict {
	for _, claim := range claimedHostnames(gateway) {
		if !translate.HostnameAllowed(class.Spec.Hostnames, gateway.Namespace, claim.hostname) {
			return no(api.ReasonHostnameNotAllowed,
				"%s: EdgeGatewayClass %q does not allow hostname %q to namespace %q: use a name that its spec.hostnames allows (%s), or ask the platform admin",
				claim.field, class.Name, claim.hostname, gateway.Namespace, translate.AllowedPatterns(class.Spec.Hostnames, gateway.Namespace))
		}
	}
	return verdict{ok: true}
}

func hostnamesFree(gateway *api.EdgeGateway, _ *api.EdgeGatewayClass, around neighbourhood) verdict {
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
	return verdict{ok: true}
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

func hostnamesInZones(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) verdict {
	for i, hostname := range gateway.Spec.Hostnames {
		if !inZones(class, hostname) {
			return no(api.ReasonHostnameOutsideZones,
				"spec.hostnames[%d]: %q is in none of the DNS zones of EdgeGatewayClass %q (%s): use a name in one of them, or ask the platform admin to add its zone",
				i, hostname, class.Name, strings.Join(class.Spec.DNS.Zones, ", "))
		}
	}
	return verdict{ok: true}
}

func addressesAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) verdict {
	if class.Spec.Provider == api.ProviderManual {
		// The provider checks them against the class's ranges: the ops team decides whose they are.
		return verdict{ok: true}
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
	return verdict{ok: true}
}

func loadBalancerAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) verdict {
	id := gateway.Spec.LoadBalancer
	granted := slices.ContainsFunc(class.Spec.LoadBalancers, func(grant api.ResourceGrant) bool {
		return grant.ID == id && slices.Contains(grant.Namespaces, gateway.Namespace)
	})
	switch {
	case id == "" || granted:
		return verdict{ok: true}
	case class.Spec.Provider == api.ProviderManual:
		return no(api.ReasonLoadBalancerNotAllowed,
			"spec.loadBalancer: EdgeGatewayClass %q is of provider manual, where the ops team answers in spec.manual.ack: remove spec.loadBalancer", class.Name)
	default:
		return no(api.ReasonLoadBalancerNotAllowed,
			"spec.loadBalancer: EdgeGatewayClass %q does not let namespace %q adopt %q: ask the platform admin to add it to the class's spec.loadBalancers, or remove it to have one made",
			class.Name, gateway.Namespace, id)
	}
}

func answerFitsProvider(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, _ neighbourhood) verdict {
	if gateway.Spec.Manual != nil && class.Spec.Provider != api.ProviderManual {
		return no(api.ReasonInvalidSpec,
			"spec.manual: the provider of EdgeGatewayClass %q is %s, which takes no answer: remove spec.manual, or name a class with provider manual",
			class.Name, class.Spec.Provider)
	}
	return verdict{ok: true}
}
