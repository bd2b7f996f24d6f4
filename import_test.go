package gatehouse_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gatehouse-iot/gatehouse"

// mayImport is the law: a folder, and the folders whose packages it may import beside its own.
// "" is the root package. Test files may also import drivers/sim and drivers/drivertest.
var mayImport = map[string][]string{
	"":         {},
	"drivers":  {""},
	"vision":   {"", "drivers"},
	"rules":    {""},
	"registry": {""},
	"api":      {"", "registry", "rules"},
	"deploy":   {},
	"gateway":  {"", "api", "registry", "rules", "drivers", "vision", "deploy"},
}

// TestImportsPointDown parses every file, whatever its build tags, so that no cached result
// can hide a change.
func TestImportsPointDown(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base == "node_modules" || base == "testdata" || base == "bin" || strings.HasPrefix(base, ".") && base != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		files++
		checkFile(t, filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("only %d files were looked at", files)
	}
}

func checkFile(t *testing.T, name string) {
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	dir, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
	from := top(dir)
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(imported, "/")
		switch {
		case imported == module || strings.HasPrefix(imported, module+"/"):
			to := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
			if top(to) == from && (from != "drivers" || isDriver(dir) == "" || isDriver(to) == "" || isDriver(dir) == isDriver(to)) {
				continue
			}
			if test && (to == "drivers/sim" || to == "drivers/drivertest" || to == "drivers/host") {
				continue
			}
			if !allowed(from, top(to)) {
				t.Errorf("%s imports %s: %q may import %q only", name, imported, from, mayImport[from])
			}
		case from == "" && !test && strings.Contains(first, "."):
			t.Errorf("%s imports %s: the root package imports the standard library only", name, imported)
		case strings.HasPrefix(imported, "gocv.io/") || strings.Contains(imported, "go-astiav") || strings.Contains(imported, "onnxruntime_go"):
			if dir != "vision/opencv" {
				t.Errorf("%s imports %s: only vision/opencv may", name, imported)
			}
		}
	}
}

func top(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	if first == "." {
		return ""
	}
	return first
}

// isDriver names the driver program that a folder belongs to; the programs do not import each
// other. The contract and what serves it belong to none.
func isDriver(dir string) string {
	rest, ok := strings.CutPrefix(dir, "drivers/")
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case "driverpb", "host", "drivertest", "listen":
		return ""
	}
	return first
}

func allowed(from, to string) bool {
	for _, a := range mayImport[from] {
		if a == to {
			return true
		}
	}
	return false
}
