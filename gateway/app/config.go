package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

// Config is the whole configuration file. deploy/gatehouse.yaml names every key with its
// default and what it is for; what people change from day to day is in the registry.
type Config struct {
	DataDir string         `yaml:"data_dir"`
	Log     LogConfig      `yaml:"log"`
	HTTP    HTTPConfig     `yaml:"http"`
	MQTT    MQTTConfig     `yaml:"mqtt"`
	Drivers []DriverConfig `yaml:"drivers"`
	// DriversDir holds further drivers, a *.yaml each; packages put theirs there.
	DriversDir string          `yaml:"drivers_dir"`
	Rules      RulesConfig     `yaml:"rules"`
	Journal    JournalConfig   `yaml:"journal"`
	Telemetry  TelemetryConfig `yaml:"telemetry"`
	Faces      FacesConfig     `yaml:"faces"`
	Media      MediaConfig     `yaml:"media"`
	History    HistoryConfig   `yaml:"history"`
	Flapping   FlappingConfig  `yaml:"flapping"`
	Quality    QualityConfig   `yaml:"quality"`
	Webhooks   WebhooksConfig  `yaml:"webhooks"`
	Audit      AuditConfig     `yaml:"audit"`
	Reach      ReachConfig     `yaml:"reach"`
	Confine    ConfineConfig   `yaml:"confine"`
	// PlainText allows listeners without TLS on addresses that others reach.
	PlainText bool `yaml:"plain_text"`

	file string
	base string // folder of the file: relative paths start there
}

// LogConfig says how much is logged and in which form.
type LogConfig struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// level is the configured one, which Validate has checked.
func (c LogConfig) level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(c.Level))
	return l
}

// HTTPConfig is the API and console.
type HTTPConfig struct {
	Listen  string    `yaml:"listen"`
	BaseURL string    `yaml:"base_url"`
	Proxy   bool      `yaml:"trust_proxy"`
	TLS     TLSConfig `yaml:"tls"`

	MaxConnections int `yaml:"max_connections"`
	MaxPerAddress  int `yaml:"max_per_address"` // on which nobody has signed in yet
}

// TLSConfig names a certificate and its key; both or neither.
type TLSConfig struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// MQTTConfig is the listener for devices that speak MQTT to the gateway itself.
type MQTTConfig struct {
	Listen    string    `yaml:"listen"`
	ListenTLS string    `yaml:"listen_tls"`
	TLS       TLSConfig `yaml:"tls"`
	ClientCA  string    `yaml:"client_ca"` // PEM of the authorities for devices' certificates
	// RequireCertificate refuses devices without one on the TLS listener.
	RequireCertificate bool `yaml:"require_certificate"`

	MaxClients    int `yaml:"max_clients"`
	MaxPerAddress int `yaml:"max_per_address"` // connections that have not signed in yet
	DeviceRate    int `yaml:"device_rate"`     // publications per second; 0 for no bound
	SchoolRate    int `yaml:"school_rate"`
}

// DriverConfig names one driver program.
type DriverConfig struct {
	Name     g.DriverName      `yaml:"name"`
	Path     string            `yaml:"path"`
	SHA256   string            `yaml:"sha256"` // the sum, or a file as sha256sum writes it
	Args     []string          `yaml:"args"`
	Settings map[string]string `yaml:"settings"`
	// MemoryMiB is how much the program and what it starts may hold before it is ended; 0: the
	// default. Half of it is an alert.
	MemoryMiB int64 `yaml:"memory_mib"`
	// User is as whom it runs where the gateway is root; empty: a user that nobody else has.
	User string `yaml:"user"`
	// Files and folders that it may read, and start programs from, or write to, although it is
	// confined.
	Read  []string `yaml:"read"`
	Write []string `yaml:"write"`

	file string // of drivers_dir; empty for those of the configuration itself
}

// RulesConfig names the folder of rule files; procedures lie in its folder procedures.
type RulesConfig struct {
	Dir string `yaml:"dir"`
}

// JournalConfig bounds the journal.
type JournalConfig struct {
	MaxBytes int64         `yaml:"max_bytes"`
	MaxAge   time.Duration `yaml:"max_age"`
	Shards   int           `yaml:"shards"`
}

// TelemetryConfig says where readings are kept as time series, and how long. All but LateBy
// and Classes are for a server of its own.
type TelemetryConfig struct {
	Store        string `yaml:"store"` // embedded, influx or victoria
	URL          string `yaml:"url"`
	Username     string `yaml:"username"`
	TokenFile    string `yaml:"token_file"`
	Organisation string `yaml:"organisation"`
	Bucket       string `yaml:"bucket"`

	LateBy  time.Duration            `yaml:"late_by"`
	Classes map[string]time.Duration `yaml:"classes"`
}

