// Package visits follows what becomes of visits to schools: it has the host asked and told, notes who
// came in and went out by what gates saw, raises the alerts that a visitor has not left in time and
// that one on the barred list is there, ends the former, and forgets visits that were over for long
// enough. It does not decide who passes.
package visits

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// Cursor is the name of the reader's position in the journal.
const Cursor = "visits"

const (
	every  = time.Second
	atOnce = 100              // visits looked at between two looks at the clock
	oldest = 15 * time.Minute // what a gate told later says nothing of who is there
	again  = 10 * time.Minute // a barred visitor who tries on is told of once in this, for each gate
)

// Options are what the follower needs.
type Options struct {
	View      *registry.View
	Subscribe func(func(registry.Change)) (cancel func())
	Health    *follow.Health
	Base      string // how people reach the gateway; "": links could not be opened, and are left out
	// Answer is the path by which a host, a user or a person, answers until a time.
	Answer func(id g.VisitID, who string, until time.Time) string
	Zone   func(g.ZoneID) (g.Zone, bool)
	Name   func(g.DeviceID) string // of a device, for people
	Now    func() time.Time
}

// Follower follows visits. Run is for one goroutine and Apply for another.
type Follower struct {
	o    Options
	wake chan struct{} // capacity 1: a visit has changed
}

// New makes a Follower.
func New(o Options) *Follower {
	return &Follower{
		o:    o,
		wake: make(chan struct{}, 1),
	}
}

// Run looks at the visits that are due, once a second and at once when one changes, until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	defer f.o.Subscribe(f.heard)()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if !f.o.Health.Insist(ctx, Cursor, func() error { return f.Look(ctx) }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-tick.C:
		}
	}
}

func (f *Follower) heard(c registry.Change) {
	if c.Kind != change.Visit {
		return
	}
	select {
	case f.wake <- struct{}{}:
	default: // a look is due already
	}
}

// Look does what is due of every visit. One visit's trouble does not keep the others waiting.
func (f *Follower) Look(ctx context.Context) error {
	for {
		due, err := f.o.View.Visits.Due(ctx, f.o.Now(), atOnce)
		if err != nil {
			return err
		}
		var errs []error
		for _, x := range due {
			if err := f.attend(ctx, x); err != nil {
				errs = append(errs, fmt.Errorf("visit %s: %w", x.ID, err))
			}
		}
		if len(due) < atOnce || len(errs) > 0 {
			return errors.Join(errs...)
		}
	}
}

// attend does what is due of one visit. What it does again changes nothing.
func (f *Follower) attend(ctx context.Context, x visits.Owed) error {
	if x.Ended {
		return f.o.View.Visits.Forget(ctx, x.ID)
	}
	if x.Barred && x.State != g.VisitGone && x.State != g.VisitRefused {
		if err := f.raise(ctx, f.barred(x, "", "")); err != nil {
			return err
		}
	}
	if err := f.overstay(ctx, x); err != nil {
		return err
	}
	asked, err := f.tell(ctx, x)
	if err != nil {
		return err
	}
	return f.o.View.Visits.Settle(ctx, x, asked)
}

// idOf is an ID that is the same whenever the same is done again.
func idOf(prefix string, what string, id g.VisitID) string {
	sum := sha256.Sum256([]byte(what + " " + string(id)))
	return prefix + hex.EncodeToString(sum[:12])
}

