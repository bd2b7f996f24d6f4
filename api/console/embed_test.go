package console_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/api/console"
)

// FS must tell a built console from the stub, and a built one must be whole.
func TestFS(t *testing.T) {
	files, ok := console.FS()
	_, err := os.Stat("dist/index.html")
	if built := err == nil; ok != built {
		t.Fatalf("FS says built = %v, want %v", ok, built)
	}
	if !ok {
		if files != nil {
			t.Fatalf("got %v for a console that is not built, want nil", files)
		}
		return
	}
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(page), `"`) {
		if strings.HasPrefix(part, "/assets/") {
			if _, err := fs.Stat(files, part[1:]); err != nil {
				t.Errorf("index.html asks for %s: %v", part, err)
			}
		}
	}
}
