package manual

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
)

func TestConfigMapsBehindTheProviderKeepTheContract(t *testing.T) {
	tally := providertest.Run(t, providertest.Harness{
		New:     func() providertest.World { return newWorld(t).asSeen() },
		Gateway: func() providers.Gateway { return testGateway(providers.IPv4) },
		Other: func() providers.Gateway {
			gw := testGateway(providers.IPv4)
			gw.Owner.Cluster = "another-cluster"
			return gw
		},
		Edits: []providertest.Edit{
			{Name: "targets change", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) { gw.Targets = gw.Targets[1:] }},
			{Name: "a port is removed", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) { gw.Ports = gw.Ports[1:] }},
			{Name: "a family is added", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) { gw.Families = append(gw.Families, providers.IPv6) }},
		},
		Invalid: []providertest.Invalid{
			{Name: "an address out of range", Field: "spec.addresses[0]", Apply: func(gw *providers.Gateway) { gw.Addresses = []string{"198.51.100.1"} }},
			{Name: "a bad range", Field: "spec.sourceRanges[0]", Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"10.0.0.0"} }},
			{Name: "an ack of the metadata service", Field: "spec.manual.ack.addresses[0]", Apply: func(gw *providers.Gateway) {
				gw.Ack = &providers.Ack{Hash: "0123456789ab", Addresses: []string{"169.254.169.254"}}
			}},
		},
		Answers: []providertest.FaultKind{providertest.Outage, providertest.Throttle, providertest.Forbid},
		React:   opsTeam,
	})
	if tally.Runs == 0 {
		t.Error("no fault was tried")
	}
}

// opsTeam builds what it is handed, at once, and answers.
func opsTeam(gw providers.Gateway, observed providers.Graph) providers.Gateway {
	handoff, published := HandoffOf(observed)
	if !published || gw.Ack != nil {
		return gw
	}
	gw.Ack = &providers.Ack{Hash: handoff.Hash}
	spec := specIn(observed)
	for _, family := range spec.Sheet.Families {
		gw.Ack.Addresses = append(gw.Ack.Addresses, map[providers.Family]string{providers.IPv4: "203.0.113.1", providers.IPv6: "2001:db8:1::1"}[family])
	}
	return gw
}

// world is the ConfigMaps of several clusters: two EdgeGateways with one name can't live in one.
type world struct {
	t                *testing.T
	clusters         map[string]client.Client
	counter          providertest.Counter
	generation, died int // providers made up to died get no answer any more
	reads, mutations int
}

func newWorld(t *testing.T) *world { return &world{t: t, clusters: map[string]client.Client{}} }

func (w *world) cluster(uid string) client.Client {
	if w.clusters[uid] == nil {
		scheme := runtime.NewScheme()
		if err := corev1.AddToScheme(scheme); err != nil {
			w.t.Fatal(err)
		}
		w.clusters[uid] = fake.NewClientBuilder().WithScheme(scheme).Build()
	}
	return w.clusters[uid]
}

func (w *world) asSeen() providertest.World {
	return providertest.World{
		Provider: func() providers.Provider {
			w.generation++
			return perCluster{Provider: testProvider(nil), world: w, generation: w.generation}
		},
		Inventory: w.inventory,
		Advance:   func() {},
		Calls:     func() (int, int) { return w.reads, w.mutations },
		Inject:    func(fault *providertest.Fault) { w.counter.Inject(fault) },
		Plant: func(node providers.Node) (string, bool) {
			ref := parseRef(node.Name)
			planted := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ref.Namespace, Name: ref.Name, UID: "planted"}}
			w.must(w.cluster(testOwner.Cluster).Create(w.t.Context(), planted))
			return string(planted.UID), true
		},
		Remove: func(id string) error {
			w.each(func(c client.Client, found corev1.ConfigMap) {
				if string(found.UID) == id {
					w.must(c.Delete(w.t.Context(), &found))
				}
			})
			return nil
		},
		Disown: func(id string) bool {
			disowned := false
			w.each(func(c client.Client, found corev1.ConfigMap) {
				if string(found.UID) == id {
					found.Labels[LabelOwner] = "thief"
					w.must(c.Update(w.t.Context(), &found))
					disowned = true
				}
			})
			return disowned
		},
	}
}

func (w *world) each(do func(c client.Client, found corev1.ConfigMap)) {
	for _, c := range w.clusters {
		var list corev1.ConfigMapList
		w.must(c.List(w.t.Context(), &list))
		for _, item := range list.Items {
			do(c, item)
		}
	}
}

func (w *world) inventory() []providertest.Thing {
	var things []providertest.Thing
	w.each(func(_ client.Client, found corev1.ConfigMap) {
		var texts []string
		for name, text := range found.Data {
			if name != fileEarlier { // it tells the way, not the goal
				texts = append(texts, name+" "+digest(text))
			}
		}
		slices.Sort(texts)
		things = append(things, providertest.Thing{
			ID: string(found.UID), Name: found.Namespace + "/" + found.Name, Mark: found.Labels[LabelOwner], Detail: strings.Join(texts, ", "),
		})
	})
	return things
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Error(err)
	}
}