// Apply notes who passed. A batch that comes twice notes it once.
func (f *Follower) Apply(ctx context.Context, events []g.Event) error {
	for i := range events {
		p, ok := passed(&events[i])
		if !ok || events[i].Replayed || f.o.Now().Sub(events[i].Received) > oldest {
			continue
		}
		x, ok, err := f.o.View.Visits.Pass(ctx, p)
		if err != nil {
			return err
		}
		if ok && p.Denied == "" {
			if err := f.stray(ctx, x, p, &events[i]); err != nil {
				return err
			}
		}
		if ok && p.Denied == g.ReasonPassHeld {
			e := &events[i]
			a := f.barred(visits.Owed{
				Visit:  x,
				Person: p.Person,
			}, string(e.Device)+e.Received.UTC().Truncate(again).Format(time.RFC3339), f.o.Name(e.Device))
			a.Device, a.Zone, a.Opened, a.LastFired = e.Device, e.Zone, e.Received, e.Received
			if err := f.raise(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// passed is who passed by an event, or was turned away.
func passed(e *g.Event) (visits.Passed, bool) {
	switch {
	case e.Decision != nil && e.Decision.Person != "":
		p := visits.Passed{
			Person:    e.Decision.Person,
			Direction: e.Decision.Direction,
			At:        e.Received,
		}
		if !e.Decision.Allow {
			if p.Denied = e.Decision.Reason.Code; p.Denied == "" {
				p.Denied = g.ReasonOther
			}
		}
		return p, true
	case e.Sighting != nil && e.Sighting.Person != "":
		return visits.Passed{
			Person:    e.Sighting.Person,
			Direction: e.Sighting.Direction,
			At:        e.Received,
		}, true
	}
	return visits.Passed{}, false
}

// stray raises the alert that a visitor is where they may not go: once in a while for each place. At
// gates everybody may be.
func (f *Follower) stray(ctx context.Context, x g.Visit, p visits.Passed, e *g.Event) error {
	id := e.Zone
	if e.Sighting != nil && e.Sighting.Zone != "" {
		id = e.Sighting.Zone
	}
	z, known := f.o.Zone(id)
	if !known || z.Kind == g.ZoneGate || len(x.Zones) == 0 || slices.Contains(x.Zones, id) {
		return nil
	}
	var may []string
	for _, one := range x.Zones {
		if to, ok := f.o.Zone(one); ok {
			may = append(may, to.Name)
		}
	}
	when := e.Received.UTC().Truncate(again).Format(time.RFC3339)
	a := g.Alert{
		ID:       g.AlertID(idOf("alt_", "stray "+string(id)+" "+string(p.Person)+" "+when, x.ID)),
		School:   x.School,
		Rule:     g.StrayRule,
		Severity: g.Major,
		Audible:  true,
		State:    g.AlertOpen,
		Title:    "A visitor is where they may not go: " + z.Name,
		TitleZH:  "访客到了不允许去的地方：" + z.Name,
		Text:     "They may go to: " + strings.Join(may, ", ") + ". Visitors shows who it is and whom they visit.",
		TextZH:   "允许前往：" + strings.Join(may, "、") + "。请在“访客”中查看是谁、来访何人。",
		Person:   p.Person,
		Device:   e.Device,
		Zone:     id,
		Count:    1,
		Opened:   e.Received,

		LastFired: e.Received,
	}
	if x.Escort {
		a.Text += " They were to go nowhere alone: ask who accompanies them."
		a.TextZH += "该访客应由人全程陪同：请询问由谁陪同。"
	}
	return f.raise(ctx, a)
}

func (f *Follower) raise(ctx context.Context, a g.Alert) error {
	return f.o.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}})
}

// barred is the alert that somebody on the barred list has registered or, with a place, stands at a
// gate. It names nobody: who may see visitors sees who it is.
func (f *Follower) barred(x visits.Owed, place, gate string) g.Alert {
	a := g.Alert{
		ID:       g.AlertID(idOf("alt_", "barred "+place, x.ID)),
		School:   x.School,
		Rule:     g.BarredRule,
		Severity: g.Major,
		Audible:  true,
		State:    g.AlertOpen,
		Title:    "Somebody on the barred list has registered",
		TitleZH:  "禁入名单中的人员已登记来访",
		Text: "The visit is held: nobody is asked and no code opens a gate. The visitor is not told why. " +
			"Visitors shows who it is.",
		TextZH:    "该来访已被暂停：未通知被访人，访客码无法开门，访客不知原因。请在“访客”中查看。",
		Person:    x.Person,
		Count:     1,
		Opened:    x.Registered,
		LastFired: x.Registered,
	}
	if place != "" {
		a.Severity = g.Critical
		a.Title, a.TitleZH = "Barred visitor at "+gate, "禁入人员在"+gate
		a.Text = "Somebody on the barred list has shown a visitor's code and was not let in. They were asked to " +
			"go to the guard. Visitors shows who it is."
		a.TextZH = "禁入名单中的人员出示了访客码，未放行，并被请往门卫处。请在“访客”中查看。"
	}
	return a
}

// overstay keeps the alert of a visit whose time is over and who has not left, and ends it.
func (f *Follower) overstay(ctx context.Context, x visits.Owed) error {
	id := g.AlertID(idOf("alt_", "overstay", x.ID))
	if x.Overdue {
		school, err := f.o.View.Places.School(ctx, x.School)
		if err != nil {
			return err
		}
		due := x.To.In(school.Location()).Format("2006-01-02 15:04")
		return f.raise(ctx, g.Alert{
			ID:       id,
			School:   x.School,
			Rule:     g.OverstayRule,
			Severity: g.Warning,
			State:    g.AlertOpen,
			Firing:   true,
			Title:    "A visitor has not left",
			TitleZH:  "访客超时未离校",
			Text: fmt.Sprintf("They should have left at %s. This ends by itself when they check out at a gate, on "+
				"their own page or under Visitors.", due),
			TextZH:    fmt.Sprintf("应于 %s 离校。访客在门口、自己的页面或“访客”中签离后，本告警自动结束。", due),
			Person:    x.Person,
			Count:     1,
			Opened:    x.To,
			LastFired: x.To,
		})
	}
	if x.State != g.VisitGone {
		return nil
	}
	row, err := f.o.View.Alerts.Find(ctx, id)
	if g.ErrorCode(err) == g.NotFound || err == nil && !row.Firing {
		return nil
	}
	if err != nil {
		return err
	}
	a := row.Alert
	a.Firing, a.State, a.Resolved = false, g.AlertResolved, x.Left
	return f.raise(ctx, a)
}
