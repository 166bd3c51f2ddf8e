package crash

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/providers"
)

// recordedCommit is the one whose operator made the fixtures.
const recordedCommit = "d53dc9a"

// fixture is where a file of a recorded world is; see package upgrade.
func fixture(world string, name string) string {
	return filepath.Join("..", "upgrade", "testdata", recordedCommit, world, name)
}

// The files of a recorded world, beside its own.
const (
	clusterFile  = "cluster.yaml"
	gatewaysFile = "gateways.json"
)

// encodeCluster writes all objects of the API server as YAML, sorted, as kubectl would show them.
func encodeCluster(s *store) ([]byte, error) {
	var ids []objectID
	for id := range s.objects {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, objectID.compare)
	var out bytes.Buffer
	for i, id := range ids {
		object := copied(s.objects[id])
		object.GetObjectKind().SetGroupVersionKind(s.kindOf(object))
		unclock(object)
		text, err := yaml.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", id, err)
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// unclock takes out the times of this machine's clock: those of the run's own stay.
func unclock(object client.Object) {
	entries := object.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	object.SetManagedFields(entries)
	if pod, ok := object.(*corev1.Pod); ok {
		for i := range pod.Status.Conditions {
			pod.Status.Conditions[i].LastTransitionTime = pod.CreationTimestamp
		}
	}
	for i := range conditionsOf(object) {
		conditionsOf(object)[i].LastTransitionTime = object.GetCreationTimestamp()
	}
}

// decodeCluster puts the objects of encodeCluster into an empty store, as they were.
func decodeCluster(s *store, text []byte) error {
	for _, document := range strings.Split(string(text), "\n---\n") {
		object, err := decodeObject([]byte(document))
		if err != nil {
			return err
		}
		id := s.identify(object)
		object.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
		version, err := strconv.Atoi(object.GetResourceVersion())
		if err != nil {
			return fmt.Errorf("reading the version of %s: %w", id, err)
		}
		s.objects[id], s.births[id], s.version = object, 1, max(s.version, version)
	}
	return nil
}

// decodeObject reads an object. What its type has no field for is left out, as an API server does it.
func decodeObject(document []byte) (client.Object, error) {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return nil, fmt.Errorf("reading a kind: %w", err)
	}
	made, err := scheme.New(schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind))
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	object := made.(client.Object)
	if err := yaml.Unmarshal(document, object); err != nil {
		return nil, fmt.Errorf("reading a %s: %w", kind.Kind, err)
	}
	return object, nil
}

// takeover returns a run in a recorded world, in which a new operator is about to start.
func takeover(name string, m mutation) (*sim, recordable, error) {
	w := recordables[name]()
	texts := map[string][]byte{}
	for _, file := range []string{clusterFile, w.file()} {
		text, err := os.ReadFile(fixture(name, file))
		if err != nil {
			return nil, nil, err
		}
		texts[file] = text
	}
	if err := w.load(texts[w.file()]); err != nil {
		return nil, nil, err
	}
	s := &sim{world: w, cluster: clusterUID, gate: &gate{}, mutation: m, twins: 1, beliefs: map[item]int{}, order: rand.New(rand.NewPCG(1, 1))}
	s.store = newStore(scheme, w.now)
	if err := decodeCluster(s.store, texts[clusterFile]); err != nil {
		return nil, nil, err
	}
	s.attach()
	return s, w, nil
}

// asked is what a provider was asked for: the gateway as the controllers hand it over, in the contract's own JSON.
type asked map[string]providers.Gateway

// noting returns a mutation that harms nothing, and notes what providers are asked for, by the gateway's name.
func noting(into asked) mutation {
	return mutation{provider: func(_ *sim, inner providers.Provider) providers.Provider {
		return &overridden{Provider: inner, desired: func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
			into[gw.Name] = gw
			return inner.Desired(gw, observed)
		}}
	}}
}

// encode writes the gateways sorted by name.
func (a asked) encode() ([]byte, error) {
	var list []providers.Gateway
	for _, gw := range a {
		list = append(list, gw)
	}
	slices.SortFunc(list, func(a, b providers.Gateway) int { return cmp.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(list, "", "  ")
	return append(text, '\n'), err
}

// plan returns what the operator would do next for a gateway, as a person reads it.
func (s *sim) plan(gateway client.Object) (string, error) {
	reconciler := s.processes[0].reconcilers[gateways].(interface {
		Plan(ctx context.Context, name client.ObjectKey) (string, error)
	})
	return reconciler.Plan(context.Background(), client.ObjectKeyFromObject(gateway))
}
