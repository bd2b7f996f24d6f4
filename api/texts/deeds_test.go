package texts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/registry"
)

var (
	deedForm  = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	deedEntry = regexp.MustCompile(`(?m)^    '([a-z_.]+)': (?:'[^']+'|"[^"]+"),$`)
	auditing  = regexp.MustCompile(`^(Audit|AuditAs|AuditChanges|Record)$`)
)

// TestDeeds compares the registry's list of audited actions with the console's words, which exist
// for each in both languages and for nothing else, and with the source: every action that a call
// writes into the audit log, also through a variable, is in the list, and no other.
func TestDeeds(t *testing.T) {
	list := registry.Deeds()
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("the list of deeds is not sorted, or names one twice")
	}
	told, all := map[string]string{}, map[string]bool{}
	for _, dir := range []string{"../../registry", "../../api", "../../gateway"} {
		readDeeds(t, dir, told, all)
	}
	if len(told) < 40 {
		t.Errorf("got %d deeds, want what is written into the audit log", len(told))
	}
	for _, deed := range slices.Sorted(maps.Keys(told)) {
		if !slices.Contains(list, deed) {
			t.Errorf("%s: the deed %s is not in the registry's list", told[deed], deed)
		}
	}
	nouns := map[string]bool{}
	for _, deed := range list {
		noun, done, _ := strings.Cut(deed, ".")
		nouns[noun] = true
		if !all[deed] && !all["."+done] {
			t.Errorf("nobody does %s any more", deed)
		}
	}
	for _, dir := range []string{"../../registry", "../../api", "../../gateway/follow"} {
		looksLike(t, dir, nouns, list)
	}
	for _, file := range []string{"../console/src/i18n/en.ts", "../console/src/i18n/zh.ts"} {
		words := deedWords(t, file)
		for _, deed := range list {
			if !words[deed] {
				t.Errorf("the deed %s has no words under auditDone in %s", deed, file)
			}
		}
		for _, deed := range slices.Sorted(maps.Keys(words)) {
			if !slices.Contains(list, deed) {
				t.Errorf("%s: %s is no deed", file, deed)
			}
		}
	}
}

// looksLike finds literals that look like an action on a known noun and are not in the list: they
// may reach the audit log through a variable.
func looksLike(t *testing.T, dir string, nouns map[string]bool, list []string) {
	t.Helper()
	all := map[string]bool{}
	readDeeds(t, dir, map[string]string{}, all)
	for _, word := range slices.Sorted(maps.Keys(all)) {
		noun, _, _ := strings.Cut(word, ".")
		if nouns[noun] && !slices.Contains(list, word) && !strings.HasSuffix(word, ".db") {
			t.Errorf("%s looks like a deed and is not in the registry's list", word)
		}
	}
}

// deedWords are the actions that a file of the console has words for.
func deedWords(t *testing.T, file string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(b), "\n  auditDone: {\n")
	block, _, ok := strings.Cut(block, "\n  },\n")
	if !ok {
		t.Fatalf("%s has no auditDone", file)
	}
	out := map[string]bool{}
	for _, m := range deedEntry.FindAllStringSubmatch(block+"\n", -1) {
		out[m[1]] = true
	}
	if lines := strings.Count(block, "\n") + 1; len(out) != lines {
		t.Errorf("%s: read %d of %d lines under auditDone", file, len(out), lines)
	}
	return out
}

// readDeeds finds the audit log's actions below a folder: told are those that a call to the audit
// log names itself; all are the literals that may reach such a call through a variable, or as a
// suffix (".put").
func readDeeds(t *testing.T, root string, told map[string]string, all map[string]bool) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, ok := text(n); ok && (deedForm.MatchString(s) || strings.HasPrefix(s, ".")) {
					all[s] = true
				}
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || !auditing.MatchString(sel.Sel.Name) {
					return true
				}
				for _, a := range n.Args {
					if s, ok := text(a); ok && deedForm.MatchString(s) {
						told[s] = set.Position(n.Pos()).String()
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
