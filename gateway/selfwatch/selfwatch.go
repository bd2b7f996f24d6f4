// Package selfwatch watches the gateway itself. One list of subjects (the journal, the disk, the
// clock, the drivers and so on) feeds three outputs: alerts of the topmost schools, the lines of
// the status page, and the metrics. It repairs nothing, it decides nothing about a school, and it
// never waits for the journal: it has to work while nothing else does.
package selfwatch

import (
	"context"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Subject is one thing that is watched. Fields that do not apply are nil.
type Subject struct {
	// Check is the subject's line on the status page; it may also fill in figures of the page. It
	// must be safe for concurrent use.
	Check func(context.Context, time.Time, *api.Status) api.Check
	// Troubles are what is wrong now and a person must know. Only Run calls it.
	Troubles func(time.Time, Told) []Trouble
	Metrics  []Metric
}

// Trouble is something wrong with the gateway itself that a person must know. Its text holds no
// figures that change: those are on the status page.
type Trouble struct {
	Rule     g.RuleID // g.GatewayRule and what it is about
	Severity g.Severity
	Title    string
	TitleZH  string
	Text     string
	TextZH   string
}

// Told says whether an alert of a rule fires that is at least so severe. It gives
// hysteresis: a trouble that fires must become better than its threshold by a margin, or
// its alert would come and go.
type Told func(rule g.RuleID, atLeast g.Severity) bool

func (t Told) any(rule g.RuleID) bool { return t(rule, anySeverity()) }

// Metric is one figure of the gateway's own in Prometheus' format.
type Metric struct {
	Name    string // without "gatehouse_"
	Help    string
	Counter bool // it never falls; else it is a gauge
	Value   func() float64
}

// Options are what a watch is made of.
type Options struct {
	View     *registry.View // to write alerts by
	Subjects []Subject      // in the order of the status page
	Version  string
	Now      func() time.Time
	Log      *slog.Logger
	// Unwritten is called when alerts could not be written, to make room for them where it can.
	Unwritten func()
}

// Watch watches the gateway. Run raises alerts; Status and Metrics answer at any time.
type Watch struct {
	o       Options
	started time.Time
}

// New makes a watch of a gateway that starts now.
func New(o Options) *Watch {
	return &Watch{
		o:       o,
		started: o.Now(),
	}
}

// Status is the gateway's health, for people.
func (w *Watch) Status(ctx context.Context) api.Status {
	now := w.o.Now()
	s := api.Status{
		Version: w.o.Version,
		Started: w.started,
		Uptime:  int64(now.Sub(w.started).Seconds()),
		Cursors: []api.CursorLag{},
	}
	for _, subject := range w.o.Subjects {
		if subject.Check != nil {
			s.Checks = append(s.Checks, subject.Check(ctx, now, &s))
		}
	}
	return s
}

// Line is one line of the status page.
func Line(name, state, en, zh string) api.Check {
	return api.Check{
		Name:      name,
		State:     state,
		Message:   en,
		MessageZH: zh,
	}
}
