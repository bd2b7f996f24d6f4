// Package config is the gateway's configuration file, with defaults for the keys that it does not
// name. It checks every key and value, names the line of a wrong one and how to mend it, and
// compares two versions of the file. It refuses to open, listen on or start anything.
package config

import (
	"io"
	"log/slog"
	"path/filepath"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

// Config is the whole configuration file. deploy/gatehouse.yaml names every key with its
// default and what it is for; what people change from day to day is in the registry.
type Config struct {
	DataDir string   `yaml:"data_dir"`
	Log     Log      `yaml:"log"`
	HTTP    HTTP     `yaml:"http"`
	MQTT    MQTT     `yaml:"mqtt"`
	Drivers []Driver `yaml:"drivers"`
	// DriversDir holds further drivers, a *.yaml each; packages put theirs there.
	DriversDir string    `yaml:"drivers_dir"`
	Rules      Rules     `yaml:"rules"`
	Journal    Journal   `yaml:"journal"`
	Telemetry  Telemetry `yaml:"telemetry"`
	Faces      Faces     `yaml:"faces"`
	Media      Media     `yaml:"media"`
	History    History   `yaml:"history"`
	Flapping   Flapping  `yaml:"flapping"`
	Quality    Quality   `yaml:"quality"`
	Webhooks   Webhooks  `yaml:"webhooks"`
	Messages   Messages  `yaml:"messages"`
	Audit      Audit     `yaml:"audit"`
	Reach      Reach     `yaml:"reach"`
	Confine    Confine   `yaml:"confine"`
	// PlainText allows listeners without TLS on addresses that others reach.
	PlainText bool `yaml:"plain_text"`

	file string
	base string // folder of the file: relative paths start there
}

// Log says how much is logged and in which form.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Logger makes a logger in the configured format, and its level, which a reload may change.
func (c Log) Logger(w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := &slog.LevelVar{}
	level.Set(c.Least())
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o)), level
	}
	return slog.New(slog.NewTextHandler(w, o)), level
}

// Least is the configured level, which Validate has checked.
func (c Log) Least() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(c.Level))
	return l
}

// HTTP is the API and console.
type HTTP struct {
	Listen  string `yaml:"listen"`
	BaseURL string `yaml:"base_url"`
	Proxy   bool   `yaml:"trust_proxy"`
	TLS     TLS    `yaml:"tls"`

	MaxConnections int `yaml:"max_connections"`
	MaxPerAddress  int `yaml:"max_per_address"` // connections that have not signed in yet
}

// TLS names a certificate and its key; both or neither.
type TLS struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// MQTT is the listener for devices that speak MQTT to the gateway itself.
type MQTT struct {
	Listen    string `yaml:"listen"`
	ListenTLS string `yaml:"listen_tls"`
	TLS       TLS    `yaml:"tls"`
	ClientCA  string `yaml:"client_ca"` // PEM of the authorities for devices' certificates
	// RequireCertificate refuses devices without one on the TLS listener.
	RequireCertificate bool `yaml:"require_certificate"`

	MaxClients    int `yaml:"max_clients"`
	MaxPerAddress int `yaml:"max_per_address"` // connections that have not signed in yet
	DeviceRate    int `yaml:"device_rate"`     // publications per second; 0: no limit
	SchoolRate    int `yaml:"school_rate"`
}

// Driver names one driver program.
type Driver struct {
	Name     g.DriverName      `yaml:"name"`
	Path     string            `yaml:"path"`
	SHA256   string            `yaml:"sha256"` // the sum, or a file as sha256sum writes it
	Args     []string          `yaml:"args"`
	Settings map[string]string `yaml:"settings"`
	// MemoryMiB is how much memory the program and its children may use before it is killed; 0: the
	// default. At half of it there is an alert.
	MemoryMiB int64 `yaml:"memory_mib"`
	// User is the user that it runs as if the gateway is root; empty: a user of its own.
	User string `yaml:"user"`
	// Read and Write are files and folders that it may read and execute, or write, although it is
	// confined.
	Read  []string `yaml:"read"`
	Write []string `yaml:"write"`

	file string // of drivers_dir; empty for those of the configuration itself
}

// Rules names the folder of rule files; procedures lie in its folder procedures.
type Rules struct {
	Dir string `yaml:"dir"`
}

// Journal bounds the journal.
type Journal struct {
	MaxBytes int64         `yaml:"max_bytes"`
	MaxAge   time.Duration `yaml:"max_age"`
	Shards   int           `yaml:"shards"`
}