// FacesConfig says when a face counts as recognised.
type FacesConfig struct {
	Driver    g.DriverName `yaml:"driver"`
	Threshold float64      `yaml:"threshold"`
	Margin    float64      `yaml:"margin"`
}

// MediaConfig says how long the pictures of alerts live that nobody keeps, 1h to 72h. A longer
// time, as older configurations have it, counts as 72h.
type MediaConfig struct {
	KeepFor time.Duration `yaml:"keep_for"`
}

// HistoryConfig says how long sightings, states, occurrences and rejections are kept.
type HistoryConfig struct {
	KeepFor time.Duration `yaml:"keep_for"`
}

// QualityConfig says what the data-quality report counts: observations later than LateAfter,
// and silence between two times of the school's day, as 15:04 or 24:00.
type QualityConfig struct {
	LateAfter time.Duration `yaml:"late_after"`
	From      string        `yaml:"from"`
	To        string        `yaml:"to"`
}

// limits are the configuration's, which Validate has checked.
func (c QualityConfig) limits() quality.Limits {
	from, _ := clockTime(c.From)
	to, _ := clockTime(c.To)
	return quality.Limits{LateAfter: c.LateAfter, From: from, To: to}
}

func clockTime(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// WebhooksConfig says where webhooks may lead.
type WebhooksConfig struct {
	Private bool `yaml:"private"`
}

// DefaultConfig is what holds for keys that the file does not name.
func DefaultConfig() Config {
	return Config{
		DataDir: "data",
		Log:     LogConfig{Level: "info", Format: "text"},
		HTTP:    HTTPConfig{Listen: "127.0.0.1:8080", MaxConnections: 4096, MaxPerAddress: 128},
		MQTT: MQTTConfig{
			Listen:        "127.0.0.1:1883",
			MaxClients:    20_000,
			MaxPerAddress: 512,
			DeviceRate:    100,
			SchoolRate:    20_000,
		},
		Journal: JournalConfig{MaxBytes: 8 << 30, MaxAge: 30 * 24 * time.Hour, Shards: 2},
		Telemetry: TelemetryConfig{
			Store:  "embedded",
			Bucket: "gatehouse/autogen",
			LateBy: 72 * time.Hour,
			Classes: map[string]time.Duration{
				"default": 90 * 24 * time.Hour,
				"short":   7 * 24 * time.Hour,
				"long":    3 * 365 * 24 * time.Hour,
			},
		},
		Faces:    FacesConfig{Driver: "camera", Threshold: 0.55, Margin: 0.12},
		Media:    MediaConfig{KeepFor: 24 * time.Hour},
		Reach:    defaultReach(),
		Flapping: defaultFlapping(),
		Confine:  ConfineConfig{Mode: string(host.ConfineTry)},
		Audit:    AuditConfig{AnchorEvery: time.Hour},
		Quality:  QualityConfig{LateAfter: 5 * time.Minute, From: "00:00", To: "24:00"},
		History:  HistoryConfig{KeepFor: 3 * 365 * 24 * time.Hour},
	}
}

// LoadConfig reads a file over the defaults, strictly: a key that does not exist, a value of
// the wrong type and a value that cannot work are errors that name file, line and key.
func LoadConfig(file string) (Config, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return ParseConfig(file, b)
}

// ParseConfig is LoadConfig on bytes.
func ParseConfig(file string, b []byte) (Config, error) {
	c := DefaultConfig()
	c.file, c.base = file, filepath.Dir(file)
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, explain(file, err)
	}
	if err := d.Decode(new(yaml.Node)); err == nil {
		return c, g.Errorf(g.Invalid,
			"%s: holds more than one YAML document; put everything in one", file)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return c, explain(file, err)
	}
	err := c.gatherDrivers()
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		var e *g.Error
		if errors.As(err, &e) && e.Field != "" {
			if line := lineOf(&root, strings.Split(e.Field, ".")); line > 0 {
				return c, fmt.Errorf("%s:%d: %w", file, line, err)
			}
		}
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

var (
	unknownField = regexp.MustCompile(`line (\d+): field (\S+) not found in type app\.(\w+)`)
	wrongType    = regexp.MustCompile(`line (\d+): cannot unmarshal (\S+) (.*) into (\S+)`)
)

// explain turns the YAML library's errors into file:line: key: what and the mend.
func explain(file string, err error) error {
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return g.Errorf(g.Invalid,
			"%s:%s: %s: there is no such key here; `gateway config` prints every key", file, m[1],
			m[2])
	}
	if m := wrongType.FindStringSubmatch(err.Error()); m != nil {
		return g.Errorf(g.Invalid,
			"%s:%s: %s does not fit: a %s is wanted here; `gateway config` shows examples", file,
			m[1], m[3], plainType(m[4]))
	}
	return fmt.Errorf("%s: %w", file, err)
}

