package arch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Groups of packages that are not ours.
var (
	kubernetesTypes = []string{"k8s.io/api", "k8s.io/apimachinery", "sigs.k8s.io/gateway-api/apis"}
	kubernetes      = []string{"k8s.io", "sigs.k8s.io"}
	envoyTypes      = []string{"github.com/envoyproxy/go-control-plane/envoy", "github.com/cncf/xds/go", "google.golang.org/protobuf", "google.golang.org/genproto"}
	envoy           = []string{"github.com/envoyproxy", "github.com/cncf/xds"}
	// yamlText prints YAML; it knows no Kubernetes object, whatever its address.
	yamlText = []string{"sigs.k8s.io/yaml"}
	grpc     = []string{"google.golang.org/grpc"}
	anything = []string{"*"}
	// adapterSees is what an adapter may see of ours, and adapterTests what its tests may beside that.
	adapterSees  = []string{"=providers", "providers/records", "providers/ratelimit"}
	adapterTests = []string{"providers/fake", "providers/providertest", "providers/plan", "providers/engine"}
	// forTests is what every test may import beside what its package may.
	forTests = []string{"github.com/google/go-cmp", "golang.org/x/tools/txtar", "sigs.k8s.io/yaml"}
)

// arrows say what a folder's packages may import beside the standard library and their own subfolders. The first row that fits a
// folder counts; a folder that fits no row is a violation. A name stands for itself and all below it, "/*" at its end for what is
// below only, and "=" before it for itself only.
type arrows struct {
	folder string
	// ours and outside are the packages that may be imported, ours from the module's root. notOutside takes from outside.
	ours, outside, notOutside []string
	// inTests are more of ours, for test files.
	inTests []string
	// say is the rule in words.
	say string
}

// diagram is DESIGN.md's "Layout and who may import whom".
var diagram = []arrows{
	{folder: "=.", ours: anything, outside: anything, say: "main imports anything"},
	{folder: "test", ours: anything, outside: anything, say: "tests import anything"},
	{folder: "api", outside: kubernetesTypes, say: "api is a leaf: it sees Kubernetes' and Gateway API's types, and nothing of ours"},

	{folder: "=providers", say: "the contract is written in the standard library only"},
	{folder: "providers/plan", ours: []string{"=providers"}, say: "plan is pure: it sees the contract and the standard library"},
	{folder: "providers/engine", ours: []string{"=providers", "providers/plan"}, say: "the engine sees the contract, plan and the standard library"},
	{folder: "providers/records", ours: []string{"=providers"}, say: "the core of DNS adapters sees the contract and the standard library"},
	{folder: "providers/ratelimit", ours: []string{"=providers"}, outside: []string{"golang.org/x/time/rate"},
		say: "ratelimit sees the contract and the standard library: no cloud"},
	{folder: "providers/fake", ours: []string{"=providers", "providers/plan", "providers/engine", "providers/records"}, inTests: []string{"providers/providertest"},
		say: "the fake sees the contract and what stands on it"},
	{folder: "providers/providertest", ours: []string{"=providers", "providers/plan", "providers/engine"}, inTests: []string{"providers/fake"},
		say: "the conformance suite sees the contract, plan and the engine"},
	{folder: "providers/registry", ours: []string{"api", "providers"}, outside: anything, notOutside: envoy, inTests: []string{"test/simcloud"},
		say: "the registry sees api, the contract, the engine and every adapter"},
	{folder: "providers/manual", ours: adapterSees, outside: kubernetes, inTests: adapterTests,
		say: "manual sees the contract, and Kubernetes, whose ConfigMaps are its cloud"},
	{folder: "providers/service", ours: adapterSees, outside: kubernetes, inTests: adapterTests,
		say: "service sees the contract, and Kubernetes, whose Services are its cloud"},
	{folder: "providers/externaldns", ours: adapterSees, outside: kubernetes, inTests: adapterTests,
		say: "externaldns sees the contract, and Kubernetes, whose DNSEndpoints are its zone"},
	{folder: "providers/*", ours: adapterSees, outside: anything, notOutside: slices.Concat(kubernetes, envoy),
		inTests: slices.Concat(adapterTests, []string{"test/simcloud"}),
		say:     "an adapter sees the contract, records, ratelimit and its own SDK: no plan, no engine, no api, no Kubernetes, no other adapter"},

	{folder: "=edgeproxy", inTests: []string{"edgeproxy"}, say: "edgeproxy itself holds only documentation and golden tests"},
	{folder: "edgeproxy/ir", say: "ir is written in the standard library only"},
	{folder: "edgeproxy/prober", inTests: []string{"test/envoy"}, say: "the prober is written in the standard library only"},
	{folder: "edgeproxy/stats", ours: []string{"edgeproxy/ir"}, say: "stats sees ir and the standard library"},
	{folder: "edgeproxy/drain", inTests: []string{"test/envoy"}, say: "drain is written in the standard library only"},
	{folder: "edgeproxy/translate", ours: []string{"api", "edgeproxy/ir"}, outside: kubernetesTypes,
		say: "translate sees api, ir and Kubernetes' types: no client and no Envoy"},
	{folder: "edgeproxy/xds", ours: []string{"edgeproxy/ir"}, outside: slices.Concat(envoyTypes, yamlText),
		say: "xds sees ir, Envoy's types and YAML: no Kubernetes"},
	{folder: "edgeproxy/debounce", say: "debounce is written in the standard library only"},
	{folder: "edgeproxy/store", ours: []string{"api", "edgeproxy/translate", "edgeproxy/ir", "edgeproxy/xds"}, outside: kubernetesTypes,
		say: "store sees api, translate, ir, xds and Kubernetes' types: no client and no server"},
	{folder: "edgeproxy/server", ours: []string{"edgeproxy/ir", "edgeproxy/xds"}, outside: slices.Concat(envoyTypes, grpc),
		inTests: []string{"test/envoy"}, say: "server sees ir, xds, Envoy's types and gRPC: no store and no Kubernetes"},
	{folder: "edgeproxy/infra", ours: []string{"api", "edgeproxy/ir"}, outside: kubernetesTypes,
		say: "infra sees api, ir and Kubernetes' types: no client"},

	{folder: "=controllers", ours: []string{"api", "providers", "edgeproxy", "controllers"}, outside: anything, say: "controllers itself is the wiring, and sees all that it joins"},
	{folder: "controllers/*", ours: []string{"api", "=providers", "providers/plan", "providers/engine", "providers/registry", "edgeproxy"}, outside: anything,
		inTests: []string{"providers/fake"}, say: "controllers see api, the contract, plan, the engine, the registry and edgeproxy: no adapter, and not each other"},
}

