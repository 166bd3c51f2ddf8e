package edgegateway

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deciding are the files that turn values into values. The other files of the package act.
var deciding = []string{
	"accept.go", "accept_address.go", "accept_class.go", "arrivals.go", "desired.go", "finding.go", "inputs.go", "last_applied.go", "neighbourhood.go",
	"predicates.go", "probing.go", "registered.go", "result.go", "settling.go", "status.go", "targets.go",
}

// forbidden are packages by which something is read, written, awaited or shared, beside clients.
var forbidden = []string{"net/http", "sync", "sigs.k8s.io/controller-runtime/pkg/log", "k8s.io/client-go"}

// ownSource is this package as it is written.
type ownSource struct {
	set   *token.FileSet
	files map[string]*ast.File
	// uses are, by file, the places in it at which something of another file is used, by that file's name.
	uses map[string]map[string]token.Position
}

type nobodysImporter struct{}

func (nobodysImporter) Import(string) (*types.Package, error) {
	return nil, errors.New("only this package counts")
}

func readSource(t *testing.T) ownSource {
	t.Helper()
	s := ownSource{set: token.NewFileSet(), files: map[string]*ast.File{}, uses: map[string]map[string]token.Position{}}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		if s.files[path], err = parser.ParseFile(s.set, path, nil, 0); err != nil {
			t.Fatal(err)
		}
		s.uses[path] = map[string]token.Position{}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: nobodysImporter{}, Error: func(error) {}}
	own, _ := config.Check("edgegateway", s.set, slices.Collect(maps.Values(s.files)), info) // it can't know what is imported
	for ident, object := range info.Uses {
		at := s.set.Position(ident.Pos())
		if from := s.set.Position(object.Pos()).Filename; object.Pkg() == own && from != at.Filename && s.files[from] != nil {
			s.uses[at.Filename][from] = at
		}
	}
	return s
}

// TestFilesThatDecideKnowNothingOfThoseThatAct: neither what is in them, nor clients, nor the clock.
func TestFilesThatDecideKnowNothingOfThoseThatAct(t *testing.T) {
	s := readSource(t)
	for _, path := range deciding {
		file := s.files[path]
		if file == nil {
			t.Errorf("there is no %s", path)
			continue
		}
		for from, at := range s.uses[path] {
			if !slices.Contains(deciding, from) {
				t.Errorf("%s: it decides, and uses something of %s, which acts", at, from)
			}
		}
		s.checkActs(t, file)
	}
	if len(s.uses["controller.go"]) < 8 {
		t.Errorf("controller.go uses only %v", s.uses["controller.go"])
	}
}

// checkActs finds in a file that decides what only a file that acts may do.
func (s ownSource) checkActs(t *testing.T, file *ast.File) {
	for _, spec := range file.Imports {
		pkg, err := strconv.Unquote(spec.Path.Value)
		if err != nil || slices.ContainsFunc(forbidden, func(f string) bool { return pkg == f || strings.HasPrefix(pkg, f+"/") }) {
			t.Errorf("%s: it decides, and imports %s", s.set.Position(spec.Pos()), pkg)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s: it decides, and starts a goroutine", s.set.Position(n.Pos()))
		case *ast.SelectorExpr:
			of, _ := n.X.(*ast.Ident)
			if of != nil && (of.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, n.Sel.Name) ||
				of.Name == "client" && slices.Contains([]string{"Client", "Reader", "Writer"}, n.Sel.Name)) {
				t.Errorf("%s: it decides, and uses %s.%s", s.set.Position(n.Pos()), of.Name, n.Sel.Name)
			}
		}
		return true
	})
}

// TestArrowsBetweenFilesThatDecideRunOneWay: none uses one that uses it, by whatever way.
func TestArrowsBetweenFilesThatDecideRunOneWay(t *testing.T) {
	s := readSource(t)
	var walk func(way []string)
	walk = func(way []string) {
		for from, at := range s.uses[way[len(way)-1]] {
			if i := slices.Index(way, from); i >= 0 {
				t.Errorf("%s: a round of %s", at, strings.Join(append(slices.Clone(way[i:]), from), " > "))
				continue
			}
			walk(append(slices.Clone(way), from))
		}
	}
	for _, path := range deciding {
		walk([]string{path})
	}
}
