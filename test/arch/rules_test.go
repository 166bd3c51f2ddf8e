package arch

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const ours = "example.com/gateway/"

// good is a repository that breaks no rule. Every folder of the diagram is in it, with imports that just pass.
func good() map[string]string {
	std := "// Package p decides things.\npackage p\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint\n"
	return map[string]string{
		"go.mod":                       "module example.com/gateway\n",
		".gitignore":                   "*.log\n/bin/\n",
		"bin/main.go":                  "package base\n\nfunc init() {}\n",
		".git/hooks/hook.go":           "package base\n",
		"api/v1alpha1/testdata/bad.go": "package base\n\nthis is not Go\n",
		"main.go":                      source("main", ours+"api/v1alpha1", ours+"providers/aws", ours+"controllers/edgegateway", "sigs.k8s.io/controller-runtime"),
		"api/v1alpha1/t.go":            source("v1alpha1", "k8s.io/apimachinery/pkg/apis/meta/v1", "sigs.k8s.io/gateway-api/apis/v1"),
		"api/v1alpha1/t_test.go":       source("v1alpha1", "github.com/google/go-cmp/cmp"),
		"api/v1alpha1/zz_generated.go": "// Package v1alpha1 is generated.\npackage v1alpha1\n" + strings.Repeat("\n", 1000),
		"providers/p.go":               std,
		"providers/p_test.go":          source("providers_test", ours+"providers", "golang.org/x/tools/txtar"),
		"providers/plan/p.go":          source("plan", ours+"providers"),
		"providers/engine/p.go":        source("engine", ours+"providers", ours+"providers/plan"),
		"providers/records/p.go":       source("records", ours+"providers"),
		"providers/ratelimit/p.go":     source("ratelimit", ours+"providers", "golang.org/x/time/rate"),
		"providers/fake/p.go":          source("fake", ours+"providers"),
		"providers/fake/p_test.go":     source("fake", ours+"providers/providertest"),
		"providers/providertest/p.go":  source("providertest", ours+"providers"),
		"providers/registry/p.go":      source("registry", ours+"api/v1alpha1", ours+"providers", ours+"providers/aws", ours+"providers/manual"),
		"providers/aws/p.go":           source("aws", ours+"providers", ours+"providers/ratelimit", "github.com/aws/aws-sdk-go-v2/aws"),
		"providers/aws/lb/p.go":        source("lb", ours+"providers", ours+"providers/aws", "github.com/aws/aws-sdk-go-v2/service/ec2"),
		"providers/aws/lb/p_test.go":   source("lb", ours+"providers/aws/dns", ours+"providers/engine"),
		"providers/aws/dns/p.go":       source("dns", ours+"providers/records", ours+"providers/aws"),
		"providers/aws/p_test.go":      source("aws", ours+"providers/providertest", ours+"test/simcloud/aws"),
		"providers/manual/p.go":        source("manual", ours+"providers", "k8s.io/client-go/kubernetes"),
		"providers/service/p.go":       source("service", ours+"providers", "sigs.k8s.io/controller-runtime/pkg/client"),
		"edgeproxy/doc.go":             std,
		"edgeproxy/golden_test.go":     source("edgeproxy", ours+"edgeproxy/translate", ours+"edgeproxy/xds", "sigs.k8s.io/yaml"),
		"edgeproxy/ir/p.go":            std,
		"edgeproxy/prober/p.go":        std,
		"controllers/p.go":             source("controllers", ours+"controllers/edgegateway", ours+"providers/manual", "sigs.k8s.io/controller-runtime"),
		"edgeproxy/drain/p.go":         std,
		"edgeproxy/stats/p.go":         source("stats", ours+"edgeproxy/ir"),
		"edgeproxy/translate/p.go":     source("translate", ours+"api/v1alpha1", ours+"edgeproxy/ir", "k8s.io/api/core/v1"),
		"edgeproxy/xds/p.go":           source("xds", ours+"edgeproxy/ir", "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"),
		"edgeproxy/debounce/p.go":      std,
		"edgeproxy/store/p.go":         source("store", ours+"edgeproxy/translate", ours+"edgeproxy/xds", "k8s.io/api/core/v1"),
		"edgeproxy/server/p.go":        source("server", ours+"edgeproxy/xds", "google.golang.org/grpc"),
		"edgeproxy/infra/p.go":         source("infra", ours+"api/v1alpha1", ours+"edgeproxy/ir", "k8s.io/api/apps/v1"),
		"controllers/edgegateway/p.go": source("edgegateway", ours+"providers/registry", ours+"edgeproxy/infra", "sigs.k8s.io/controller-runtime"),
		"controllers/routing/p.go":     source("routing", ours+"edgeproxy/store", ours+"edgeproxy/server", "k8s.io/client-go/tools/cache"),
		"controllers/routestatus/p.go": source("routestatus", ours+"edgeproxy/store", ours+"edgeproxy/server", "sigs.k8s.io/controller-runtime/pkg/client"),
		"test/simcloud/aws/p.go":       source("aws", ours+"providers/aws", "k8s.io/api/core/v1"),
		"test/e2e/p_test.go":           source("e2e", ours+"controllers/edgegateway"),
		"test/e2e/long_test.go":        "package e2e\n" + function("case1", 120) + strings.Repeat("\n", 600-120-1),
		"test/bench/p.go":              "// Package bench measures.\npackage bench\n" + function("just", 60) + strings.Repeat("\n", 400-60-2),
		"test/bench/depth.go":          "package bench\n\nfunc deep() {\n" + nest(4) + "}\n",
		"test/bench/elseif.go": "package bench\n\nfunc long(n int) {\n\tif n == 1 {\n\t} else if n == 2 {\n\t} else if n == 3 {\n\t} else if n == 4 {\n" +
			"\t} else if n == 5 {\n\t} else {\n\t\tif n == 6 {\n\t\t}\n\t}\n}\n\ntype t struct{}\n\nfunc (t) init() {}\n",
	}
}