func plainType(t string) string {
	switch t {
	case "int", "int64":
		return "whole number"
	case "float64":
		return "number"
	case "string", "gatehouse.DriverName":
		return "text"
	case "time.Duration":
		return "duration such as 90s, 12h"
	}
	return "group of keys or list"
}

// lineOf finds the line of a dotted path such as drivers[1].path; 0 where it is not there.
func lineOf(n *yaml.Node, path []string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	if len(path) == 0 {
		return n.Line
	}
	key, rest, _ := strings.Cut(path[0], "[")
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		v, here := n.Content[i+1], n.Content[i].Line
		if rest != "" {
			var at int
			if _, err := fmt.Sscanf(rest, "%d]", &at); err != nil || v.Kind != yaml.SequenceNode ||
				at >= len(v.Content) {
				return v.Line
			}
			v = v.Content[at]
			here = v.Line
		}
		if line := lineOf(v, path[1:]); line > 0 {
			return line
		}
		return here
	}
	return 0
}

// Validate checks the values; the error's field is the key.
func (c *Config) Validate() error {
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		return g.FieldErrorf("log.level", "%q is no level; use debug, info, warn or error",
			c.Log.Level)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return g.FieldErrorf("log.format", "%q is no format; use text or json", c.Log.Format)
	}
	if c.DataDir == "" {
		return g.FieldErrorf("data_dir", "is empty; name the folder where everything is kept")
	}
	if err := c.validateAddresses(); err != nil {
		return err
	}
	for key, t := range map[string]TLSConfig{"http.tls": c.HTTP.TLS, "mqtt.tls": c.MQTT.TLS} {
		if (t.Certificate == "") != (t.Key == "") {
			return g.FieldErrorf(key, "name both certificate and key, or neither")
		}
	}
	if c.MQTT.ListenTLS != "" && c.MQTT.TLS.Certificate == "" && c.HTTP.TLS.Certificate == "" {
		return g.FieldErrorf("mqtt.listen_tls", "needs a certificate: set mqtt.tls or http.tls")
	}
	if c.MQTT.ClientCA != "" && c.MQTT.ListenTLS == "" {
		return g.FieldErrorf("mqtt.client_ca",
			"needs mqtt.listen_tls: certificates are shown over TLS only")
	}
	if c.MQTT.RequireCertificate && c.MQTT.ClientCA == "" {
		return g.FieldErrorf("mqtt.require_certificate",
			"needs mqtt.client_ca: the authorities whose certificates count")
	}
	if c.MQTT.MaxClients < 1 || c.MQTT.MaxClients > 1_000_000 {
		return g.FieldErrorf("mqtt.max_clients", "%d is out of range; 1 to 1000000 clients",
			c.MQTT.MaxClients)
	}
	for key, n := range map[string]int{
		"http.max_connections": c.HTTP.MaxConnections, "http.max_per_address": c.HTTP.MaxPerAddress,
		"mqtt.max_per_address": c.MQTT.MaxPerAddress,
	} {
		if n < leastPlaces || n > 1_000_000 {
			return g.FieldErrorf(key, "%d is out of range; %d to 1000000 connections", n,
				leastPlaces)
		}
	}
	for key, rate := range map[string]int{
		"mqtt.device_rate": c.MQTT.DeviceRate,
		"mqtt.school_rate": c.MQTT.SchoolRate,
	} {
		if rate < 0 || rate > 1_000_000 {
			return g.FieldErrorf(key,
				"%d is out of range; 1 to 1000000 messages a second, or 0 for no bound", rate)
		}
	}
	return c.validateParts()
}

