package store

import (
	"slices"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// flush is the work of one Flush.
type flush struct {
	kinds  []Kind
	lookup lookup
	now    time.Time
	held   map[Name]bool
	// secrets that something refers to, and those of them that were not read.
	secrets, unread map[Name]bool
}

func (f *flush) run() Output {
	var out Output
	fragments := f.fragments()
	edges := f.findHeld(fragments)
	assemblies := map[Name]translate.Assembly{}
	problems := map[ir.Source][]translate.Problem{}
	for _, key := range SortedNames(edges) {
		assembly := translate.Assemble(edges[key], fragments, f.now)
		assemblies[key] = assembly
		for _, problem := range assembly.Problems {
			problems[problem.Source] = append(problems[problem.Source], problem)
		}
		if !f.held[key] {
			out.Gateways = append(out.Gateways, f.served(assembly, problems[edges[key].Source]))
		}
	}
	find := func(key Name) (translate.Assembly, bool) {
		assembly, found := assemblies[key]
		return assembly, found
	}
	for _, fragment := range fragments {
		out.Routes = append(out.Routes, Route{
			RouteStatus: translate.Status(fragment, find),
			Problems:    append(slices.Clone(fragment.Problems), problems[fragment.Source]...),
			Held:        slices.ContainsFunc(fragment.Gateways(), func(gateway Name) bool { return f.held[gateway] }),
		})
	}
	out.Held, out.Secrets, out.Unread = SortedNames(f.held), SortedNames(f.secrets), SortedNames(f.unread)
	return out
}

// fragments translates every object that has a translation.
func (f *flush) fragments() []translate.Fragment {
	var fragments []translate.Fragment
	for _, kind := range f.kinds {
		if kind.translate == nil {
			continue
		}
		for _, named := range f.lookup.byKind[kind.Name] {
			for _, object := range named {
				fragments = append(fragments, kind.translate(object, f.lookup))
			}
		}
	}
	return translate.Attached(fragments)
}

// findHeld finds the gateways about which something is not known yet, and returns the edges of all that are served.
func (f *flush) findHeld(fragments []translate.Fragment) map[Name]translate.Edge {
	for key, accepted := range f.lookup.accepted {
		if !accepted.served() && !accepted.decided {
			f.held[key] = true
		}
	}
	for _, fragment := range fragments {
		if !f.await(fragment.Refs) {
			continue
		}
		for _, gateway := range fragment.Gateways() {
			f.held[gateway] = true
		}
	}
	edges := map[Name]translate.Edge{}
	for key, gateway := range f.lookup.gateways {
		edges[key] = translate.Listeners(gateway, f.lookup)
		if f.await(edges[key].Refs) {
			f.held[key] = true
		}
	}
	return edges
}

// await notes the Secrets among refs, and reports whether one of them was not read yet.
func (f *flush) await(refs []translate.Ref) bool {
	waits := false
	for _, ref := range refs {
		if ref.Kind != "Secret" {
			continue
		}
		secret := Name{Namespace: ref.Namespace, Name: ref.Name}
		f.secrets[secret] = true
		if _, read := f.lookup.secrets[secret]; !read {
			f.unread[secret] = true
			waits = true
		}
	}
	return waits
}

func (f *flush) served(assembly translate.Assembly, problems []translate.Problem) Served {
	ports := map[gatewayv1.SectionName]gatewayv1.PortNumber{}
	for _, listener := range f.lookup.gateways[assembly.Name].Listeners {
		ports[listener.Name] = listener.Port
	}
	return Served{
		Name: assembly.Name, Gateway: assembly.Gateway, Backends: assembly.Backends, Ports: ports, Problems: problems,
		Status: translate.GatewayStatus{
			Namespace: assembly.Name.Namespace, Name: assembly.Name.Name, Generation: assembly.Generation, Listeners: assembly.Listeners,
		},
	}
}