// perCluster is an operator in the owner's own cluster.
type perCluster struct {
	*Provider
	world      *world
	generation int
}

func (p perCluster) in(owner providers.Owner) *Provider {
	faulty := faultyClient{Client: p.world.cluster(owner.Cluster), world: p.world, generation: p.generation}
	config := p.config
	config.Documents = NewConfigMaps(faulty, faulty)
	return New(config)
}

func (p perCluster) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.in(owner).Observe(ctx, owner, refs)
}

func (p perCluster) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	return p.in(owner).Apply(ctx, owner, change)
}

// faultyClient is the way to an API server, on which things get lost.
type faultyClient struct {
	client.Client
	world      *world
	generation int
}

var (
	errDead = errors.New("the process is dead")
	errLost = errors.New("connection reset by peer")
)

func (c faultyClient) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	return c.call(false, func() error { return c.Client.Get(ctx, key, into, options...) })
}

func (c faultyClient) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	return c.call(true, func() error {
		object.SetUID(types.UID(fmt.Sprintf("uid-%d", c.world.mutations)))
		return c.Client.Create(ctx, object, options...)
	})
}

func (c faultyClient) Update(ctx context.Context, object client.Object, options ...client.UpdateOption) error {
	return c.call(true, func() error { return c.Client.Update(ctx, object, options...) })
}

func (c faultyClient) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	return c.call(true, func() error { return c.Client.Delete(ctx, object, options...) })
}

func (c faultyClient) call(mutating bool, do func() error) error {
	if c.generation <= c.world.died {
		return errDead
	}
	if mutating {
		c.world.mutations++
	} else {
		c.world.reads++
	}
	fault := c.world.counter.Hit(mutating)
	if fault == nil {
		return do()
	}
	resource := schema.GroupResource{Resource: "configmaps"}
	switch fault.Kind {
	case providertest.CrashBefore:
		c.world.died = c.world.generation
		return errDead
	case providertest.CrashAfter:
		c.world.died = c.world.generation
		return cmp.Or(do(), errDead)
	case providertest.LostReply:
		return cmp.Or(do(), errLost)
	case providertest.Throttle:
		return apierrors.NewTooManyRequestsError("slow down")
	case providertest.Forbid:
		return apierrors.NewForbidden(resource, "main-handoff", errors.New("no permission"))
	default:
		return apierrors.NewInternalError(errors.New("etcd has no leader"))
	}
}

func TestConfigMapsAreWrittenOptimisticallyAndOnlyOurs(t *testing.T) {
	w := newWorld(t)
	c := w.cluster("c1")
	docs := NewConfigMaps(c, c)
	ref := Ref{Namespace: "shop", Name: "main-handoff"}
	if _, found, err := docs.Get(t.Context(), ref); found || err != nil {
		t.Fatalf("found %t, %v", found, err)
	}
	first := Document{Ref: ref, Mark: "m", Data: map[string]string{"a": "1"}}
	w.must(docs.Put(t.Context(), first))
	if err := docs.Put(t.Context(), first); providers.ClassOf(err) != providers.Transient {
		t.Errorf("creating twice gives %v", err)
	}
	read, found, err := docs.Get(t.Context(), ref)
	if !found || err != nil || read.Mark != "m" || read.Version == "" || read.Data["a"] != "1" {
		t.Fatalf("read %+v, %t, %v", read, found, err)
	}
	changed := read
	changed.Data = map[string]string{"a": "2"}
	w.must(docs.Put(t.Context(), changed))
	if err := docs.Put(t.Context(), changed); providers.ClassOf(err) != providers.Transient {
		t.Errorf("writing over another version gives %v", err)
	}
	foreign := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "other", Labels: map[string]string{LabelOwner: "m", LabelManagedBy: "helm"},
	}}
	w.must(c.Create(t.Context(), foreign))
	if doc, found, err := docs.Get(t.Context(), Ref{"shop", "other"}); !found || err != nil || doc.Mark != "" {
		t.Errorf("a foreign ConfigMap is read as %+v, %v", doc, err)
	}
	if err := docs.Delete(t.Context(), read); providers.ClassOf(err) != providers.Transient {
		t.Errorf("deleting another version gives %v", err)
	}
	now, _, _ := docs.Get(t.Context(), ref)
	w.must(docs.Delete(t.Context(), now))
	w.must(docs.Delete(t.Context(), now))
}

func TestAClassedErrorKeepsTheAPIsReason(t *testing.T) {
	large := apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "main-handoff", nil)
	var got *providers.Error
	if err := classed(large); !errors.As(err, &got) || got.Class != providers.Denied || got.Reason != "Invalid" {
		t.Errorf("got %+v", got)
	}
	if classed(nil) != nil {
		t.Error("no error has a class")
	}
}
