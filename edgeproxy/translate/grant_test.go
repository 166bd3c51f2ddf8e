package translate

import (
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// TestPermittedByEveryFieldOfAGrant changes one field of a grant that permits a reference: none of them may be passed over.
func TestPermittedByEveryFieldOfAGrant(t *testing.T) {
	from := gatewayv1.ReferenceGrantFrom{Group: "gateway.networking.k8s.io", Kind: "HTTPRoute", Namespace: "shop"}
	to := gatewayv1.ReferenceGrantTo{Kind: "Service", Name: pointer(gatewayv1.ObjectName("web"))}
	r := reference{
		fromGroup: from.Group, fromKind: from.Kind, fromNamespace: "shop", toKind: "Service", toNamespace: "backends", toName: "web",
	}
	for _, c := range []struct {
		name   string
		change func(from *gatewayv1.ReferenceGrantFrom, to *gatewayv1.ReferenceGrantTo)
		want   bool
	}{
		{"as it is", func(*gatewayv1.ReferenceGrantFrom, *gatewayv1.ReferenceGrantTo) {}, true},
		{"to every name", func(_ *gatewayv1.ReferenceGrantFrom, to *gatewayv1.ReferenceGrantTo) { to.Name = nil }, true},
		{"to an empty name, which is every name", func(_ *gatewayv1.ReferenceGrantFrom, to *gatewayv1.ReferenceGrantTo) { *to.Name = "" }, true},
		{"to another name", func(_ *gatewayv1.ReferenceGrantFrom, to *gatewayv1.ReferenceGrantTo) { *to.Name = "other" }, false},
		{"to another kind", func(_ *gatewayv1.ReferenceGrantFrom, to *gatewayv1.ReferenceGrantTo) { to.Kind = "Secret" }, false},
		{"to another group", func(_ *gatewayv1.ReferenceGrantFrom, to *gatewayv1.ReferenceGrantTo) { to.Group = "example.com" }, false},
		{"from another kind", func(from *gatewayv1.ReferenceGrantFrom, _ *gatewayv1.ReferenceGrantTo) { from.Kind = "TCPRoute" }, false},
		{"from another group", func(from *gatewayv1.ReferenceGrantFrom, _ *gatewayv1.ReferenceGrantTo) { from.Group = "example.com" }, false},
		{"from another namespace", func(from *gatewayv1.ReferenceGrantFrom, _ *gatewayv1.ReferenceGrantTo) { from.Namespace = "blog" }, false},
	} {
		from, to := from, *to.DeepCopy()
		c.change(&from, &to)
		grant := &gatewayv1.ReferenceGrant{Spec: gatewayv1.ReferenceGrantSpec{
			From: []gatewayv1.ReferenceGrantFrom{from}, To: []gatewayv1.ReferenceGrantTo{to},
		}}
		lookup := objects{grants: map[string][]*gatewayv1.ReferenceGrant{"backends": {grant}}}
		if got := permitted(r, lookup); got != c.want {
			t.Errorf("%s: permitted is %v, want %v", c.name, got, c.want)
		}
	}
}

// TestAGrantPermitsWithinOneEntry: a reference needs one entry of from and one of to in the same grant.
func TestAGrantPermitsWithinOneEntry(t *testing.T) {
	r := reference{fromGroup: "g", fromKind: "HTTPRoute", fromNamespace: "shop", toKind: "Service", toNamespace: "backends", toName: "web"}
	from := []gatewayv1.ReferenceGrantFrom{{Group: "g", Kind: "HTTPRoute", Namespace: "blog"}, {Group: "g", Kind: "TCPRoute", Namespace: "shop"}}
	to := []gatewayv1.ReferenceGrantTo{{Kind: "Service"}}
	grants := []*gatewayv1.ReferenceGrant{
		{Spec: gatewayv1.ReferenceGrantSpec{From: from, To: to}},
		{Spec: gatewayv1.ReferenceGrantSpec{From: []gatewayv1.ReferenceGrantFrom{{Group: "g", Kind: "HTTPRoute", Namespace: "shop"}}}},
	}
	if permitted(r, objects{grants: map[string][]*gatewayv1.ReferenceGrant{"backends": grants}}) {
		t.Error("the parts of several entries permit it together")
	}
}
