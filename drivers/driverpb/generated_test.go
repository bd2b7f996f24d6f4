package driverpb_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// protocVersion is the line of generated code with the version of protoc, which may differ.
var protocVersion = regexp.MustCompile(`(?m)^//.*protoc +v\d.*$`)

// TestTheGeneratedCodeIsOfTheProto generates it again. Without protoc it is skipped, but in
// continuous integration, where the set-up installs protoc, it fails.
func TestTheGeneratedCodeIsOfTheProto(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no protoc here, although deploy/setup/debian.sh installs it")
		}
		t.Skip("no protoc here; deploy/setup/debian.sh test installs it")
	}
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := t.TempDir()
	if out, err := exec.Command("./generate.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("generate.sh: %v\n%s", err, out)
	}
	for _, name := range []string{"driver.pb.go", "driver_grpc.pb.go"} {
		if diff := cmp.Diff(generated(t, name), generated(t, filepath.Join(dir, name))); diff != "" {
			t.Errorf("%s is not what driver.proto says: run drivers/driverpb/generate.sh; got -, want +:\n%s",
				name, diff)
		}
	}
}

func generated(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return protocVersion.ReplaceAllString(string(b), "")
}
