package manual

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// memory keeps documents in memory, as strictly as the Kubernetes API does.
type memory struct {
	docs map[Ref]Document
	last int
}

var errVersion = errors.New("there is another version by now")

func newMemory() *memory { return &memory{docs: map[Ref]Document{}} }

func (m *memory) Get(_ context.Context, ref Ref) (Document, bool, error) {
	doc, found := m.docs[ref]
	doc.Data = maps.Clone(doc.Data)
	return doc, found, nil
}

func (m *memory) Put(_ context.Context, doc Document) error {
	if m.docs[doc.Ref].Version != doc.Version {
		return errVersion
	}
	m.last++
	if doc.ID == "" {
		doc.ID = fmt.Sprintf("uid-%d", m.last)
	}
	doc.Version = fmt.Sprint(m.last)
	doc.Data = maps.Clone(doc.Data)
	m.docs[doc.Ref] = doc
	return nil
}

func (m *memory) Delete(_ context.Context, doc Document) error {
	if found, there := m.docs[doc.Ref]; there && found.Version != doc.Version {
		return errVersion
	}
	delete(m.docs, doc.Ref)
	return nil
}

var testOwner = providers.Owner{Cluster: "c1", Gateway: "g1", Namespace: "shop", Name: "main"}

func refsOf(gw providers.Gateway) providers.Refs {
	return providers.Refs{Places: []providers.Place{documentNode(DocumentRef(gw.Namespace, gw.Name)).Place}}
}

// settle reconciles until there is nothing to change, and returns the graph as it is then.
func settle(t *testing.T, p *Provider, owner providers.Owner, gw providers.Gateway) providers.Graph {
	t.Helper()
	for range 5 {
		observed, err := p.Observe(t.Context(), owner, refsOf(gw))
		if err != nil {
			t.Fatalf("observing: %v", err)
		}
		desired, err := p.Desired(gw, observed)
		if err != nil {
			t.Fatalf("desiring: %v", err)
		}
		changes := plan.Diff(desired, observed)
		if len(changes) == 0 {
			return observed
		}
		for _, change := range changes {
			if _, err := p.Apply(t.Context(), owner, change); err != nil {
				t.Fatalf("applying: %v", err)
			}
		}
	}
	t.Fatal("still changing after 5 rounds")
	return providers.Graph{}
}
