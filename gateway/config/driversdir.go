package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
)

// maxDriverFiles limits drivers_dir: a folder with more files cannot be meant.
const maxDriverFiles = 64

// gatherDrivers completes Drivers: it adds those of drivers_dir, and reads the checksums that are
// given as the name of a file.
func (c *Config) gatherDrivers() error {
	if err := c.readDriversDir(); err != nil {
		return err
	}
	for i := range c.Drivers {
		d := &c.Drivers[i]
		sum, err := c.sum(*d)
		if err != nil {
			return d.errorf(fmt.Sprintf("drivers[%d]", i), "sha256", "%v", err)
		}
		d.SHA256 = sum
	}
	return nil
}

// errorf is an error about a key of the driver, whose entry is at a path of the configuration or in
// a file of its own.
func (d Driver) errorf(at, key, format string, args ...any) error {
	if d.file != "" {
		return fmt.Errorf("%s: %w", d.file, g.FieldErrorf(key, format, args...))
	}
	return g.FieldErrorf(at+"."+key, format, args...)
}

// readDriversDir adds the driver programs of drivers_dir, a file each, in the order of their
// names.
func (c *Config) readDriversDir() error {
	if c.DriversDir == "" {
		return nil
	}
	dir := c.Path(c.DriversDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return g.FieldErrorf("drivers_dir", "there is no folder %s: make it, or name another", dir)
	}
	if err != nil {
		return g.FieldErrorf("drivers_dir", "cannot be read: %v", err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".yaml" {
			names = append(names, e.Name())
		}
	}
	if len(names) > maxDriverFiles {
		return g.FieldErrorf("drivers_dir", "%s holds %d files; at most %d are taken", dir,
			len(names), maxDriverFiles)
	}
	sort.Strings(names)
	for _, name := range names {
		d, err := readDriverFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		c.Drivers = append(c.Drivers, d)
	}
	return nil
}

// readDriverFile reads one entry of drivers; relative paths in it begin at its folder.
func readDriverFile(file string) (Driver, error) {
	b, err := readSmall(file)
	if err != nil {
		return Driver{}, fmt.Errorf("read a driver's configuration: %w", err)
	}
	var d Driver
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	decoder.KnownFields(true)
	err = decoder.Decode(&d)
	if errors.Is(err, io.EOF) {
		return d, g.FieldErrorf(file, "the file is empty")
	}
	if err != nil {
		return d, explain(file, b, err)
	}
	d.file = file
	d.Path = beside(file, d.Path)
	if d.SHA256 != "" && !checksum.MatchString(d.SHA256) {
		d.SHA256 = beside(file, d.SHA256)
	}
	return d, nil
}

func beside(file, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

var checksum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// sum is the driver's checksum: the configured one, or the program's line in the configured file,
// which has the format of sha256sum. Packages ship such a file with each version of their program.
func (c *Config) sum(d Driver) (string, error) {
	if d.SHA256 == "" || checksum.MatchString(d.SHA256) {
		return d.SHA256, nil
	}
	file := c.Path(d.SHA256)
	b, err := readSmall(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", g.Errorf(g.Invalid, "is no SHA-256; `sha256sum %s` prints it", d.Path)
	}
	if err != nil {
		return "", g.Errorf(g.Invalid,
			"is no SHA-256, and no file that holds one (%v); `sha256sum %s` prints it", err, d.Path)
	}
	for line := range strings.Lines(string(b)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		name = strings.TrimLeft(name, " *")
		if ok && filepath.Base(name) == filepath.Base(d.Path) && checksum.MatchString(sum) {
			return sum, nil
		}
	}
	return "", g.Errorf(g.Invalid, "%s holds no line for %s; `sha256sum %s` prints it", file,
		filepath.Base(d.Path), d.Path)
}

// readSmall reads a regular file of at most 1 MiB.
func readSmall(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return nil, g.Errorf(g.Invalid, "%s is no file of at most 1 MiB", file)
	}
	return os.ReadFile(file)
}
