package providertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/fake"
	"github.com/edgegateway/edgegateway/providers/providertest"
)

// mutant is the fake with one mistake.
type mutant struct {
	name string
	make maker
	// by begins the name of a case that must notice it, and says is a part of what that case must say.
	by, says string
}

func TestTheSuiteKillsEveryMutant(t *testing.T) {
	killed := 0
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			_, err := caseNamed(t, m.by).Check(fakeHarness(m.make))
			if err == nil {
				t.Fatal("it survives")
			}
			killed++
			if !strings.Contains(err.Error(), m.says) {
				t.Errorf("it dies for another reason than %q: %v", m.says, err)
			}
		})
	}
	t.Logf("%d of %d mutants killed", killed, len(mutants()))
	if killed != len(mutants()) {
		t.Errorf("%d mutants survive", len(mutants())-killed)
	}
}

func caseNamed(t *testing.T, prefix string) providertest.Case {
	t.Helper()
	for _, c := range providertest.Cases() {
		if strings.HasPrefix(c.Name, prefix) {
			return c
		}
	}
	t.Fatalf("no case is named %q", prefix)
	return providertest.Case{}
}

func TestAFailureReachesTheRecorder(t *testing.T) {
	recorder := &recorder{}
	providertest.Run(recorder, fakeHarness(part(tidyObserve)))
	if len(recorder.failures) == 0 || !strings.Contains(recorder.failures[0], "Observe makes 1 mutating calls") {
		t.Errorf("the recorder has %q", recorder.failures)
	}
}

// recorder is a test that notes its failures.
type recorder struct{ failures []string }

func (*recorder) Helper()             {}
func (*recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func mutants() []mutant {
	return []mutant{
		{"each creation makes another thing", part(wrongName), "it converges", "not settled"},
		{"a creation that finds its own thing fails", part(noSecondTry), "lists that lag", "AlreadyExists"},
		{"a creation takes over what has its name", part(takeover), "a foreign thing with our very name", "not a Denied error"},
		{"the owner is ignored when looking", part(observesOthers), "two owners live", "is not ours"},
		{"a deletion does nothing", part(deleteNothing), "removal leaves nothing", "not settled"},
		{"the cloud's rounding is not known", part(rounding), "it converges", "not settled"},
		{"the mark is written by a second call", part(lateMark), "it converges", "makes 2 mutating calls"},
		{"the mark is not checked before an update", part(unchecked(providers.Update)), "a thing that was given", "not a Denied error"},
		{"the mark is not checked before a deletion", part(unchecked(providers.Delete)), "a thing that was given", "not a Denied error"},
		{"a brought address is deleted with the gateway", broughtIsOurs, "a brought address", ""},
		{"a lost reply is tried again within the call", part(retry), "a crash or a lost reply", "mutating calls"},
		{"doubles are hidden", part(hideDoubles), "lists that lag", "unexpected: address"},
		{"a failed read is an empty world", part(hidesErrors), "an error has its class", "Observe does not"},
		{"errors have no class", part(unclassed), "an error has its class", "the class of"},
		{"a Throttled error does not say when to try again", part(withoutBackoff), "an error has its class", "when to try again"},
		{"an invalid gateway is refused after buying", part(lateRefusal), "an invalid gateway", "mutating calls"},
		{"Desired remembers", part(remembers), "it converges", "not pure"},
		{"Observe repairs", part(tidyObserve), "it converges", "Observe makes"},
		{"a status is published early", earlyReport, "it converges", "before anything forwards"},
		{"records are withdrawn while the status is empty", withoutWaiting, "what is wanted before and after", "wanted all the time"},
	}
}

// tamper changes a provider that is on a client of a cloud.
type tamper func(inner providers.Provider, client *fake.Client, cloud *fake.Cloud) providers.Provider

// part makes a joined provider from tampered parts.
func part(change tamper) maker {
	return func(cloud *fake.Cloud) providers.Provider {
		client, lb, dns := parts(cloud)
		return engine.Split(change(lb, client, cloud), change(dns, client, cloud))
	}
}

func parts(cloud *fake.Cloud) (*fake.Client, *fake.LoadBalancer, *fake.DNS) {
	client := cloud.Client()
	return client, fake.NewLoadBalancer(fake.Config{Client: client}), fake.NewDNS(fake.DNSConfig{Client: client, Zones: cloud.Zones})
}

// altered is a provider with some functions replaced.
type altered struct {
	providers.Provider
	desired func(providers.Gateway, providers.Graph) (providers.Graph, error)
	observe func(providers.Owner, providers.Refs) (providers.Graph, error)
	apply   func(providers.Owner, providers.Change) error
	report  func(providers.Graph) providers.Status
}

func (a altered) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	if a.desired == nil {
		return a.Provider.Desired(gw, observed)
	}
	return a.desired(gw, observed)
}

