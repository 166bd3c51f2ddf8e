package lb

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// class is the input file class.yaml: what the class says, and what there is that is not ours.
type class struct {
	Subnets    []string
	Internal   bool
	Retain     bool
	NodeGroups []string
	Network    Network
	// Brought addresses by allocation ID.
	Brought map[string]string
	// Shared load balancers by name.
	Shared map[string]LoadBalancer
}

// TestGolden takes the gateways of a case, one after the other, to their goals in memory, and shows the plans.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var (
		p     *Provider
		there providers.Graph
	)
	got := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		step, isInput := strings.CutSuffix(f.Name, ".yaml")
		if !isInput {
			continue // an output
		}
		got.Files = append(got.Files, f)
		if strings.HasPrefix(step, "class") {
			var given class
			read(t, f.Data, &given)
			p, there = inClass(given, there)
			continue
		}
		var gw providers.Gateway
		read(t, f.Data, &gw)
		ahead, err := plan.Predict(p, gw, there)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		got.Files = append(got.Files, txtar.File{Name: step + ".plan", Data: []byte(plan.Render(ahead))})
		there = carriedOut(t, p, gw, there)
		got.Files = append(got.Files, txtar.File{Name: step + ".status", Data: []byte(statusText(plan.Assess(p, wanted(t, p, gw, there), there)))})
	}
	ahead, err := plan.PredictRemoval(p, there)
	if err != nil {
		t.Fatal(err)
	}
	got.Files = append(got.Files, txtar.File{Name: "removal.plan", Data: []byte(plan.Render(ahead))})
	text := txtar.Format(got)
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(txtar.Format(archive)), string(text)); diff != "" {
		t.Errorf("%s is not what comes out (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

// inClass returns a provider for a class, and what there was with what the class shows.
func inClass(given class, there providers.Graph) (*Provider, providers.Graph) {
	p := &Provider{account: "111122223333", config: Config{
		Region: "eu-west-1", Subnets: given.Subnets, Internal: given.Internal, Retain: given.Retain, NodeGroups: given.NodeGroups,
		DrainSeconds: defaultDrainSeconds,
	}}
	nodes := there.Filter(func(n providers.Node) bool { return !n.Unmanaged }).Nodes
	nodes = append(nodes, providers.Node{
		Key: networkKey, Name: networkKey, ID: networkKey, Place: p.place(), Unmanaged: true, State: providers.Ready, Spec: given.Network,
	})
	for id, ip := range given.Brought {
		nodes = append(nodes, providers.Node{
			Key: broughtKey(ip), Name: ip, ID: id, Place: p.place(), Unmanaged: true, State: providers.Ready, Spec: Address{IP: ip},
		})
	}
	for name, spec := range given.Shared {
		nodes = append(nodes, providers.Node{
			Key: balancerKey, Name: name, ID: "arn of " + name, Place: p.place(), Unmanaged: true, State: providers.Ready, Spec: spec,
		})
	}
	return p, providers.NewGraph(nodes...)
}

func wanted(t *testing.T, p *Provider, gw providers.Gateway, there providers.Graph) providers.Graph {
	t.Helper()
	desired, err := p.Desired(gw, there)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Check(desired, there); err != nil {
		t.Fatal(err)
	}
	return desired
}

// carriedOut returns what is there when gw's goal is reached.
func carriedOut(t *testing.T, p *Provider, gw providers.Gateway, there providers.Graph) providers.Graph {
	t.Helper()
	for range 100 {
		changes := plan.Diff(wanted(t, p, gw, there), there)
		if len(changes) == 0 {
			return there
		}
		for _, change := range changes {
			gone := change.Node
			if change.Old != nil {
				gone = *change.Old
			}
			nodes := slices.DeleteFunc(slices.Clone(there.Nodes), func(n providers.Node) bool { return n.Key == gone.Key && n.Name == gone.Name && n.ID == gone.ID })
			if change.Verb == providers.Create || change.Verb == providers.Update {
				node := p.Predict(change.Node, providers.Unknown{IPv4: "192.0.2.0", IPv6: "2001:db8::", Hostname: "known-after-create.invalid"})
				node.State, node.ID = providers.Ready, "id of "+node.Key+" "+node.Name
				switch {
				case change.Old != nil:
					node.ID = change.Old.ID
				case node.Adopt:
					node.ID = change.Node.ID
				}
				nodes = append(nodes, node)
			}
			there = providers.NewGraph(nodes...)
		}
	}
	t.Fatal("it never ends")
	return there
}

func statusText(status providers.Status) string {
	text, err := yaml.Marshal(status)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func read(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		t.Fatal(err)
	}
}