func (c *Config) validateParts() error {
	seen := map[g.DriverName]bool{g.DriverMQTTFront: true}
	for i, d := range c.Drivers {
		at := fmt.Sprintf("drivers[%d]", i)
		switch {
		case !g.ValidID(string(d.Name)):
			return d.errorf(at, "name", "%q is no name; use letters, digits, '-', '_' or '.'",
				d.Name)
		case seen[d.Name]:
			return d.errorf(at, "name", "%q is taken; each driver needs a name of its own", d.Name)
		case d.Path == "":
			return d.errorf(at, "path", "is missing; name the driver's program")
		case d.SHA256 != "" && !checksum.MatchString(d.SHA256):
			return d.errorf(at, "sha256", "is no SHA-256; `sha256sum %s` prints it", d.Path)
		case d.MemoryMiB != 0 && (d.MemoryMiB < 64 || d.MemoryMiB > 1<<20):
			return d.errorf(at, "memory_mib",
				"%d is out of range; 64 to 1048576 (MiB), or leave it out", d.MemoryMiB)
		}
		seen[d.Name] = true
	}
	if c.Journal.MaxBytes < 512<<20 {
		return g.FieldErrorf("journal.max_bytes", "%d is too small; at least %d (512 MiB)",
			c.Journal.MaxBytes, 512<<20)
	}
	if c.Journal.MaxAge < time.Hour {
		return g.FieldErrorf("journal.max_age", "%s is too short; at least 1h", c.Journal.MaxAge)
	}
	if c.Journal.Shards < 1 || c.Journal.Shards > 16 {
		return g.FieldErrorf("journal.shards", "%d is out of range; 1 to 16", c.Journal.Shards)
	}
	if err := c.Telemetry.validate(); err != nil {
		return err
	}
	if c.Faces.Threshold < 0.2 || c.Faces.Threshold > 0.95 {
		return g.FieldErrorf("faces.threshold", "%v is out of range; 0.2 to 0.95",
			c.Faces.Threshold)
	}
	if c.Faces.Margin < 0 || c.Faces.Margin > 0.5 {
		return g.FieldErrorf("faces.margin", "%v is out of range; 0 to 0.5", c.Faces.Margin)
	}
	if c.Media.KeepFor < time.Hour {
		return g.FieldErrorf("media.keep_for", "%s is too short; at least 1h", c.Media.KeepFor)
	}
	if c.History.KeepFor < 24*time.Hour {
		return g.FieldErrorf("history.keep_for", "%s is too short; at least 24h", c.History.KeepFor)
	}
	if err := c.Audit.validate(); err != nil {
		return err
	}
	if err := c.Flapping.validate(); err != nil {
		return err
	}
	if err := c.Reach.validate(); err != nil {
		return err
	}
	if err := c.Confine.validate(); err != nil {
		return err
	}
	if err := c.plainText(); err != nil {
		return err
	}
	return c.Quality.validate()
}

func (c QualityConfig) validate() error {
	if c.LateAfter < time.Second {
		return g.FieldErrorf("quality.late_after", "%s is too short; at least 1s", c.LateAfter)
	}
	from, err := clockTime(c.From)
	if err != nil {
		return g.FieldErrorf("quality.from", "%q is no time of day; write it as 06:30", c.From)
	}
	to, err := clockTime(c.To)
	if err != nil {
		return g.FieldErrorf("quality.to",
			"%q is no time of day; write it as 22:00, or 24:00 for midnight", c.To)
	}
	if to <= from {
		return g.FieldErrorf("quality.to", "%s is not after quality.from, %s", c.To, c.From)
	}
	return nil
}

func (t *TelemetryConfig) validate() error {
	switch t.Store {
	case "embedded":
	case "influx", "victoria":
		u, err := url.Parse(t.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return g.FieldErrorf("telemetry.url",
				"is no address of a server; write e.g. http://127.0.0.1:8428")
		}
		if err := checkPort("telemetry.url", u); err != nil {
			return err
		}
		if u.User != nil {
			return g.FieldErrorf("telemetry.url",
				"holds a user or a password; set telemetry.username and telemetry.token_file")
		}
		if t.Store == "influx" && t.Bucket == "" {
			return g.FieldErrorf("telemetry.bucket", "is empty; name InfluxDB's bucket")
		}
	default:
		return g.FieldErrorf("telemetry.store", "%q is no store; use embedded, influx or victoria",
			t.Store)
	}
	if _, ok := t.Classes["default"]; !ok {
		return g.FieldErrorf("telemetry.classes", "needs a class named default")
	}
	for name, keep := range t.Classes {
		if !g.ValidID(name) || keep < 2*time.Hour {
			return g.FieldErrorf("telemetry.classes",
				"class %q: a name of letters and digits, and at least 2h", name)
		}
	}
	if t.LateBy < 0 {
		return g.FieldErrorf("telemetry.late_by", "is negative")
	}
	return nil
}

// Path makes a path of the file absolute: relative ones start at the file's folder.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.base, p)
}
