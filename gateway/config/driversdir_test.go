package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// write puts files below dir, by name and text.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		ok(t, os.MkdirAll(filepath.Dir(file), 0o755))
		ok(t, os.WriteFile(file, []byte(text), 0o644))
	}
}

var sumOf = strings.NewReplacer("SUM", strings.Repeat("ab", 32))

// TestDriversOfAFolder: a package brings its driver with the checksum of its program, and the
// configuration of the gateway does not have to be edited for either.
func TestDriversOfAFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"gatehouse.yaml": "drivers_dir: drivers.d\ndrivers:\n  - {name: modbus, path: " +
			"bin/modbus, sha256: bin/SUMS}\n",
		"bin/SUMS": sumOf.Replace("0000  other\nSUM  modbus\n"),
		"drivers.d/b.yaml": "name: camera\npath: ../bin/camera\nsha256: " +
			"camera.sha256\nsettings: {models_dir: /m}\n",
		"drivers.d/a.yaml":        "name: acme\npath: /opt/acme/driver\n",
		"drivers.d/README":        "no driver",
		"drivers.d/old.yaml~":     "name: [",
		"drivers.d/camera.sha256": sumOf.Replace("SUM *../bin/camera\n"),
	})
	c, err := config.Load(filepath.Join(dir, "gatehouse.yaml"))
	ok(t, err)
	if len(c.Drivers) != 3 {
		t.Fatalf("got %d drivers, want 3: %v", len(c.Drivers), c.Drivers)
	}
	sum := strings.Repeat("ab", 32)
	for i, want := range []struct{ name, path, sum string }{
		{"modbus", filepath.Join(dir, "bin/modbus"), sum},
		{"acme", "/opt/acme/driver", ""},
		{"camera", filepath.Join(dir, "bin/camera"), sum},
	} {
		d := c.Drivers[i]
		if string(d.Name) != want.name || c.Path(d.Path) != want.path || d.SHA256 != want.sum {
			t.Errorf("driver %d: got %s %s %s, want %v", i, d.Name, c.Path(d.Path), d.SHA256, want)
		}
	}
}

func TestDriversOfAFolderNameTheirFile(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"a key that does not exist": {
			"name: a\npath: b\nsha: c\n",
			"a.yaml:3: sha: there is no such key here",
		},
		"no path":              {"name: a\n", "a.yaml: path: is missing"},
		"a name that is taken": {"name: modbus\npath: b\n", `a.yaml: name: "modbus" is taken`},
		"no such sums": {
			"name: a\npath: b\nsha256: none\n",
			"a.yaml: sha256: is no SHA-256; `sha256sum",
		},
		"sums without it": {"name: a\npath: b\nsha256: a.yaml\n", "holds no line for b"},
		"sums that never end": {
			"name: a\npath: b\nsha256: /dev/zero\n",
			"/dev/zero is no file of at most 1 MiB",
		},
		"empty": {"", "a.yaml: the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{
				"gatehouse.yaml":   "drivers_dir: drivers.d\ndrivers: [{name: modbus, path: x}]\n",
				"drivers.d/a.yaml": c.file,
			})
			if _, err := config.Load(filepath.Join(dir, "gatehouse.yaml")); err == nil ||
				!strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
