package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
)

// Default is what holds for keys that the file does not name.
func Default() Config {
	return Config{
		DataDir: "data",
		Log: Log{
			Level:  "info",
			Format: "text",
		},
		HTTP: HTTP{
			Listen:         "127.0.0.1:8080",
			MaxConnections: 4096,
			MaxPerAddress:  128,
		},
		MQTT: MQTT{
			Listen:        "127.0.0.1:1883",
			MaxClients:    20_000,
			MaxPerAddress: 512,
			DeviceRate:    100,
			SchoolRate:    20_000,
		},
		Journal: Journal{
			MaxBytes: 8 << 30,
			MaxAge:   30 * 24 * time.Hour,
			Shards:   2,
		},
		Telemetry: Telemetry{
			Store:  "embedded",
			Bucket: "gatehouse/autogen",
			LateBy: 72 * time.Hour,
			Classes: map[string]time.Duration{
				"default": 90 * 24 * time.Hour,
				"short":   7 * 24 * time.Hour,
				"long":    3 * 365 * 24 * time.Hour,
			},
		},
		Faces: Faces{
			Driver:    "camera",
			Threshold: 0.55,
			Margin:    0.12,
		},
		Media: Media{KeepFor: 24 * time.Hour},
		Reach: Reach{
			Serial: []string{"/dev/serial/", "/dev/tty"},
			Files:  []string{"/etc/gatehouse/", "/etc/ssl/"},
		},
		Flapping: Flapping(flapping.DefaultLimits()),
		Confine:  Confine{Mode: string(host.ConfineTry)},
		Audit:    Audit{AnchorEvery: time.Hour},
		Quality: Quality{
			LateAfter: 5 * time.Minute,
			From:      "00:00",
			To:        "24:00",
		},
		History:  History{KeepFor: 3 * 365 * 24 * time.Hour},
		Messages: Messages{KeepFor: 90 * 24 * time.Hour},
	}
}

// noFile stands in for the name of the file where there is none.
const noFile = "defaults"

// Find reads the file of that name; for "" it reads gatehouse.yaml if there is one, and else
// returns the defaults.
func Find(file string) (Config, error) {
	if file != "" {
		return Load(file)
	}
	const usual = "gatehouse.yaml"
	if _, err := os.Stat(usual); err != nil {
		return Parse(noFile, nil)
	}
	return Load(usual)
}

// Again reads the file of c again, for a reload. Unlike at a start, a file that is away or empty is
// an error: an editor or a copy may be at work, and the defaults would stop every driver.
func (c *Config) Again() (Config, error) {
	if c.file == noFile {
		return Find("")
	}
	b, err := os.ReadFile(c.file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return Config{}, g.Errorf(g.Invalid,
			"%s: the file is empty: write it again, or restart the gateway to run on the defaults", c.file)
	}
	return Parse(c.file, b)
}

// Load reads a file over the defaults, strictly: a key that does not exist, a value of
// the wrong type and a value that cannot work are errors that name file, line and key.
func Load(file string) (Config, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(file, b)
}

// Parse is Load on bytes.
func Parse(file string, b []byte) (Config, error) {
	c := Default()
	c.file, c.base = file, filepath.Dir(file)
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, explain(file, b, err)
	}
	if err := d.Decode(new(yaml.Node)); err == nil {
		return c, g.Errorf(g.Invalid,
			"%s: holds more than one YAML document; put everything in one", file)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return c, explain(file, b, err)
	}
	err := c.gatherDrivers()
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return c, placed(file, &root, err)
	}
	return c, nil
}

// placed adds the file and the line of the key that an error is about.
func placed(file string, root *yaml.Node, err error) error {
	var e *g.Error
	if errors.As(err, &e) && e.Field != "" {
		if line := lineOf(root, strings.Split(e.Field, ".")); line > 0 {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
	}
	return fmt.Errorf("%s: %w", file, err)
}
