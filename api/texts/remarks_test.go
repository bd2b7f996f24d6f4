package texts

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"testing"
)

// TestRemarks compares the Chinese remarks about a file of people with the codes of registry/roster
// and registry/sheet: none is missing or left over, and the placeholders are those of the code.
func TestRemarks(t *testing.T) {
	var all remarks
	if err := json.Unmarshal(remarksJSON, &all); err != nil {
		t.Fatal(err)
	}
	english := map[string]string{}
	for _, file := range []string{"../../registry/roster/messages.go", "../../registry/sheet/sheet.go"} {
		readRemarks(t, file, english)
	}
	if len(english) < 50 {
		t.Fatalf("got %d codes, want those of the roster and the sheet", len(english))
	}
	hole := regexp.MustCompile(`{(\w+)}`)
	for _, code := range slices.Sorted(maps.Keys(english)) {
		zh, ok := all.Remarks[code]
		if !ok || zh == "" {
			t.Errorf("remarks.zh.json has no words for %s", code)
		}
		holes := hole.FindAllString(english[code], -1)
		for _, h := range hole.FindAllString(zh, -1) {
			if !slices.Contains(holes, h) && h != "{read}" {
				t.Errorf("remarks.zh.json, %s: %s does not come with it: %q", code, h, english[code])
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(all.Remarks)) {
		if _, ok := english[code]; !ok {
			t.Errorf("remarks.zh.json: nothing is noted as %s any more", code)
		}
	}
}

// readRemarks finds the codes of a file with their words: the cases of a function called english,
// or the entries of a map by that name.
func readRemarks(t *testing.T, file string, into map[string]string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	add := func(code, said ast.Expr) {
		name, ok := text(code)
		if words, _ := joined(said); ok && (words != "" || into[name] == "") {
			into[name] = words
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return n.Name.Name == "english"
		case *ast.CaseClause:
			ret, ok := n.Body[0].(*ast.ReturnStmt)
			for _, code := range n.List {
				if ok {
					add(code, ret.Results[0])
				}
			}
		case *ast.KeyValueExpr:
			add(n.Key, n.Value)
		}
		return true
	})
}

// joined is the text of literals joined by +.
func joined(e ast.Expr) (string, bool) {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		left, ok := joined(sum.X)
		right, also := joined(sum.Y)
		return left + right, ok && also
	}
	return text(e)
}