func (a altered) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	if a.observe == nil {
		return a.Provider.Observe(ctx, owner, refs)
	}
	return a.observe(owner, refs)
}

func (a altered) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	if a.apply == nil {
		return a.Provider.Apply(ctx, owner, change)
	}
	return providers.Result{}, a.apply(owner, change)
}

func (a altered) Report(observed providers.Graph) providers.Status {
	if a.report == nil {
		return a.Provider.Report(observed)
	}
	return a.report(observed)
}

func (a altered) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	if predictor, ok := a.Provider.(providers.Predictor); ok {
		return predictor.Predict(node, unknown)
	}
	return node
}

// onCreate replaces what a creation does.
func onCreate(inner providers.Provider, create func(providers.Owner, providers.Node) error) providers.Provider {
	return altered{Provider: inner, apply: func(owner providers.Owner, change providers.Change) error {
		if change.Verb == providers.Create {
			return create(owner, change.Node)
		}
		return apply(inner, owner, change)
	}}
}

func newObject(owner providers.Owner, node providers.Node) fake.Object {
	return fake.Object{
		Kind: fake.Kind(node.Kind()), Name: node.Name, Mark: owner.Mark(), Role: node.Key, Retain: node.Retain, Spec: node.Spec,
	}
}

func wrongName(inner providers.Provider, client *fake.Client, cloud *fake.Cloud) providers.Provider {
	return onCreate(inner, func(owner providers.Owner, node providers.Node) error {
		o := newObject(owner, node)
		if o.Kind != fake.RecordKind {
			o.Name = fmt.Sprintf("%s-%d", o.Name[:10], len(cloud.Log()))
		}
		_, err := client.Create(o)
		return err
	})
}

func noSecondTry(inner providers.Provider, client *fake.Client, _ *fake.Cloud) providers.Provider {
	return onCreate(inner, func(owner providers.Owner, node providers.Node) error {
		_, err := client.Create(newObject(owner, node))
		var refused *fake.Error
		if errors.As(err, &refused) && refused.Code == fake.AlreadyExists {
			return &providers.Error{Class: providers.Denied, Err: err}
		}
		return err
	})
}

func takeover(inner providers.Provider, client *fake.Client, cloud *fake.Cloud) providers.Provider {
	return onCreate(inner, func(owner providers.Owner, node providers.Node) error {
		err := apply(inner, owner, providers.Change{Verb: providers.Create, Node: node})
		if providers.ClassOf(err) != providers.Denied {
			return err
		}
		o, err := client.Get(fake.Kind(node.Kind()), node.Name)
		if err != nil {
			return err
		}
		return client.Label(o.Kind, o.ID, owner.Mark(), node.Key, false)
	})
}

// everyonesThings shows what another owner has under the same names of parts.
func observesOthers(inner providers.Provider, _ *fake.Client, cloud *fake.Cloud) providers.Provider {
	return altered{Provider: inner, observe: func(owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
		graph, err := inner.Observe(context.Background(), owner, refs)
		seen := map[string]bool{owner.Mark(): true}
		for _, o := range cloud.Objects() {
			if seen[o.Mark] || o.Mark == "" {
				continue
			}
			seen[o.Mark] = true
			for _, cluster := range []string{"cluster", "another-cluster"} {
				other := providers.Owner{Cluster: cluster, Gateway: owner.Gateway}
				if other.Mark() != o.Mark {
					continue
				}
				more, _ := inner.Observe(context.Background(), other, refs)
				graph.Nodes = append(graph.Nodes, more.Nodes...)
			}
		}
		return providers.NewGraph(graph.Nodes...), err
	}}
}

func deleteNothing(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, apply: func(owner providers.Owner, change providers.Change) error {
		if change.Verb == providers.Delete {
			return nil
		}
		return apply(inner, owner, change)
	}}
}

// rounding is a cloud that keeps other health intervals than it is told.
func rounding(inner providers.Provider, _ *fake.Client, _ *fake.Cloud) providers.Provider {
	return altered{Provider: inner, apply: func(owner providers.Owner, change providers.Change) error {
		if spec, ok := change.Node.Spec.(fake.TargetsSpec); ok && change.Verb != providers.Delete {
			spec.Health.IntervalSeconds = 10
			change.Node.Spec = spec
		}
		return apply(inner, owner, change)
	}}
}

func lateMark(inner providers.Provider, client *fake.Client, _ *fake.Cloud) providers.Provider {
	return onCreate(inner, func(owner providers.Owner, node providers.Node) error {
		o := newObject(owner, node)
		o.Mark, o.Role = "", ""
		created, err := client.Create(o)
		if err != nil {
			return err
		}
		return client.Label(created.Kind, created.ID, owner.Mark(), node.Key, node.Retain)
	})
}

// apply makes a change for its effect alone.
func apply(p providers.Provider, owner providers.Owner, change providers.Change) error {
	_, err := p.Apply(context.Background(), owner, change)
	return err
}
