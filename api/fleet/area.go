// Package fleet is the API of devices: the devices themselves, their profiles, the drivers that
// speak to them, commands, rejections, and reports on the quality of their data.
//
// It never speaks to a device itself: it asks the Fleet that it is given, after checking the
// caller's right to the device.
package fleet

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

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
	Answered     uint64       `json:"answered,omitempty"`
	Unanswered   uint64       `json:"unanswered,omitempty"`
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

// Confinement is how a driver program is confined.
type Confinement struct {
	Confined bool   `json:"confined" doc:"Whether anything does; false before it has run."`
	Landlock int    `json:"landlock,omitempty" doc:"The version of the kernel's Landlock by which it is held."`
	User     string `json:"user,omitempty" doc:"The user of its own as which it runs; absent: the gateway's."`
	Why      string `json:"why,omitempty" enum:"off,platform,landlock" doc:"Why it is not confined: off (confine.mode), platform (no Linux) or landlock (the kernel has none, and the gateway is not root)."`
	Detail   string `json:"detail,omitempty" doc:"The same for people, or why it is confined by no more than that."`
}

// Field is one field of a form that people fill in for a driver.
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

// Probe is what a probe of a device found.
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
	Wait   time.Duration // how long it may wait for a device that is away; 0: not at all
	// Past is the lockdown past whose level it goes, if the device is held by one.
	Past g.LockdownID
}

// ActionWrite is the action that writes properties of a device; its values are keyed by property.
const ActionWrite = "write"

// CommandResult is what came of a command so far; GET /v1/devices/{id}/commands says what comes
// of it later.
type CommandResult struct {
	ID      string             `json:"id,omitempty" doc:"The command's id."`
	State   g.CommandState     `json:"state,omitempty" doc:"How far it has come: accepted, sent, delivered or applied. See GET /v1/devices/{id}/commands."`
	Message string             `json:"message"`
	Values  map[string]g.Value `json:"values,omitempty"`
	Writes  []Write            `json:"writes,omitempty" maxItems:"1000"`

	Text g.Text `json:"-"` // Message in every language
}

// said puts the message into the caller's language.
func (r CommandResult) said(ctx context.Context) CommandResult {
	if r.Text.Format != "" {
		r.Message = gate.LanguageOf(ctx).Text(r.Text)
	}
	return r
}

// Write is the outcome of writing one property.
type Write struct {
	Property string    `json:"property" doc:"Its name in the device's profile."`
	Outcome  string    `json:"outcome" enum:"done,refused,unconfirmed,not_tried"`
	Reason   *g.Reason `json:"reason,omitempty" doc:"Why it is not done."`
}

// Refusal is a refused sign-in to the MQTT listener, and how often it happened.
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

// area is what the operations use.
type area struct {
	*gate.Gate
	fleet  Fleet
	reach  func(ctx context.Context, fields []Field, address map[string]string) error
	probes *gate.Limiter
	viewed *lately // camera views that are in the audit log already
}

// Register adds the operations. reach checks an address before a driver gets it; nil: any is
// allowed. Without a fleet, operations that need one return unavailable.
func Register(
	r *gate.Gate, f Fleet, reach func(ctx context.Context, fields []Field, address map[string]string) error,
) {
	s := &area{
		Gate:   r,
		fleet:  f,
		reach:  reach,
		probes: newProbeLimiter(),
		viewed: newLately(10*time.Minute, 10_000),
	}
	s.Words(words)
	s.AtLast(bound)
	s.registerProfiles()
	s.registerDevices()
	s.registerFields()
	s.registerOccurrences()
	s.registerRejections()
	s.registerCertificates()
	s.registerKnocks()
	s.registerDeviceUse()
	s.registerDrivers()
	s.registerQuality()
}
