package translate

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Fragment is what one route or Ingress contributes to the gateways that it names. It is immutable, and true until the object or one
// of Refs changes.
type Fragment struct {
	// Source is the object.
	Source     ir.Source
	Generation int64
	// Refs are what was looked at, found or not, sorted.
	Refs []Ref
	// Problems that the object has by itself. Conflicts with others are found by Assemble.
	Problems []Problem

	created     time.Time
	attachments []attachment
	backends    []Backend
}

// Gateways returns the gateways that the fragment names, whether they exist or not, sorted.
func (f Fragment) Gateways() []types.NamespacedName {
	names := map[types.NamespacedName]bool{}
	for _, a := range f.attachments {
		if a.gateway.Name != "" {
			names[a.gateway] = true
		}
	}
	return sortedKeys(names, compareNames)
}

func compareNames(a, b types.NamespacedName) int {
	return compareStrings(a.Namespace, b.Namespace, a.Name, b.Name)
}

// attachment is one parentRef of a route, or the one gateway of an Ingress.
type attachment struct {
	gateway types.NamespacedName
	// parent as the route has it, and its index.
	parent gatewayv1.ParentReference
	index  int
	claims []hostClaim
	// problems of attaching, and of the rules.
	problems []Problem
	// rules that the object has, and how many of them answer 500 because they can't be built as written.
	rules, refused int
}

// claimed reports whether the attachment claims a host of a listener.
func (a *attachment) claimed(listener gatewayv1.SectionName, domain string) bool {
	return slices.ContainsFunc(a.claims, func(c hostClaim) bool { return c.listener == listener && c.domain == domain })
}

// claimed reports whether an attachment to a gateway claims a host of a listener.
func (f Fragment) claimed(gateway types.NamespacedName, listener gatewayv1.SectionName, domain string) bool {
	return slices.ContainsFunc(f.attachments, func(a attachment) bool { return a.gateway == gateway && a.claimed(listener, domain) })
}

// hostClaim is a claim of an object on a host of a listener, with what is to be done there.
type hostClaim struct {
	listener gatewayv1.SectionName
	domain   string
	// field of the object that names the host.
	field string
	// served: the host is to be served, by entries, then fallback. Else the object only brings a certificate for it.
	served  bool
	entries []entry
	// fallback comes after the entries of every object that shares the host.
	fallback []entry
	// certificates that the object brings for the host.
	certificates []broughtCertificate
}

// broughtCertificate is a certificate that an Ingress brings for a host; its secret is nil if it can't be used.
type broughtCertificate struct {
	certificate *certificate
	source      ir.Source
	field       string
}

// older compares two objects by the age of their host claims: by creation, then by "namespace/name", as Gateway API has it, then by kind.
func older(a, b Fragment) int {
	if c := a.created.Compare(b.created); c != 0 {
		return c
	}
	return compareStrings(a.Source.Namespace+"/"+a.Source.Name, b.Source.Namespace+"/"+b.Source.Name, a.Source.Kind, b.Source.Kind)
}

// translation is the work on one object.
type translation struct {
	source   ir.Source
	lookup   *recorder
	backends map[string]Backend
}

func begin(kind string, object metav1.Object, l Lookup) *translation {
	return &translation{
		source:   ir.Source{Kind: kind, Namespace: object.GetNamespace(), Name: object.GetName()},
		lookup:   newRecorder(l),
		backends: map[string]Backend{},
	}
}

// section returns the object as the source of one of its parts.
func (t *translation) section(name string) ir.Source {
	source := t.source
	source.Section = name
	return source
}

// fragment ends the work.
func (t *translation) fragment(object metav1.Object, attachments []attachment) Fragment {
	var problems []Problem
	for i := range attachments {
		attachments[i].problems = distinct(sourced(attachments[i].problems, t.source))
		problems = append(problems, attachments[i].problems...)
	}
	f := Fragment{
		Source:      t.source,
		Generation:  object.GetGeneration(),
		Refs:        t.lookup.sorted(),
		Problems:    distinct(problems),
		created:     object.GetCreationTimestamp().Time,
		attachments: attachments,
	}
	for _, name := range sortedNames(t.backends) {
		f.backends = append(f.backends, t.backends[name])
	}
	return f
}

// sortFragments puts the oldest first, whatever order they came in.
func sortFragments(fragments []Fragment) []Fragment {
	sorted := slices.Clone(fragments)
	slices.SortFunc(sorted, older)
	return sorted
}
