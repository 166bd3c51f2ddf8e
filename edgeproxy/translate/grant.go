package translate

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// reference is an object that names another one, maybe of another namespace.
type reference struct {
	fromGroup     gatewayv1.Group
	fromKind      gatewayv1.Kind
	fromNamespace string
	// toKind of the core group.
	toKind      gatewayv1.Kind
	toNamespace string
	toName      string
}

// permitted reports whether a reference stays in its namespace, or a ReferenceGrant in the other one allows it.
func permitted(r reference, l Lookup) bool {
	if r.fromNamespace == r.toNamespace {
		return true
	}
	return slices.ContainsFunc(l.Grants(r.toNamespace), func(grant *gatewayv1.ReferenceGrant) bool {
		from := slices.ContainsFunc(grant.Spec.From, func(f gatewayv1.ReferenceGrantFrom) bool {
			return f.Group == r.fromGroup && f.Kind == r.fromKind && string(f.Namespace) == r.fromNamespace
		})
		to := slices.ContainsFunc(grant.Spec.To, func(t gatewayv1.ReferenceGrantTo) bool {
			return t.Group == "" && t.Kind == r.toKind && (t.Name == nil || *t.Name == "" || string(*t.Name) == r.toName)
		})
		return from && to
	})
}
