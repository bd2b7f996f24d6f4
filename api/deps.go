package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/live"
	"github.com/gatehouse-iot/gatehouse/api/messages"
	"github.com/gatehouse-iot/gatehouse/api/oncall"
	"github.com/gatehouse-iot/gatehouse/api/people"
	"github.com/gatehouse-iot/gatehouse/api/places"
	"github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/api/visits"
	"github.com/gatehouse-iot/gatehouse/api/webhooks"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
)

// Deps is what the API is built from. Registry, Live, Webhooks and Now are needed; where another
// part is nil, its endpoints answer unavailable and say which part is missing.
type Deps struct {
	Registry *registry.Registry
	Live     live.Journal
	Webhooks webhooks.Queue
	Messages messages.Queue // of messages to people
	Intake   attendance.Intake
	Fleet    fleet.Fleet
	Faces    people.Faces
	Media    Evidence
	Recorded func() places.Keeping // how long things are kept
	Compare  deeds.Compare

	// Telemetry makes a handler of the Prometheus HTTP API below prefix that shows the
	// given schools only.
	Telemetry func(prefix string, schools []g.SchoolID) http.Handler

	// Known is called with the context of each authenticated request, whose connection no longer
	// counts as anonymous. It may be nil.
	Known func(context.Context)

	// Reach checks an address before a driver gets it; nil: any is allowed.
	Reach func(ctx context.Context, fields []fleet.Field, address map[string]string) error

	Links *oncall.Links // sign and read "I take it"; nil: there are none
	// VisitLinks sign and read the links of visitors and their hosts; nil: there are no public pages.
	VisitLinks *visits.Links
	// LeaveLinks sign and read the links by which staff answer requests for leave; nil: guardians have no
	// page.
	LeaveLinks *gate.Signer

	Metrics http.Handler                     // the gateway's own metrics, Prometheus text
	Status  func(ctx context.Context) Status // the gateway's health in words
	Rules   rules.Book                       // the rules in force

	// Reload reads configuration, rules and certificates again; with dry it only reports what would
	// change.
	Reload func(ctx context.Context, dry bool, note NoteReload) (Reload, error)

	Console fs.FS // the built console; nil: a page says that it is missing
	Config  Config
	Now     func() time.Time
	Logger  *slog.Logger
}

// Config is how the API behaves. The zero value is usable.
type Config struct {
	// how people reach the gateway, e.g. https://gate.school.example; shown in examples
	BaseURL       string
	SecureCookies bool // set where people come over TLS
	TrustProxy    bool // a reverse proxy in front sets X-Forwarded-For; believe its last entry
	Demo          bool // the demonstration school: shown as such
	Version       string
	RateLimit     float64 // requests per second and caller; 0: 100. The burst is three times it
	MaxStreams    int     // live streams at a time; 0: 256, of one caller at most 16
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

// Evidence is the store of pictures.
type Evidence interface {
	people.Media
	places.Drawings

	// Forget destroys all pictures of a school that nobody keeps.
	Forget(school g.SchoolID) error
}
