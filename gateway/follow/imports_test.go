package follow_test

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const below = "github.com/gatehouse-iot/gatehouse/gateway/follow/"

// TestReadersKnowNeitherEachOtherNorTheWhole: a reader is given what it uses. What two readers
// share comes from package follow, or as a function from whoever puts them together.
func TestReadersKnowNeitherEachOtherNorTheWhole(t *testing.T) {
	readers, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, r := range readers {
		if !r.IsDir() {
			continue
		}
		err := filepath.WalkDir(r.Name(), func(name string, d os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") {
				return err
			}
			files++
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, spec := range f.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				if why := refused(r.Name(), imported); why != "" {
					t.Errorf("%s imports %s: %s", name, imported, why)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files < 8 {
		t.Errorf("only %d files were looked at", files)
	}
}

func refused(reader, imported string) string {
	if rest, ok := strings.CutPrefix(imported, below); ok {
		if other, _, _ := strings.Cut(rest, "/"); other != reader {
			return "readers do not import each other"
		}
	}
	switch strings.TrimPrefix(imported, "github.com/gatehouse-iot/gatehouse/") {
	case "gateway/app", "api":
		return "a reader is given what it uses"
	}
	if reader != "telemetry" && strings.HasPrefix(imported, "github.com/prometheus/") {
		return path.Base(imported) + " belongs to the reader of telemetry alone"
	}
	return ""
}
