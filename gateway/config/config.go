// Package config is what the gateway's file says, with the defaults of what it does not say. It checks
// every key and value, names the line and the mend of one that is wrong, and tells two versions of
// the file apart. It refuses to open, listen on or start anything.
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

// Logger writes as the configuration says, at a level that a reload may change.
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
	MaxPerAddress  int `yaml:"max_per_address"` // on which nobody has signed in yet
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
	DeviceRate    int `yaml:"device_rate"`     // publications per second; 0 for no bound
	SchoolRate    int `yaml:"school_rate"`
}

// Driver names one driver program.
type Driver struct {
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

// Telemetry says where readings are kept as time series, and how long. All but LateBy
// and Classes are for a server of its own.
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

// Media says how long the pictures of alerts live that nobody keeps, 1h to 72h. A longer
// time, as older configurations have it, counts as 72h.
type Media struct {
	KeepFor time.Duration `yaml:"keep_for"`
}

// MaxPictureLife is the longest that media.keep_for counts: pictures of unknown people live for
// hours. Whoever needs one longer keeps it by name, with a reason and an end.
const MaxPictureLife = 72 * time.Hour

// Life is how long a picture lives that nobody keeps.
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
	return quality.Limits{LateAfter: c.LateAfter, From: from, To: to}
}

func clockTime(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// Flapping says when a device that comes and goes is told of once and not each time.
type Flapping struct {
	Changes int           `yaml:"changes"`
	Within  time.Duration `yaml:"within"`
	Quiet   time.Duration `yaml:"quiet"`
}

// Audit says where, besides the log, the audit log is anchored, and how often.
type Audit struct {
	AnchorEvery time.Duration `yaml:"anchor_every"`
	AnchorFile  string        `yaml:"anchor_file"` // appended to
	AnchorURL   string        `yaml:"anchor_url"`  // posted to
}

// Reach bounds what drivers may be told to speak to: whoever registers devices must not look around
// on the gateway's own machine through them.
type Reach struct {
	ThisMachine bool `yaml:"this_machine"` // loopback and the machine's own addresses
	// 169.254.0.0/16, where clouds keep secrets, and fe80::/10
	LinkLocal bool     `yaml:"link_local"`
	Serial    []string `yaml:"serial"` // what serial lines' paths begin with
	Files     []string `yaml:"files"`  // folders of files that an address may name
}

// Confine says how driver programs are kept from what is not theirs.
type Confine struct {
	Mode string `yaml:"mode"` // try, require or off
}

// Webhooks says where webhooks may lead.
type Webhooks struct {
	Private bool `yaml:"private"`
}

// Path makes a path of the file absolute: relative ones start at the file's folder.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.base, p)
}

// DataPath is where everything is kept.
func (c *Config) DataPath() string { return c.Path(c.DataDir) }

// RulesPath is where the rules lie. Own says that it is in the data folder, which the gateway fills
// itself at the first start.
func (c *Config) RulesPath() (dir string, own bool) {
	if c.Rules.Dir != "" {
		return c.Path(c.Rules.Dir), false
	}
	return filepath.Join(c.DataPath(), "rules"), true
}
