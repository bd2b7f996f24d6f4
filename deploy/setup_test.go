package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A script that builds a third-party program exits with the build's status, the first time and the
// second, and leaves nothing but the program.
func TestScriptsThatBuildProgramsEndWell(t *testing.T) {
	dir := t.TempDir()
	tools := filepath.Join(dir, "tools")
	cache := filepath.Join(dir, "cache")
	if err := os.MkdirAll(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	// A fake go that builds nothing: install writes the program, or fails for one named broken.
	write(t, filepath.Join(tools, "go"), `#!/bin/sh
case $2 in *broken*) echo "cannot build $2" >&2; exit 1 ;; esac
printf '#!/bin/sh\n' >"$GOBIN/$(basename "${2%@*}")"
chmod +x "$GOBIN/$(basename "${2%@*}")"
`)
	if err := os.MkdirAll(filepath.Join(dir, "deploy", "package"), 0o755); err != nil {
		t.Fatal(err)
	}
	reader := filepath.Join(dir, "deploy", "package", "reader.sh")
	module, err := os.ReadFile("setup/module.sh")
	if err != nil {
		t.Fatal(err)
	}
	write(t, reader, "#!/bin/sh\nset -eu\n"+string(module)+`
for p; do program "$p" v1 "example.invalid/cmd/$p"; done
echo end
`)

	run := func(programs ...string) (string, error) {
		cmd := exec.Command(reader, programs...)
		cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"),
			"GATEHOUSE_CACHE="+cache)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for range 2 {
		out, err := run("first", "second")
		if err != nil || !strings.HasSuffix(out, "end\n") {
			t.Fatalf("the script said %q, %v", out, err)
		}
	}
	if out, err := run("first", "broken", "third"); err == nil || strings.Contains(out, "end") {
		t.Errorf("a program that could not be built went by: %q, %v", out, err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "bin", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range left {
		names = append(names, filepath.Base(p))
	}
	if got, want := strings.Join(names, " "), "first-v1 second-v1"; got != want {
		t.Errorf("in the cache are %q, not %q", got, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
