package providertest_test

import (
	"context"
	"errors"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/fake"
)

func unchecked(verb providers.Verb) tamper {
	return func(inner providers.Provider, client *fake.Client, _ *fake.Cloud) providers.Provider {
		return altered{Provider: inner, apply: func(owner providers.Owner, change providers.Change) error {
			kind := fake.Kind(change.Node.Kind())
			switch {
			case change.Verb != verb:
				return apply(inner, owner, change)
			case verb == providers.Update:
				return client.Update(kind, change.Old.ID, change.Node.Spec, change.Node.Retain)
			default:
				return client.Delete(kind, change.Node.ID)
			}
		}}
	}
}

// broughtIsOurs forgets that what was brought is not ours, and doesn't look at the mark either.
func broughtIsOurs(cloud *fake.Cloud) providers.Provider {
	client, lb, dns := parts(cloud)
	var mine []string
	reckless := altered{Provider: unchecked(providers.Delete)(lb, client, cloud)}
	reckless.observe = func(owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		mine = append(mine, refs.Addresses...)
		refs.Addresses = mine
		graph, err := lb.Observe(context.Background(), owner, refs)
		for i := range graph.Nodes {
			graph.Nodes[i].Unmanaged = false
		}
		return graph, err
	}
	reckless.desired = func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
		graph, err := lb.Desired(gw, observed)
		for i := range graph.Nodes {
			graph.Nodes[i].Unmanaged = false
		}
		return graph, err
	}
	return engine.Split(reckless, dns)
}

// retry is an SDK that makes a call again when the reply is lost.
func retry(inner providers.Provider, client *fake.Client, _ *fake.Cloud) providers.Provider {
	return onCreate(inner, func(owner providers.Owner, node providers.Node) error {
		change := providers.Change{Verb: providers.Create, Node: node}
		err := apply(inner, owner, change)
		if err != nil && !errors.Is(err, fake.ErrCrash) && providers.ClassOf(err) == providers.Transient {
			return apply(inner, owner, change)
		}
		return err
	})
}

// hideDoubles shows one node a key and name.
func hideDoubles(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, observe: func(owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		graph, err := inner.Observe(context.Background(), owner, refs)
		return graph.Filter(func(n providers.Node) bool {
			kept, _ := graph.Find(n.Key, n.Name)
			return kept.ID == n.ID
		}), err
	}}
}

func hidesErrors(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, observe: func(owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		graph, err := inner.Observe(context.Background(), owner, refs)
		if err != nil {
			return providers.Graph{}, nil
		}
		return graph, nil
	}}
}

// unclassed loses the class on the way.
func unclassed(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, apply: func(owner providers.Owner, change providers.Change) error {
		if err := apply(inner, owner, change); err != nil {
			return errors.New(err.Error())
		}
		return nil
	}}
}

func lateRefusal(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, desired: func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
		graph, err := inner.Desired(gw, observed)
		if err == nil || len(observed.Nodes) > 0 {
			return graph, err
		}
		// The first look lets everything pass, and buys an address.
		gw.Ports, gw.SourceRanges, gw.Hostnames = nil, nil, nil
		return inner.Desired(gw, observed)
	}}
}

func remembers(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	calls := 0
	return altered{Provider: inner, desired: func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
		calls++
		graph, err := inner.Desired(gw, observed)
		if calls%2 == 0 && len(graph.Nodes) > 0 {
			graph.Nodes = graph.Nodes[1:]
		}
		return graph, err
	}}
}

// tidyObserve deletes what is not wanted any more while it looks.
func tidyObserve(inner providers.Provider, client *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, observe: func(owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		graph, err := inner.Observe(context.Background(), owner, refs)
		for _, n := range graph.Nodes {
			if !n.InUse && n.Kind() == providers.KindAddress {
				_ = client.Label(fake.AddressKind, n.ID, owner.Mark(), n.Key, false)
			}
		}
		return graph, err
	}}
}

// earlyReport calls the load balancer provisioned as soon as its parts are there.
func earlyReport(cloud *fake.Cloud) providers.Provider {
	_, lb, dns := parts(cloud)
	early := altered{Provider: lb, report: func(observed providers.Graph) providers.Status {
		status := lb.Report(observed)
		status.Provisioned.State = providers.Ready
		return status
	}}
	return engine.Split(early, dns)
}

// naive joins the parts without holding records back: what can't be published now is not wanted.
func withoutWaiting(cloud *fake.Cloud) providers.Provider {
	split := fake.New(cloud)
	return altered{Provider: split, desired: func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
		graph, err := split.Desired(gw, observed)
		return graph.Filter(func(n providers.Node) bool {
			return n.Kind() != providers.KindRecord || n.State != providers.Waiting
		}), err
	}}
}

// impatient loses what a Throttled error says about when to try again.
func withoutBackoff(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, apply: func(owner providers.Owner, change providers.Change) error {
		err := apply(inner, owner, change)
		var classed *providers.Error
		if errors.As(err, &classed) {
			classed.After = 0
		}
		return err
	}}
}
