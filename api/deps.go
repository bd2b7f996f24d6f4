package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/alerts"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
	"github.com/gatehouse-iot/gatehouse/api/live"
	"github.com/gatehouse-iot/gatehouse/api/people"
	"github.com/gatehouse-iot/gatehouse/api/places"
	"github.com/gatehouse-iot/gatehouse/api/webhooks"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Deps is what the API is built from. Registry, Live, Webhooks and Now are needed; where another part
// is nil, its endpoints answer unavailable and say which part is missing.
type Deps struct {
	Registry *registry.Registry
	Live     live.Journal
	Webhooks webhooks.Queue
	Intake   attendance.Intake
	Fleet    Fleet
	Faces    people.Faces
	Media    Evidence
	Recorded func() places.Keeping // how long things are kept
	Compare  func(ctx context.Context, school g.SchoolID, person g.PersonID, f people.TrackFace) (people.Likeness, error)

	// Telemetry makes a handler of the Prometheus HTTP API below prefix that shows the
	// given schools only.
	Telemetry func(prefix string, schools []g.SchoolID) http.Handler

	// Known is told, with its context, of a request whose caller is known: its connection is
	// no stranger's. It may be nil.
	Known func(context.Context)

	// Reach says whether a driver may be told of an address, and why not; nil: of any.
	Reach func(ctx context.Context, fields []Field, address map[string]string) error

	Metrics http.Handler                     // the gateway's own metrics, Prometheus text
	Status  func(ctx context.Context) Status // the gateway's health in words
	Rules   func() []alerts.RuleInfo         // the rules that are loaded
	Console fs.FS                            // the built console; nil: a page says that it is missing
	Config  Config
	Now     func() time.Time
	Logger  *slog.Logger
}

// Config is how the API behaves. The zero value is usable.
type Config struct {
	BaseURL       string // how people reach the gateway, e.g. https://gate.school.example; shown in examples
	SecureCookies bool   // set where people come over TLS
	TrustProxy    bool   // a reverse proxy in front sets X-Forwarded-For; believe its last entry
	Demo          bool   // the demonstration school: shown as such
	Version       string
	RateLimit     float64 // requests per second and caller; 0: 100. The burst is three times it
	MaxStreams    int     // live streams at a time; 0: 256, of one caller at most 16
}

// Fleet is the drivers and the devices behind them. The API has checked the caller's right
// to the device before it calls.
type Fleet interface {
	Drivers() []DriverInfo
	DriverLog(name g.DriverName) ([]LogLine, error)
	Restart(name g.DriverName) error
	Probe(ctx context.Context, driver g.DriverName, d g.Device, p g.Profile, secret map[string]string) (Probe, error)
	Command(ctx context.Context, d g.Device, c DeviceOrder) (CommandResult, error)
	Snapshot(ctx context.Context, d g.Device) (jpeg []byte, err error)
	Refusals() []Refusal
	Knocks(ctx context.Context) []Knock
	MQTT(d g.Device) *MQTTInfo // nil: the device does not speak MQTT to the gateway
}

// DriverInfo is a driver program as the host knows it.
type DriverInfo struct {
	Name         g.DriverName `json:"name"`
	Title        string       `json:"title"`
	TitleZH      string       `json:"title_zh,omitempty"`
	Version      string       `json:"version"`
	Contract     int          `json:"contract"`
	State        string       `json:"state"`
	Reason       string       `json:"reason,omitempty"`
	PID          int          `json:"pid,omitempty"`
	Restarts     int          `json:"restarts"`
	Started      time.Time    `json:"started,omitzero"`
	Devices      int          `json:"devices"`
	Observations uint64       `json:"observations"`
	Pinned       bool         `json:"pinned"`
	SHA256       string       `json:"sha256,omitempty"`
	Address      []Field      `json:"address"`
	Settings     []Field      `json:"settings_schema"`
	Template     bool         `json:"template"`
	Profiles     []g.Profile  `json:"profiles"`
	Memory       int64        `json:"memory,omitempty" doc:"Bytes that the program and what it started hold."`
	MemoryMax    int64        `json:"memory_max,omitempty" doc:"Bytes at which it is ended; at half of them there is an alert."`
	Quarantine   time.Time    `json:"quarantine,omitzero" doc:"Since when it is in quarantine for ending too often: it is tried again only now and then, and is out of it once it has run for a minute."`
	Confinement  Confinement  `json:"confinement" doc:"What keeps the program from what is not its own: the gateway's keys and data, other drivers, other files."`
	NextAttempt  time.Time    `json:"next_attempt,omitzero" doc:"When it is started again by itself."`
}