// source is a file with a package comment that imports something.
func source(pkg string, imports ...string) string {
	text := "// Package " + pkg + " decides things.\npackage " + pkg + "\n\nimport (\n"
	for _, name := range imports {
		text += "\t_ \"" + name + "\"\n"
	}
	return text + ")\n"
}

// function is one of so many lines.
func function(name string, lines int) string {
	return "func " + name + "() {\n" + strings.Repeat("\tprintln()\n", lines-2) + "}\n"
}

// nest is code with control structures so deep, a function literal among them.
func nest(deep int) string {
	switch deep {
	case 0:
		return "println()\n"
	case 2:
		return "func() {\nfor {\n" + nest(deep-1) + "}\n}()\n"
	default:
		return "switch {\ncase true:\n" + nest(deep-1) + "}\n"
	}
}

func check(t *testing.T, files map[string]string) []Violation {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	violations, err := Check(root)
	if err != nil {
		t.Fatal(err)
	}
	return violations
}

func TestAGoodTreeBreaksNoRule(t *testing.T) {
	if violations := check(t, good()); len(violations) > 0 {
		t.Errorf("got %v", violations)
	}
}

// bad is a change to the good tree that breaks one rule.
type bad struct {
	name, file, source string
	// want is FILE:LINE: RULE of the one violation.
	want string
}

// turned is an arrow that turns round: a file of a folder imports what it must not.
func turned(folder, pkg string) bad {
	file := folder + "/turned.go"
	return bad{folder + " imports " + strings.TrimPrefix(pkg, ours), file, source("p", pkg), file + ":5: imports"}
}

