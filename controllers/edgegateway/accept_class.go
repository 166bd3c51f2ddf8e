package edgegateway

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// Available names what adapters there are.
type Available struct {
	Providers []api.ProviderName
	DNS       []api.DNSProviderName
}

// acceptClass decides, without looking at Secrets, whether a class can be used. It is pure.
func acceptClass(class *api.EdgeGatewayClass, available Available) finding {
	if !slices.Contains(available.Providers, class.Spec.Provider) {
		return no(api.ReasonProviderNotAvailable, "spec.provider: this version of the operator has no adapter for %q: it has %v",
			class.Spec.Provider, available.Providers)
	}
	if class.Spec.DNS != nil && !slices.Contains(available.DNS, class.Spec.DNS.Provider) {
		return no(api.ReasonProviderNotAvailable, "spec.dns.provider: this version of the operator has no DNS adapter for %q: it has %v",
			class.Spec.DNS.Provider, available.DNS)
	}
	if class.Spec.AllowedNamespaces != nil && class.Spec.AllowedNamespaces.Selector != nil {
		if _, err := metav1.LabelSelectorAsSelector(class.Spec.AllowedNamespaces.Selector); err != nil {
			return no(api.ReasonInvalidSpec, "spec.allowedNamespaces.selector: %v: write it as Kubernetes' label selectors are written", err)
		}
	}
	return yes(api.ReasonAccepted, "gateways of this class can be made")
}

// wantedSecret is a Secret that a class names, with the keys that it must have.
type wantedSecret struct {
	field, name string
	keys        []string
}

func wantedSecrets(class *api.EdgeGatewayClass) []wantedSecret {
	var wanted []wantedSecret
	if class.Spec.Credentials != nil {
		secret := wantedSecret{field: "spec.credentials.name", name: class.Spec.Credentials.Name}
		if class.Spec.Provider == api.ProviderAWS {
			secret.keys = awsKeys()
		}
		wanted = append(wanted, secret)
	}
	if dns := class.Spec.DNS; dns != nil && dns.Credentials != nil {
		secret := wantedSecret{field: "spec.dns.credentials.name", name: dns.Credentials.Name}
		switch dns.Provider {
		case api.DNSRFC2136:
			secret.keys = []string{"tsig-key", "tsig-algorithm", "tsig-secret"}
		case api.DNSRoute53:
			secret.keys = awsKeys()
		}
		wanted = append(wanted, secret)
	}
	for i, vantage := range class.Spec.Vantages {
		wanted = append(wanted, wantedSecret{field: fmt.Sprintf("spec.vantages[%d].credentials.name", i), name: vantage.Credentials.Name, keys: []string{"token"}})
	}
	return wanted
}

// awsKeys are those that a Secret with credentials for AWS must have.
func awsKeys() []string { return []string{registry.AWSAccessKeyID, registry.AWSSecretAccessKey} }

// usedBy counts the gateways that use a class. A gateway on its way out still does.
func usedBy(class *api.EdgeGatewayClass, classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) int32 {
	var used int32
	for i := range gateways {
		if uses(&gateways[i], class, classes) {
			used++
		}
	}
	return used
}

// neededSecrets names the Secrets of classes for whose gateways something may be outside the cluster. It is pure.
func neededSecrets(classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) map[string]bool {
	needed := map[string]bool{}
	for i := range classes {
		if !mustStay(&classes[i], classes, gateways) {
			continue
		}
		for _, secret := range wantedSecrets(&classes[i]) {
			needed[secret.name] = true
		}
	}
	return needed
}

// mustStay reports whether a class must stay: one of its gateways holds the finalizer, so that something may be outside the cluster.
func mustStay(class *api.EdgeGatewayClass, classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) bool {
	for i := range gateways {
		if controllerutil.ContainsFinalizer(&gateways[i], api.Finalizer) && uses(&gateways[i], class, classes) {
			return true
		}
	}
	return false
}

// uses reports whether a gateway is, or was last, of a class.
func uses(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, classes []api.EdgeGatewayClass) bool {
	if gateway.Status.ClassName == class.Name {
		return true
	}
	theirs, found := classOf(gateway, classes)
	return found.ok && theirs.Name == class.Name
}
