package edgegateway

import (
	"net/netip"
	"slices"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// neighbourhood is what a gateway's acceptance depends on beside itself.
type neighbourhood struct {
	// classes of the cluster and gateways of the cluster, the one in question among them.
	classes  []api.EdgeGatewayClass
	gateways []api.EdgeGateway
	// classFindings say of each class, by name, whether it is accepted.
	classFindings map[string]finding
	// namespaceLabels are those of the namespaces, by name.
	namespaceLabels map[string]map[string]string
	// own are those of the gateway's addresses that belong to the cluster itself, and what they are there.
	own map[netip.Addr]string
}

// classOf returns the class that a gateway uses, or why there is none. A gateway that names none stays with the class by which something
// was made for it, whatever becomes of the default: only that class can remove it. It is pure.
func classOf(gateway *api.EdgeGateway, classes []api.EdgeGatewayClass) (*api.EdgeGatewayClass, finding) {
	if gateway.Spec.ClassName == "" {
		if class := madeBy(gateway, classes); class != nil {
			return class, finding{ok: true}
		}
		if class := defaultClass(classes); class != nil {
			return class, finding{ok: true}
		}
		return nil, no(api.ReasonNoDefaultClass,
			"spec.className is empty and no EdgeGatewayClass has spec.default: name one of: %s", classNames(classes))
	}
	for i := range classes {
		if classes[i].Name == gateway.Spec.ClassName {
			return &classes[i], finding{ok: true}
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

func namespaceAllowed(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, around neighbourhood) finding {
	allowed := class.Spec.AllowedNamespaces
	if allowed == nil || slices.Contains(allowed.Names, gateway.Namespace) {
		return finding{ok: true}
	}
	if allowed.Selector != nil {
		selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
		if err == nil && selector.Matches(labels.Set(around.namespaceLabels[gateway.Namespace])) {
			return finding{ok: true}
		}
	}
	return no(api.ReasonNamespaceNotAllowed,
		"spec.className: EdgeGatewayClass %q does not allow namespace %q: ask the platform admin to add it to the class's spec.allowedNamespaces, or name another class",
		class.Name, gateway.Namespace)
}
