package registry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tables lists the tables that each package's statements may name. Foreign keys may cross packages;
// statements may not: other rows are read through their package, or in package deeds.
var tables = map[string]string{
	"store":  "meta audit outbox registry_schema history_schema",
	"places": "schools sites buildings floors zones zone_areas device_spots settings",
	"people": "persons consents passes look_alikes imports import_columns import_people " +
		"import_passes import_consents",
	"access": "users signins signin_tries signin_places signin_steps second_factors " +
		"second_factor_roles recovery_codes api_keys idempotency",
	"hooks":    "webhooks deliveries",
	"messages": "channels addresses wishes templates messages recipients sendings",
	"fleet": "profiles devices twins device_fields device_certificates certificate_floors " +
		"commands",
	"history":    "sightings statuses occurrences rejections quality quality_reader quality_state",
	"sessions":   "sessions leaves attendance corrections attendance_marks",
	"lockdown":   "threat_levels lockdowns clear_codes",
	"rules":      "rule_versions",
	"calendar":   "calendar_entries",
	"meals":      "meals diets class_meals",
	"exceptions": "exception_marks",
	"musters":    "musters muster_ticks",
	"visits":     "visits visit_people visit_pages barred",

	"collect":    "collectors handovers",
	"guardians":  "guardian_pages guardian_codes guardian_signins",
	"leave":      "leave_requests leave_chains",
	"timetable":  "session_patterns day_templates template_days pattern_changes",
	"procedures": "procedure_versions",
	"oncall":     "rotas rota_overrides escalations calls call_log",
	"alerts": "alerts alert_history alert_undos feints incidents incident_aliases incident_log " +
		"shift_notes kept_pictures rules_state rules_changes rule_texts suppressions suppressed",
}

// crossings are the exceptions, with their reasons.
var crossings = map[string]string{
	"store schools": "which schools a scope reaches, their keys, and whether an empty audit " +
		"log can be",
	"store users": "whether an empty audit log can be",
	"fleet zones": "a search for devices by the name of their room, and their order by it, is " +
		"one statement: a district has more rooms than a statement has places",
}

// named matches the tables that a statement names, with the operation.
var named = regexp.MustCompile(`\b(DELETE FROM|FROM|JOIN|INTO|UPDATE) ([a-z_]+)`)

// writes matches the beginning of a statement that changes rows.
var writes = regexp.MustCompile(`\b(?:INSERT INTO|DELETE FROM|UPDATE [a-z_]+ SET)\b`)

// ofTable are the store's functions that take a table's name as third argument.
var ofTable = []string{"SchoolOf", "Free", "Remove"}

// TestStatementsKeepToTheirTables checks the statements of each package of the registry.
func TestStatementsKeepToTheirTables(t *testing.T) {
	owner := map[string]string{}
	for pkg, list := range tables {
		for _, table := range strings.Fields(list) {
			owner[table] = pkg
		}
	}
	for _, table := range migrated(t) {
		if owner[table] == "" {
			t.Errorf("nobody owns the table %s: give it to a package", table)
		}
	}
	used, seen := map[string]bool{}, 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		pkg := path.Dir(filepath.ToSlash(name))
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
			slices.Contains([]string{"historybench", "deeds"}, pkg) {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		texts, bare := statements(f, owner)
		if pkg != "store" {
			for _, call := range bare {
				t.Errorf("%s gives %s a table that is no word: the law cannot see which", name, call)
			}
		}
		for _, text := range texts {
			if pkg == "views" && writes.MatchString(text) {
				t.Errorf("%s writes: %q", name, text)
			}
			for _, m := range named.FindAllStringSubmatch(text, -1) {
				table, reads := m[2], m[1] == "FROM" || m[1] == "JOIN"
				seen++
				switch {
				case table == "tree": // a common table expression
				case owner[table] == "":
					t.Errorf("%s names %s, which is no table", name, table)
				case owner[table] == pkg || pkg == "views":
				case crossings[pkg+" "+table] != "" && reads:
					used[pkg+" "+table] = true
				default:
					t.Errorf("%s names %s, which is of %s: %q", name, table, owner[table], text)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 200 {
		t.Errorf("only %d names of tables were found", seen)
	}
	for crossing := range crossings {
		if !used[crossing] {
			t.Errorf("nothing crosses as %q: take it out", crossing)
		}
	}
}

// left matches SQL that ends where a table's name follows, from a variable.
var left = regexp.MustCompile(`\b(DELETE FROM|FROM|JOIN|INTO|UPDATE) $`)

// statements returns the strings of a file that may be SQL, and a FROM for each table passed to a
// function of ofTable; bare are the calls of such functions with a table that is no literal. In a
// file that uses a variable for a table, every string that is a table's name counts as used.
func statements(f *ast.File, owner map[string]string) (out, bare []string) {
	var words []string
	variable := false
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BasicLit:
			text, err := strconv.Unquote(x.Value)
			if err != nil || x.Kind != token.STRING {
				return true
			}
			out = append(out, text)
			variable = variable || left.MatchString(text)
			if owner[text] != "" {
				words = append(words, text)
			}
		case *ast.CallExpr:
			sel, ok := x.Fun.(*ast.SelectorExpr)
			if !ok || len(x.Args) < 3 || !slices.Contains(ofTable, sel.Sel.Name) {
				return true
			}
			lit, ok := x.Args[2].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				bare = append(bare, sel.Sel.Name)
				return true
			}
			table, _ := strconv.Unquote(lit.Value)
			out = append(out, "FROM "+table)
		}
		return true
	})
	if variable {
		for _, word := range words {
			out = append(out, "FROM "+word)
		}
	}
	return out, bare
}

// TestKindsOfChangesAreListed: every reported change names its kind by a constant of the list.
func TestKindsOfChangesAreListed(t *testing.T) {
	at := map[string]int{"Change": 0, "Changed": 0, "Remove": 5}
	seen := 0
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			arg, told := at[sel.Sel.Name]
			if !told || len(call.Args) <= arg+1 {
				return true
			}
			seen++
			if lit, ok := call.Args[arg].(*ast.BasicLit); ok {
				t.Errorf("%s tells of a change of kind %s: name it by package change", name, lit.Value)
			}
			return true
		})
	}
	if seen < 30 {
		t.Errorf("only %d changes were found", seen)
	}
}

var created = regexp.MustCompile(`(?i)CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)`)

// migrated are the tables that the migrations of both engines create.
func migrated(t *testing.T) (out []string) {
	files, err := filepath.Glob("migrations/*/*/*.sql")
	if err != nil || len(files) < 40 {
		t.Fatalf("got %d migrations, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range created.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	return out
}
