package arch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Violation is one broken rule.
type Violation struct {
	File string
	Line int
	Rule string
	// Text says what is wrong, and the cure.
	Text string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", v.File, v.Line, v.Rule, v.Text)
}

// goFile is a parsed Go file.
type goFile struct {
	path   string
	dir    string // "." for the top
	lines  int
	syntax *ast.File
	fset   *token.FileSet
}

func (f goFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// isGenerated reports whether a tool wrote the file: its length is not ours.
func (f goFile) isGenerated() bool { return strings.HasPrefix(path.Base(f.path), "zz_generated") }

func (f goFile) line(pos token.Pos) int { return f.fset.Position(pos).Line }

// tree is a repository.
type tree struct {
	module string
	// folders and ignored are names at the top: those that are there, and those that .gitignore leaves out.
	folders []string
	ignored map[string]bool
	files   []goFile
	// texts are the Markdown files, and root is what all of it is in.
	texts []textFile
	root  fs.FS
}

// textFile is a file in prose.
type textFile struct{ path, source string }

// load reads a repository. Folders named testdata, and those that Go ignores, are left out.
func load(root fs.FS) (tree, error) {
	t := tree{ignored: map[string]bool{}, root: root}
	var err error
	if t.module, err = modulePath(root); err != nil {
		return tree{}, err
	}
	if t.ignored, err = ignoredFolders(root); err != nil {
		return tree{}, err
	}
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return t.enter(name)
		}
		if strings.HasSuffix(name, ".md") {
			source, err := fs.ReadFile(root, name)
			t.texts = append(t.texts, textFile{name, string(source)})
			return err
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parse(root, name)
		t.files = append(t.files, file)
		return err
	})
	return t, err
}

// enter notes a folder, or says that it is to be skipped.
func (t *tree) enter(name string) error {
	if name == "." {
		return nil
	}
	if !strings.Contains(name, "/") {
		t.folders = append(t.folders, name)
		if t.ignored[name] {
			return fs.SkipDir
		}
	}
	if base := path.Base(name); base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	return nil
}

func parse(root fs.FS, name string) (goFile, error) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return goFile{}, err
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return goFile{}, err
	}
	return goFile{path: name, dir: path.Dir(name), lines: bytes.Count(source, []byte("\n")), syntax: syntax, fset: fset}, nil
}

// declares reports whether a file has a declaration of this name at its top.
func declares(file goFile, name string) bool {
	for _, declaration := range file.syntax.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == name {
				return true
			}
		case *ast.GenDecl:
			if slices.ContainsFunc(d.Specs, func(spec ast.Spec) bool { return names(spec, name) }) {
				return true
			}
		}
	}
	return false
}

// names reports whether a type, a constant or a variable is called so.
func names(spec ast.Spec, name string) bool {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name == name
	case *ast.ValueSpec:
		return slices.ContainsFunc(s.Names, func(n *ast.Ident) bool { return n.Name == name })
	}
	return false
}

func modulePath(root fs.FS) (string, error) {
	source, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return "", err
	}
	for scanner := bufio.NewScanner(bytes.NewReader(source)); scanner.Scan(); {
		if module, found := strings.CutPrefix(scanner.Text(), "module "); found {
			return strings.TrimSpace(module), nil
		}
	}
	return "", errors.New("go.mod has no module line")
}

// ignoredFolders are those that .gitignore names in the form /name/.
func ignoredFolders(root fs.FS) (map[string]bool, error) {
	ignored := map[string]bool{}
	source, err := fs.ReadFile(root, ".gitignore")
	if errors.Is(err, fs.ErrNotExist) {
		return ignored, nil
	}
	for scanner := bufio.NewScanner(bytes.NewReader(source)); scanner.Scan(); {
		name := strings.TrimSpace(scanner.Text())
		if strings.HasPrefix(name, "/") && strings.HasSuffix(name, "/") {
			ignored[strings.Trim(name, "/")] = true
		}
	}
	return ignored, err
}
