package crash

import (
	"context"
	"slices"
	"time"

	"github.com/edgegateway/edgegateway/providers"
)

// providerMutants are faults of engine and adapters.
func providerMutants() []mutant {
	of := func(name, what string, make func(s *sim, p *overridden, inner providers.Provider), stories ...string) mutant {
		return mutant{name: name, what: what, stories: stories, mutation: mutation{provider: func(s *sim, inner providers.Provider) providers.Provider {
			p := &overridden{Provider: inner}
			make(s, p, inner)
			return p
		}}}
	}
	return []mutant{
		of("owned-by-name", "the owner is namespace and name, not the UID", ownedByName, "aws/create"),
		of("creates-twice", "every creation is made twice", func(_ *sim, p *overridden, inner providers.Provider) {
			p.apply = func(ctx context.Context, owner providers.Owner, change providers.Change) error {
				_, err := inner.Apply(ctx, owner, change)
				if change.Verb == providers.Create && err == nil {
					_, _ = inner.Apply(ctx, owner, change)
				}
				return err
			}
		}, "aws/create"),
		of("ignores-errors", "errors of changes are swallowed", func(_ *sim, p *overridden, inner providers.Provider) {
			p.apply = func(ctx context.Context, owner providers.Owner, change providers.Change) error {
				_, _ = inner.Apply(ctx, owner, change)
				return nil
			}
		}, "rfc2136/collision", "aws/collision"),
		of("observes-once-a-minute", "what was seen is not looked at again for a minute", staleFor(time.Minute), "aws/create", "manual/create"),
		of("observes-once", "what is seen after the first look is never news", staleFor(time.Hour), "aws/drift", "manual/drift"),
		of("blind-removal", "a gateway that goes is taken to have nothing", blindRemoval, "aws/delete"),
		of("records-last", "records are removed after all else", recordsLast, "aws/delete", "rfc2136/delete"),
		of("no-retain", "what is to be retained is deleted", nodesAs(func(n *providers.Node) { n.Retain = false }), "aws/retain"),
		of("too-early", "records are published before there is a load balancer", tooEarly, "rfc2136/create"),
		of("always-ready", "every verdict is that all is well", func(_ *sim, p *overridden, inner providers.Provider) {
			p.report = func(observed providers.Graph) providers.Status {
				status := inner.Report(observed)
				fine := providers.Verdict{State: providers.Ready}
				status.Addressed, status.Provisioned, status.Published = fine, fine, fine
				return status
			}
		}, "rfc2136/revoked", "rfc2136/drift", "aws/drift", "aws/collision", "aws/create"),
		of("one-target", "only the last node gets traffic", wanting(func(gw *providers.Gateway) { gw.Targets = gw.Targets[len(gw.Targets)-1:] }), "aws/create"),
		of("no-ack", "the ops team's answer is not heard", wanting(func(gw *providers.Gateway) { gw.Ack = nil }), "manual/create"),
		of("no-names", "names are not published", wanting(func(gw *providers.Gateway) { gw.Hostnames = nil }), "rfc2136/create"),
		of("extra-port", "one port more is open than was asked for", wanting(func(gw *providers.Gateway) {
			extra := gw.Ports[0]
			extra.Name, extra.Number = "extra", 22
			gw.Ports = append([]providers.Port{extra}, gw.Ports...)
		}), "aws/create"),
		of("foreign-address", "a foreign address is published as well", foreignAddress, "rfc2136/create"),
		of("no-removal", "surplus is never deleted", func(_ *sim, p *overridden, inner providers.Provider) {
			p.apply = func(ctx context.Context, owner providers.Owner, change providers.Change) error {
				if change.Verb == providers.Delete {
					return nil
				}
				_, err := inner.Apply(ctx, owner, change)
				return err
			}
		}, "aws/change"),
		of("half-footprint", "only one place of several is looked at", func(_ *sim, p *overridden, inner providers.Provider) {
			p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
				refs.Places = refs.Places[:min(1, len(refs.Places))]
				return inner.Observe(ctx, owner, refs)
			}
		}, "aws/delete", "rfc2136/delete"),
		of("swallowed-reads", "a look that fails is taken to have found nothing", func(_ *sim, p *overridden, inner providers.Provider) {
			p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
				graph, err := inner.Observe(ctx, owner, refs)
				if err != nil {
					return providers.Graph{}, nil
				}
				return graph, nil
			}
		}, "rfc2136/orphaned", "aws/orphaned"),
	}
}

// ownedByName takes the namespace and name for the owner.
func ownedByName(_ *sim, p *overridden, inner providers.Provider) {
	renamed := func(owner providers.Owner) providers.Owner {
		owner.Gateway = owner.Namespace + "/" + owner.Name
		return owner
	}
	p.desired = func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
		gw.Owner = renamed(gw.Owner)
		return inner.Desired(gw, observed)
	}
	p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		return inner.Observe(ctx, renamed(owner), refs)
	}
	p.apply = func(ctx context.Context, owner providers.Owner, change providers.Change) error {
		_, err := inner.Apply(ctx, renamed(owner), change)
		return err
	}
}

// staleFor answers looks from memory for a while, whatever was changed.
func staleFor(d time.Duration) func(*sim, *overridden, providers.Provider) {
	return func(s *sim, p *overridden, inner providers.Provider) {
		var last providers.Graph
		var at time.Time
		p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
			if len(last.Nodes) > 1 && s.now().Sub(at) < d {
				return last, nil
			}
			graph, err := inner.Observe(ctx, owner, refs)
			if err == nil {
				last, at = graph, s.now()
			}
			return graph, err
		}
	}
}

func blindRemoval(s *sim, p *overridden, inner providers.Provider) {
	p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		if gateway := s.gateway(owner.Namespace, owner.Name); gateway != nil && gateway.DeletionTimestamp != nil {
			return providers.Graph{}, nil
		}
		return inner.Observe(ctx, owner, refs)
	}
}

// recordsLast keeps records as long as there is anything else, and lets nothing wait for them.
func recordsLast(_ *sim, p *overridden, inner providers.Provider) {
	others := 0
	p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		graph, err := inner.Observe(ctx, owner, refs)
		kept := graph.Filter(func(n providers.Node) bool { return n.Kind() != providers.KindRecord && !n.Unmanaged })
		if others = len(kept.Nodes); others > 0 {
			graph = graph.Filter(func(n providers.Node) bool { return n.Kind() != providers.KindRecord || n.Unmanaged })
		}
		return graph, err
	}
}

// nodesAs changes what is seen of each node.
func nodesAs(change func(n *providers.Node)) func(*sim, *overridden, providers.Provider) {
	return func(_ *sim, p *overridden, inner providers.Provider) {
		p.observe = func(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
			graph, err := inner.Observe(ctx, owner, refs)
			graph.Nodes = slices.Clone(graph.Nodes)
			for i := range graph.Nodes {
				change(&graph.Nodes[i])
			}
			return graph, err
		}
	}
}

// wanting changes what is asked for.
func wanting(change func(gw *providers.Gateway)) func(*sim, *overridden, providers.Provider) {
	return func(_ *sim, p *overridden, inner providers.Provider) {
		p.desired = func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
			gw.Ports, gw.Targets = slices.Clone(gw.Ports), slices.Clone(gw.Targets)
			change(&gw)
			return inner.Desired(gw, observed)
		}
	}
}