var badTrees = []bad{
	turned("api/v1alpha1", ours+"providers"),
	turned("api/v1alpha1", "k8s.io/client-go/rest"),
	turned("api/v1alpha1", "sigs.k8s.io/yaml"),
	turned("providers", "github.com/aws/smithy-go"),
	turned("providers", "k8s.io/api/core/v1"),
	turned("providers", ours+"providers/aws"),
	turned("providers", ours+"api/v1alpha1"),
	turned("providers/fake", ours+"providers/aws"),
	turned("providers/fake", "k8s.io/api/core/v1"),
	turned("providers/providertest", ours+"providers/fake"),
	turned("providers/providertest", "github.com/google/go-cmp/cmp"),
	turned("providers/registry", ours+"controllers/edgegateway"),
	turned("providers/registry", "github.com/envoyproxy/go-control-plane/envoy/type/v3"),
	turned("providers/aws", ours+"api/v1alpha1"),
	turned("providers/aws", "k8s.io/api/core/v1"),
	turned("providers/aws", "sigs.k8s.io/controller-runtime"),
	turned("providers/aws", ours+"providers/gcp"),
	turned("providers/aws", ours+"providers/registry"),
	turned("providers/aws", ours+"providers/aws/lb"),
	turned("providers/aws", ours+"providers/engine"),
	turned("providers/aws/lb", ours+"providers/manual"),
	turned("providers/aws/lb", ours+"providers/aws/dns"),
	turned("providers/aws/dns", ours+"providers/plan"),
	turned("providers/plan", ours+"providers/engine"),
	turned("providers/engine", ours+"providers/fake"),
	turned("providers/records", "github.com/miekg/dns"),
	turned("providers/ratelimit", ours+"providers/engine"),
	turned("providers/rfc2136", ours+"edgeproxy/ir"),
	turned("providers/manual", ours+"api/v1alpha1"),
	turned("providers/manual", "github.com/miekg/dns"),
	turned("providers/service", ours+"providers/manual"),
	turned("providers/externaldns", ours+"providers/engine"),
	turned("edgeproxy", ours+"edgeproxy/ir"),
	turned("edgeproxy/ir", ours+"api/v1alpha1"),
	turned("edgeproxy/ir", "google.golang.org/protobuf/proto"),
	turned("edgeproxy/prober", ours+"edgeproxy/ir"),
	turned("edgeproxy/drain", "golang.org/x/net/http2"),
	turned("edgeproxy/stats", ours+"edgeproxy/xds"),
	turned("edgeproxy/translate", "sigs.k8s.io/controller-runtime/pkg/client"),
	turned("edgeproxy/translate", "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"),
	turned("edgeproxy/translate", ours+"providers"),
	turned("edgeproxy/xds", "k8s.io/api/core/v1"),
	turned("edgeproxy/xds", ours+"api/v1alpha1"),
	turned("edgeproxy/xds", ours+"edgeproxy/translate"),
	turned("edgeproxy/debounce", "k8s.io/client-go/util/workqueue"),
	turned("edgeproxy/store", ours+"edgeproxy/server"),
	turned("edgeproxy/store", "sigs.k8s.io/controller-runtime/pkg/client"),
	turned("edgeproxy/server", "k8s.io/client-go/kubernetes"),
	turned("edgeproxy/server", ours+"edgeproxy/translate"),
	turned("edgeproxy/server", ours+"edgeproxy/store"),
	turned("edgeproxy/infra", "k8s.io/client-go/kubernetes"),
	turned("edgeproxy/infra", ours+"edgeproxy/xds"),
	turned("controllers", ours+"test/load"),
	turned("controllers/edgegateway", ours+"controllers/routing"),
	turned("controllers/routestatus", ours+"controllers/routing"),
	turned("controllers/routing", ours+"providers/aws"),
	turned("controllers/routing", ours+"providers/fake"),
	turned("controllers/routing", ours+"test/simcloud/aws"),
	{"a package imports main", "api/v1alpha1/turned.go", source("p", "example.com/gateway"), "api/v1alpha1/turned.go:5: imports"},
	{"a test imports what tests may not", "edgeproxy/ir/p_test.go", source("ir", ours+"edgeproxy/xds"), "edgeproxy/ir/p_test.go:5: imports"},
	{"a folder outside the layout", "edgeproxy/router/p.go", source("router"), "edgeproxy/router/p.go:1: imports"},
	{"Go files in config", "config/p.go", source("config"), "config/p.go:1: imports"},

	{"a folder at the top", "tools/readme.md", "", "tools:1: layout"},
	{"a hidden folder at the top", ".github/workflow.yaml", "", ".github:1: layout"},
	{"a package named util", "controllers/routing/util/p.go", source("util"), "controllers/routing/util/p.go:2: package name"},
	{"a folder named helpers", "controllers/routing/helpers/p.go", source("routes"), "controllers/routing/helpers/p.go:2: package name"},
	{"a test package named common", "test/e2e/c/p_test.go", source("common_test"), "test/e2e/c/p_test.go:2: package name"},
	{"a package without a comment", "test/crash/p.go", "package crash\n", "test/crash/p.go:1: package comment"},
	{"a comment in a test only", "providers/fake/p.go", "package fake\n", "providers/fake/p.go:1: package comment"},
	{"init()", "edgeproxy/ir/init.go", "package ir\n\nfunc init() {}\n", "edgeproxy/ir/init.go:3: no init"},
	{"init() in a test", "edgeproxy/ir/init_test.go", "package ir\n\nfunc init() {}\n", "edgeproxy/ir/init_test.go:3: no init"},
	{"a text that names a folder that is not there", "README.md", "See `providers/plan` and\n`edgeproxy/router`.\n", "README.md:2: reference"},
	{"a text that names a file that is not there", "docs/tour.md", "Read `providers/p.go`, then `providers/q.go`.\n", "docs/tour.md:1: reference"},
	{"a comment that names a package that is not there", "providers/plan/doc.go", "// Package plan decides; providers/acts acts.\npackage plan\n", "providers/plan/doc.go:1: reference"},
	{"a comment that names an identifier that is not there", "providers/plan/doc.go", "// Package plan decides, see test/bench.Just.\npackage plan\n", "providers/plan/doc.go:1: reference"},
	{"a comment that names a file that is not there", "providers/plan/doc.go", "// Package plan decides, see q.go.\npackage plan\n", "providers/plan/doc.go:1: reference"},
	{"a file of 401 lines", "edgeproxy/ir/long.go", "package ir\n" + strings.Repeat("\n", 400), "edgeproxy/ir/long.go:401: file length"},
	{"a test file of 601 lines", "edgeproxy/ir/long_test.go", "package ir\n" + strings.Repeat("\n", 600), "edgeproxy/ir/long_test.go:601: file length"},
	{"a function of 61 lines", "edgeproxy/ir/f.go", "package ir\n" + function("f", 61), "edgeproxy/ir/f.go:2: function length"},
	{"a test function of 121 lines", "edgeproxy/ir/f_test.go", "package ir\n" + function("f", 121), "edgeproxy/ir/f_test.go:2: function length"},
	{"a literal of 61 lines", "edgeproxy/ir/f.go", "package ir\n\nvar f = " + strings.Replace(function("f", 61), "func f", "func", 1), "edgeproxy/ir/f.go:3: function length"},
	{"five deep", "edgeproxy/ir/deep.go", "package ir\n\nfunc deep() {\n" + nest(5) + "}\n", "edgeproxy/ir/deep.go:12: nesting"},
	{"five deep in a test", "edgeproxy/ir/deep_test.go", "package ir\n\nvar deep = func() {\n" + nest(5) + "}\n", "edgeproxy/ir/deep_test.go:12: nesting"},
	{"five deep in an else", "edgeproxy/ir/else.go", "package ir\n\nfunc f(b bool) {\n\tif b {\n\t} else {\n" + nest(4) + "\t}\n}\n", "edgeproxy/ir/else.go:12: nesting"},
}

func TestEachRuleFailsOnABadTree(t *testing.T) {
	tripped := ""
	for _, tree := range badTrees {
		t.Run(tree.name, func(t *testing.T) {
			files := maps.Clone(good())
			files[tree.file] = tree.source
			var got []string
			for _, violation := range check(t, files) {
				got = append(got, fmt.Sprintf("%s:%d: %s", violation.File, violation.Line, violation.Rule))
				tripped += violation.String() + "\n"
				if !strings.Contains(violation.Text, ": ") {
					t.Errorf("%q names no cure", violation)
				}
			}
			if diff := cmp.Diff([]string{tree.want}, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
	for _, row := range diagram {
		if !coveredBy(row.ours, "everything") && !strings.Contains(tripped, row.say) {
			t.Errorf("no bad tree breaks the rule of %s", row.folder)
		}
	}
}

func TestWhatCanNotBeReadIsAnError(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no go.mod":         {},
		"no module line":    {"go.mod": {}},
		"a file without Go": {"go.mod": {Data: []byte("module m\n")}, "main.go": {Data: []byte("pack main")}},
	} {
		if _, err := Check(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
