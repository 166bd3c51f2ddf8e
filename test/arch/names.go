package arch

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// topFolders are all the folders that the top of the repository has.
var topFolders = []string{".ci", ".git", "api", "charts", "config", "controllers", "docs", "edgeproxy", "providers", "test"}

// emptyNames say nothing about what a package provides.
var emptyNames = []string{"base", "common", "helper", "helpers", "shared", "type", "types", "util", "utils"}

// checkTop finds folders at the top that the layout does not have.
func checkTop(t tree) []Violation {
	var found []Violation
	for _, folder := range t.folders {
		if !slices.Contains(topFolders, folder) && !t.ignored[folder] {
			found = append(found, Violation{folder, 1, "layout", fmt.Sprintf("the top has only the folders %s: move it into one of them "+
				"(what is built belongs into .gitignore, as /%s/)", strings.Join(topFolders, ", "), folder)})
		}
	}
	return found
}

// checkNames finds packages that are named for nothing.
func checkNames(t tree) []Violation {
	var found []Violation
	for _, file := range t.files {
		name := strings.TrimSuffix(file.syntax.Name.Name, "_test")
		for _, candidate := range []string{name, path.Base(file.dir)} {
			if slices.Contains(emptyNames, candidate) {
				found = append(found, Violation{file.path, file.line(file.syntax.Package), "package name",
					fmt.Sprintf("%q says nothing: name the package for what it provides, or put the code beside its one caller", candidate)})
				break
			}
		}
	}
	return found
}

// checkInit finds functions that run without being called.
func checkInit(t tree) []Violation {
	var found []Violation
	for _, file := range t.files {
		for _, declaration := range file.syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if ok && function.Recv == nil && function.Name.Name == "init" {
				found = append(found, Violation{file.path, file.line(function.Pos()), "no init",
					"init() hides wiring: call a function from main, or write a table"})
			}
		}
	}
	return found
}

// checkComments finds packages without a package comment. A folder of tests only has it in one of them.
func checkComments(t tree) []Violation {
	first := map[string]goFile{}
	commented := map[string]bool{}
	var folders []string
	for _, file := range t.files {
		before, known := first[file.dir]
		if !known {
			folders = append(folders, file.dir)
		}
		if !known || before.isTest() && !file.isTest() {
			first[file.dir] = file
		}
	}
	for _, file := range t.files {
		documents := file.isTest() == first[file.dir].isTest()
		if documents && file.syntax.Doc != nil && strings.TrimSpace(file.syntax.Doc.Text()) != "" {
			commented[file.dir] = true
		}
	}
	var found []Violation
	for _, folder := range folders {
		if !commented[folder] {
			file := first[folder]
			found = append(found, Violation{file.path, file.line(file.syntax.Package), "package comment",
				"package " + file.syntax.Name.Name + " has none: add a doc.go that says what it decides and what it may not import"})
		}
	}
	return found
}
