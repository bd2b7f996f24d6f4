package api_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// clients is a copy of testdata/clients with the document, in which generators may write.
type clients struct {
	dir string
	env []string
}

// newClients starts a gateway with a device and a key.
func newClients(t *testing.T) clients {
	w := newWorld(t).schools()
	_, secret, err := w.reg.In(adminScope(w.a)).Access.CreateKey(t.Context(),
		g.APIKey{
			School:      w.a.ID,
			Name:        "clients",
			Purpose:     "a test asks",
			Permissions: []g.Permission{g.DevicesRead},
			Expires:     soon(),
		})
	mustDo(t, err)
	from, err := filepath.Abs("testdata/clients")
	mustDo(t, err)
	c := clients{dir: t.TempDir()}
	c.env = append(os.Environ(), "GATEHOUSE_URL="+w.url, "GATEHOUSE_KEY="+secret, "no_proxy=*",
		"http_proxy=", "CI=1", "REDOCLY_TELEMETRY=off", "GOFLAGS=-mod=readonly", "CGO_ENABLED=0")
	for _, name := range []string{
		".spectral.yaml", "go.mod", "go.sum", "ogen.yml", "oapi/main.go", "ogen/main.go",
		"ts/main.ts", "ts/tsconfig.json", "ts/package.json",
	} {
		b, err := os.ReadFile(filepath.Join(from, name))
		mustDo(t, err)
		mustDo(t, os.MkdirAll(filepath.Dir(filepath.Join(c.dir, name)), 0o700))
		mustDo(t, os.WriteFile(filepath.Join(c.dir, name), b, 0o600))
	}
	mustDo(t, os.Symlink(filepath.Join(from, "node_modules"), filepath.Join(c.dir, "node_modules")))
	for _, name := range []string{"openapi.json", "openapi-3.0.json"} {
		mustDo(t,
			os.WriteFile(filepath.Join(c.dir, name),
				w.nobody().do("GET", "/"+name, nil).want(200).body, 0o600))
	}
	return c
}

// run runs a command line in the folder and returns what it prints.
func (c clients) run(t *testing.T, line string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-ec", line)
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, last(out, 4000))
	}
	return string(out)
}

func last(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// Third-party linters accept the document, and generators make clients of it that compile and talk
// to a gateway. It needs what `make test` installs.
func TestClientsOfOthers(t *testing.T) {
	if os.Getenv("GATEHOUSE_CLIENTS") == "" {
		t.Skip("set GATEHOUSE_CLIENTS=1; make clients does, and installs what it takes")
	}
	c := newClients(t)
	lists := func(t *testing.T, program string) {
		t.Helper()
		if out := c.run(t, program); !strings.Contains(out, "lab-1-smoke Smoke, lab 1\n") {
			t.Errorf("%s: got %q, want the device lab-1-smoke in the list", program, out)
		}
	}
	t.Run("redocly", func(t *testing.T) {
		c.run(t,
			"node_modules/.bin/redocly lint --extends recommended-strict openapi.json "+
				"openapi-3.0.json")
	})
	t.Run("spectral", func(t *testing.T) {
		c.run(t,
			"node_modules/.bin/spectral lint --fail-severity hint --ruleset .spectral.yaml "+
				"openapi.json openapi-3.0.json")
	})
	t.Run("openapi-typescript", func(t *testing.T) {
		c.run(t, "node_modules/.bin/openapi-typescript openapi.json --output ts/gatehouse.d.ts")
		c.run(t, "node_modules/.bin/tsc --project ts")
		lists(t, "node ts/out/main.js")
	})
	t.Run("oapi-codegen", func(t *testing.T) {
		c.run(t,
			"mkdir -p oapi/gatehouse && go tool oapi-codegen -generate types,client -package "+
				"gatehouse -o oapi/gatehouse/gatehouse.go openapi.json")
		lists(t, "go run ./oapi")
	})
	t.Run("ogen", func(t *testing.T) {
		c.run(t,
			"go tool ogen --config ogen.yml --target ogen/gatehouse --package gatehouse "+
				"openapi.json")
		lists(t, "go run ./ogen")
	})
}
