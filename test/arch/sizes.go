package arch

import (
	"fmt"
	"go/ast"
)

// limits on the length of what a person has to read at once.
type limits struct{ file, function int }

var (
	limitsOfCode  = limits{file: 400, function: 60}
	limitsOfTests = limits{file: 600, function: 120}
)

// maxDepth is how deep control structures may be nested, in tests too.
const maxDepth = 4

// checkSizes finds files and functions that are too long, and code that is nested too deeply.
func checkSizes(t tree) []Violation {
	var found []Violation
	for _, file := range t.files {
		if file.isGenerated() {
			continue
		}
		limit := limitsOfCode
		if file.isTest() {
			limit = limitsOfTests
		}
		if file.lines > limit.file {
			found = append(found, Violation{file.path, limit.file + 1, "file length",
				fmt.Sprintf("it has %d lines, and %d is the limit: split it by what is in it", file.lines, limit.file)})
		}
		found = append(found, checkFunctions(file, limit.function)...)
	}
	return found
}

func checkFunctions(file goFile, limit int) []Violation {
	var found []Violation
	for _, declaration := range file.syntax.Decls {
		name := "a function literal"
		if function, ok := declaration.(*ast.FuncDecl); ok {
			name = function.Name.Name
			found = append(found, checkLength(file, function, name, limit)...)
		}
		ast.Inspect(declaration, func(node ast.Node) bool {
			if literal, ok := node.(*ast.FuncLit); ok {
				found = append(found, checkLength(file, literal, "a function literal", limit)...)
			}
			return true
		})
		ast.Walk(&depth{file: file, function: name, found: &found}, declaration)
	}
	return found
}

func checkLength(file goFile, function ast.Node, name string, limit int) []Violation {
	first := file.line(function.Pos())
	lines := file.line(function.End()) - first + 1
	if lines <= limit {
		return nil
	}
	return []Violation{{file.path, first, "function length",
		fmt.Sprintf("%s has %d lines, and %d is the limit: give its steps names of their own", name, lines, limit)}}
}

// depth walks code and counts the control structures around it.
type depth struct {
	file     goFile
	function string
	level    int
	found    *[]Violation
}

// Visit goes one deeper for each control structure. An "else if" is as deep as its "if".
func (d *depth) Visit(node ast.Node) ast.Visitor {
	switch structure := node.(type) {
	case *ast.IfStmt:
		inside := d.deeper(node)
		for {
			visit(inside, structure.Init, structure.Cond, structure.Body)
			next, isIf := structure.Else.(*ast.IfStmt)
			if !isIf {
				visit(inside, structure.Else)
				return nil
			}
			structure = next
		}
	case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		return d.deeper(node)
	}
	return d
}

func (d *depth) deeper(node ast.Node) *depth {
	inside := *d
	inside.level++
	if inside.level == maxDepth+1 {
		*d.found = append(*d.found, Violation{d.file.path, d.file.line(node.Pos()), "nesting",
			fmt.Sprintf("%s nests control structures more than %d deep here: return early, or give the inner part a name of its own", d.function, maxDepth)})
	}
	return &inside
}

// visit walks those of the nodes that are there.
func visit(inside *depth, nodes ...ast.Node) {
	for _, node := range nodes {
		if node != nil {
			ast.Walk(inside, node)
		}
	}
}