// arrowsOf returns the row of the diagram for a folder.
func arrowsOf(folder string) (arrows, bool) {
	for _, row := range diagram {
		if covers(row.folder, folder) {
			return row, true
		}
	}
	return arrows{}, false
}

// covers reports whether a name of the diagram stands for a package.
func covers(name, pkg string) bool {
	if name == "*" {
		return true
	}
	if itself, found := strings.CutPrefix(name, "="); found {
		return pkg == itself
	}
	if parent, found := strings.CutSuffix(name, "/*"); found {
		return strings.HasPrefix(pkg, parent+"/")
	}
	return pkg == name || strings.HasPrefix(pkg, name+"/")
}

func coveredBy(names []string, pkg string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return covers(name, pkg) })
}

// checkImports finds arrows that turn round.
func checkImports(t tree) []Violation {
	var found []Violation
	for _, file := range t.files {
		row, known := arrowsOf(file.dir)
		if !known {
			found = append(found, Violation{file.path, 1, "imports",
				"the layout has no folder " + file.dir + ": move the package, or add the folder and its arrows to DESIGN.md and to test/arch/imports.go"})
			continue
		}
		for _, spec := range file.syntax.Imports {
			pkg, err := strconv.Unquote(spec.Path.Value)
			if err != nil || allowed(t.module, row, file, pkg) {
				continue
			}
			found = append(found, Violation{file.path, file.line(spec.Pos()), "imports",
				fmt.Sprintf("%s must not import %s: %s: move the code that needs it to a package that may, or pass the value in", file.dir, pkg, row.say)})
		}
	}
	return found
}

// allowed reports whether a file may import a package.
func allowed(module string, row arrows, file goFile, pkg string) bool {
	if pkg == module {
		return false // main
	}
	if own, found := strings.CutPrefix(pkg, module+"/"); found {
		return coveredBy(self(file), own) || coveredBy(row.ours, own) || file.isTest() && coveredBy(row.inTests, own)
	}
	if first, _, _ := strings.Cut(pkg, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	if file.isTest() && coveredBy(forTests, pkg) {
		return true
	}
	return coveredBy(row.outside, pkg) && !coveredBy(row.notOutside, pkg)
}

// self is what a file may see of the subtree that it belongs to: a controller or a part of edgeproxy may have folders of its own. An adapter's
// are one way: its session sees none of them, and they see it and not each other, but for tests. The folders in which those are have none.
func self(file goFile) []string {
	parts := strings.Split(file.dir, "/")
	if len(parts) < 2 {
		return []string{"=" + file.dir}
	}
	root := parts[0] + "/" + parts[1]
	if parts[0] != "providers" || file.isTest() {
		return []string{root}
	}
	own := []string{"=" + root}
	if len(parts) > 2 {
		own = append(own, root+"/"+parts[2])
	}
	return own
}
