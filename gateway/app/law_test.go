package app_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAppComposes holds the package to what it is for: App has few methods, since what has some is a
// capability with a package of its own, and the whole of it can be read in one go.
func TestAppComposes(t *testing.T) {
	const mostMethods, mostLines = 14, 1800
	files, err := filepath.Glob("*.go")
	ok(t, err)
	var methods []string
	lines := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		ok(t, err)
		lines += bytes.Count(b, []byte("\n"))
		f, err := parser.ParseFile(token.NewFileSet(), name, b, parser.SkipObjectResolution)
		ok(t, err)
		for _, d := range f.Decls {
			if fn, isFunc := d.(*ast.FuncDecl); isFunc && ofApp(fn) {
				methods = append(methods, fn.Name.Name)
			}
		}
	}
	if len(methods) > mostMethods {
		t.Errorf("App has %d methods, want at most %d: %v", len(methods), mostMethods, methods)
	}
	if lines > mostLines {
		t.Errorf("the package has %d lines, want at most %d", lines, mostLines)
	}
	if len(methods) < 5 || lines < 500 {
		t.Errorf("only %d methods and %d lines were looked at", len(methods), lines)
	}
}

func ofApp(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	star, isPointer := fn.Recv.List[0].Type.(*ast.StarExpr)
	if !isPointer {
		return false
	}
	id, isName := star.X.(*ast.Ident)
	return isName && id.Name == "App"
}