// Confinement is what keeps a driver from what is not its own.
type Confinement struct {
	Confined bool   `json:"confined" doc:"Whether anything does; false before it has run."`
	Landlock int    `json:"landlock,omitempty" doc:"The version of the kernel's Landlock by which it is held."`
	User     string `json:"user,omitempty" doc:"The user of its own as which it runs; absent: the gateway's."`
	Why      string `json:"why,omitempty" enum:"off,platform,landlock" doc:"Why it is not confined: off (confine.mode), platform (no Linux) or landlock (the kernel has none, and the gateway is not root)."`
	Detail   string `json:"detail,omitempty" doc:"The same for people, or why it is confined by no more than that."`
}

// Field is one thing that people fill in.
type Field struct {
	Key      string `json:"key"`
	Title    string `json:"title"`
	TitleZH  string `json:"title_zh,omitempty"`
	Help     string `json:"help,omitempty"`
	HelpZH   string `json:"help_zh,omitempty"`
	Default  string `json:"default,omitempty"`
	Required bool   `json:"required"`
	Secret   bool   `json:"secret"`

	Kind    string   `json:"kind,omitempty" doc:"What it holds: host, url, port, int, duration, choice, timezone, network, path or listen; absent, or a word that you do not know: text."`
	Min     float64  `json:"min,omitempty" doc:"The least of an int, or of a duration in seconds; without min and max there are no bounds."`
	Max     float64  `json:"max,omitempty" doc:"The most of it."`
	Proves  bool     `json:"proves,omitempty" doc:"A device that sets it proves with it that it is itself; one that sets no such field is weak."`
	Options []string `json:"options,omitempty" doc:"All that a choice may be; of a host or url the schemes that it may have."`
}

// LogLine is one line that a driver wrote.
type LogLine struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// Probe is what a trial of a device found.
type Probe struct {
	Message  string
	Values   map[string]g.Value
	Snapshot []byte // JPEG
}

// DeviceOrder is what a device is told to do, and by whom.
type DeviceOrder struct {
	Action string
	Values map[string]g.Value
	Data   []byte
	By     string
}

// ActionWrite is the action that sets properties of a device: the values are theirs.
const ActionWrite = "write"

// CommandResult is what came of a command so far; GET /v1/devices/{id}/commands says what comes
// of it later.
type CommandResult struct {
	ID      string             `json:"id,omitempty" doc:"The command's id."`
	State   g.CommandState     `json:"state,omitempty" doc:"How far it has come: queued, sent, delivered or confirmed. See GET /v1/devices/{id}/commands."`
	Message string             `json:"message"`
	Values  map[string]g.Value `json:"values,omitempty"`
}

// Refusal is a sign-in to the MQTT front or by a driver that was refused, with how often.
type Refusal struct {
	Time    time.Time `json:"time"`
	Source  string    `json:"source"`
	Claimed string    `json:"claimed"`
	Reason  string    `json:"reason"`
	Count   int       `json:"count"`
}

// MQTTInfo is how a device reaches the gateway's MQTT front.
type MQTTInfo struct {
	Host     string `json:"host"` // empty from a Fleet: every address; the API fills in its own
	Port     int    `json:"port"`
	TLS      bool   `json:"tls"`
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Prefix   string `json:"prefix"`  // topics begin with it
	Example  string `json:"example"` // a command line that works; the API fills it in
}

// Check is one line of the status page.
type Check struct {
	Name      string `json:"name"`
	State     string `json:"state"` // ok, warning or critical
	Message   string `json:"message"`
	MessageZH string `json:"message_zh,omitempty"`
}

// CursorLag says how far behind the journal one of its readers is.
type CursorLag struct {
	Name string `json:"name"`
	Lag  uint64 `json:"lag"`
}

// DiskStatus is the space where the gateway's data lives.
type DiskStatus struct {
	Free  uint64 `json:"free_bytes"`
	Total uint64 `json:"total_bytes"`
}

// ClockStatus compares the gateway's clock with a reference.
type ClockStatus struct {
	OffsetMS float64 `json:"offset_ms"`
	Source   string  `json:"source"`
}

// Status is the gateway's health. Journal, MQTT, Drivers and Connections hold figures by name.
type Status struct {
	Version string         `json:"version"`
	Uptime  int64          `json:"uptime_s"`
	Started time.Time      `json:"started"`
	Checks  []Check        `json:"checks"`
	Journal map[string]any `json:"journal"`
	MQTT    map[string]any `json:"mqtt"`
	Drivers map[string]any `json:"drivers"`

	Connections map[string]any `json:"connections,omitempty"`

	Disk    DiskStatus  `json:"disk"`
	Clock   ClockStatus `json:"clock"`
	Cursors []CursorLag `json:"cursors"`
}

// Evidence is the pictures that are kept.
type Evidence interface {
	people.Media

	// Forget destroys all pictures of a school that nobody keeps.
	Forget(school g.SchoolID) error
}

// The areas' words for what a gateway hands over.
type (
	Faces = people.Faces
	Portrait = people.Portrait
	TrackFace = people.TrackFace
	Likeness = people.Likeness
	Keeping  = places.Keeping
	Intake   = attendance.Intake
	RuleInfo = alerts.RuleInfo
)