// Telemetry says where readings are kept as time series, and for how long. URL to Bucket are for a
// server, LateBy and Classes for the embedded store.
type Telemetry struct {
	Store        string `yaml:"store"` // embedded, influx or victoria
	URL          string `yaml:"url"`
	Username     string `yaml:"username"`
	TokenFile    string `yaml:"token_file"`
	Organisation string `yaml:"organisation"`
	Bucket       string `yaml:"bucket"`

	LateBy  time.Duration            `yaml:"late_by"`
	Classes map[string]time.Duration `yaml:"classes"`
}

// Longest is the longest that any reading is kept.
func (c Telemetry) Longest() time.Duration {
	longest := time.Duration(0)
	for _, d := range c.Classes {
		longest = max(longest, d)
	}
	return longest
}

// Faces says when a face counts as recognised.
type Faces struct {
	Driver    g.DriverName `yaml:"driver"`
	Threshold float64      `yaml:"threshold"`
	Margin    float64      `yaml:"margin"`
}

// Media says how long an alert's picture is stored unless somebody keeps it, 1h to 72h. Longer
// times, from older configurations, count as 72h.
type Media struct {
	KeepFor time.Duration `yaml:"keep_for"`
}

// MaxPictureLife caps media.keep_for: pictures of unknown people expire within hours. Whoever needs
// one for longer keeps it explicitly, with a reason and an end.
const MaxPictureLife = 72 * time.Hour

// Life is how long a picture is stored unless somebody keeps it.
func (c Media) Life() time.Duration { return min(c.KeepFor, MaxPictureLife) }

// History says how long sightings, states, occurrences and rejections are kept.
type History struct {
	KeepFor time.Duration `yaml:"keep_for"`
}

// Quality says what the data-quality report counts: observations later than LateAfter,
// and silence between two times of the school's day, as 15:04 or 24:00.
type Quality struct {
	LateAfter time.Duration `yaml:"late_after"`
	From      string        `yaml:"from"`
	To        string        `yaml:"to"`
}

// Limits are the configuration's, which Validate has checked.
func (c Quality) Limits() quality.Limits {
	from, _ := clockTime(c.From)
	to, _ := clockTime(c.To)
	return quality.Limits{
		LateAfter: c.LateAfter,
		From:      from,
		To:        to,
	}
}

func clockTime(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// Flapping says when a device that keeps going offline and coming back gets one alert in place of
// one for each time.
type Flapping struct {
	Changes int           `yaml:"changes"`
	Within  time.Duration `yaml:"within"`
	Quiet   time.Duration `yaml:"quiet"`
}

// Audit says how often the audit log is anchored, and where besides the gateway's own log.
type Audit struct {
	AnchorEvery time.Duration `yaml:"anchor_every"`
	AnchorFile  string        `yaml:"anchor_file"` // appended to
	AnchorURL   string        `yaml:"anchor_url"`  // posted to
}

// Reach limits the addresses that drivers are given, so that a person who registers devices cannot
// probe the gateway's own machine through them.
type Reach struct {
	ThisMachine bool `yaml:"this_machine"` // loopback and the machine's own addresses
	// 169.254.0.0/16, where clouds keep secrets, and fe80::/10
	LinkLocal bool     `yaml:"link_local"`
	Serial    []string `yaml:"serial"` // prefixes of serial lines' paths
	Files     []string `yaml:"files"`  // folders of files that an address may name
}

// Confine says whether driver programs are confined.
type Confine struct {
	Mode string `yaml:"mode"` // try, require or off
}

// Webhooks says whether webhooks may post to private addresses.
type Webhooks struct {
	Private bool `yaml:"private"`
}

// Messages says how long messages to people are kept, with what came of them.
type Messages struct {
	KeepFor time.Duration `yaml:"keep_for"`
}

// Path resolves a path of the configuration: relative ones start at the file's folder.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.base, p)
}

// DataPath is where everything is kept.
func (c *Config) DataPath() string { return c.Path(c.DataDir) }

// RulesPath is the folder of the rules. own says that it is the one in the data folder, which the
// gateway fills at the first start.
func (c *Config) RulesPath() (dir string, own bool) {
	if c.Rules.Dir != "" {
		return c.Path(c.Rules.Dir), false
	}
	return filepath.Join(c.DataPath(), "rules"), true
}
