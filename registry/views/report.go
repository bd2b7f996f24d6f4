package views

import (
	"cmp"
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// IncidentReport is what happened in an incident, for those who look back at it.
type IncidentReport struct {
	Incident g.Incident        `json:"incident"`
	Where    []IncidentPlace   `json:"where" nullable:"false"`
	Alerts   []alerts.AlertRow `json:"alerts" nullable:"false"` // at most 200
	Count    int               `json:"alert_count"`             // of all
	Timeline []ReportMoment    `json:"timeline" nullable:"false"`
	// how many later lines are left out
	Cut     int           `json:"timeline_cut,omitempty"`
	Figures ReportFigures `json:"figures"`
}

// ReportFigures are how long it took, from when the incident was opened, in seconds; nil: it has not
// happened.
type ReportFigures struct {
	Acknowledged *int `json:"acknowledged_s,omitempty"` // until the first alert was in hand
	Contained    *int `json:"contained_s,omitempty"`    // until it was contained first
	Closed       *int `json:"closed_s,omitempty"`       // until it was closed last
	Steps        int  `json:"steps"`                    // to which an answer leads
	Done         int  `json:"steps_done"`
	Late         int  `json:"steps_late"` // done after their time, or not done when it was up
}

// MomentOf is what a line of the time line is about.
type MomentOf string

// What a line can be about.
const (
	OfIncident MomentOf = "incident"
	OfAlert    MomentOf = "alert"
	OfCommand  MomentOf = "command"
	OfCall     MomentOf = "call" // somebody was told by the chain of escalation
	OfLockdown MomentOf = "lockdown"
)

// MomentOfs lists them.
func MomentOfs() []MomentOf {
	return []MomentOf{OfIncident, OfAlert, OfCommand, OfCall, OfLockdown}
}

// ReportMoment is one line of the time line.
type ReportMoment struct {
	At      time.Time `json:"at"`
	Of      MomentOf  `json:"of"`
	What    string    `json:"what"` // of its kind: an incident's, an alert's, a command's state …
	ByName  string    `json:"by_name,omitempty"`
	Comment string    `json:"comment,omitempty"`
	ToName  string    `json:"to_name,omitempty"`
	// what it is about: a device and what it was told, a lockdown's title, a channel
	Subject   string            `json:"subject,omitempty"`
	SubjectZH string            `json:"subject_zh,omitempty"`
	Action    string            `json:"action,omitempty"`
	Alert     g.AlertID         `json:"alert,omitempty"`
	Alerts    []g.AlertID       `json:"alerts,omitempty"`
	Other     g.IncidentID      `json:"other,omitempty"`
	Step      *int              `json:"step,omitempty"`
	Answer    string            `json:"answer,omitempty"`
	Outcome   g.IncidentOutcome `json:"outcome,omitempty"`
	Severity  g.Severity        `json:"severity,omitempty"`
	Drill     bool              `json:"drill,omitempty"`
	Firing    int               `json:"firing,omitempty"`  // see [alerts.IncidentEntry]
	ByLink    bool              `json:"by_link,omitempty"` // of a message, without a sign-in
	// of a call: what came of the message, why it failed, by which channels, and when it was read
	State    messages.State `json:"state,omitempty"`
	Code     string         `json:"code,omitempty"`
	Channels []string       `json:"channels,omitempty"`
	Read     time.Time      `json:"read,omitzero"`
}

// Bounds of a report.
const (
	reportAlerts = 200
	reportLines  = 5000
	reportPages  = 5 // of an alert's or incident's log
)

// IncidentReport looks back at an incident. Pictures and people are left out unless they are asked
// for, which takes people:read.
func (v View) IncidentReport(
	ctx context.Context, id g.IncidentID, withPeople bool, now time.Time,
) (IncidentReport, error) {
	if withPeople {
		if _, err := v.s.Reach(ctx, g.PeopleRead); err != nil {
			return IncidentReport{}, err
		}
	}
	i, err := v.alerts.Incident(ctx, id)
	if err != nil {
		return IncidentReport{}, err
	}
	out := IncidentReport{
		Incident: i,
		Count:    len(i.Alerts),
	}
	if out.Where, err = v.IncidentPlaces(ctx, i); err != nil {
		return out, err
	}
	if err := v.reportLog(ctx, &out); err != nil {
		return out, err
	}
	for _, one := range i.Alerts[:min(len(i.Alerts), reportAlerts)] {
		if err := v.reportAlert(ctx, &out, one, withPeople); err != nil {
			return out, err
		}
	}
	if err := v.reportCommands(ctx, &out); err != nil {
		return out, err
	}
	if err := v.reportLockdowns(ctx, &out, now); err != nil {
		return out, err
	}
	slices.SortStableFunc(out.Timeline, func(a, b ReportMoment) int { return a.At.Compare(b.At) })
	out.reckon(now)
	if n := len(out.Timeline) - reportLines; n > 0 {
		out.Timeline, out.Cut = out.Timeline[:reportLines], n
	}
	return out, nil
}

func (v View) reportLog(ctx context.Context, out *IncidentReport) error {
	for after, page := 0, 0; page < reportPages; page++ {
		entries, next, err := v.alerts.Log(ctx, out.Incident.ID, after)
		if err != nil {
			return err
		}
		for _, e := range entries {
			out.Timeline = append(out.Timeline, ReportMoment{
				At:      e.At,
				Of:      OfIncident,
				What:    string(e.What),
				ByName:  e.ByName,
				Comment: e.Comment,
				ToName:  e.ToName,
				Alerts:  e.Alerts,
				Other:   e.Other,
				Step:    e.Step,
				Answer:  e.Answer,
				Outcome: e.Outcome,
				Firing:  e.Firing,
				Drill:   out.Incident.Drill,
			})
		}
		if after = next; next == 0 {
			return nil
		}
	}
	return nil
}

// reportAlert adds an alert with its history, and who was told of it. One that is gone is passed
// over.
func (v View) reportAlert(
	ctx context.Context, out *IncidentReport, id g.AlertID, withPeople bool,
) error {
	a, err := v.alerts.Find(ctx, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if !withPeople {
		a.Person, a.PersonName, a.Sighting, a.Media = "", "", "", ""
	}
	a.Commands = nil // they are in the time line
	out.Alerts = append(out.Alerts, a)
	for after, page := 0, 0; page < reportPages; page++ {
		entries, next, err := v.alerts.History(ctx, id, after)
		if err != nil {
			return err
		}
		for _, e := range entries {
			out.Timeline = append(out.Timeline, ReportMoment{
				At:       e.At,
				Of:       OfAlert,
				What:     string(e.What),
				ByName:   e.ByName,
				Comment:  e.Comment,
				ToName:   e.ToName,
				Alert:    id,
				Other:    e.Incident,
				Severity: e.Severity,
				Drill:    a.Drill,
				ByLink:   e.ByLink,
			})
		}
		if after = next; next == 0 {
			break
		}
	}
	_, calls, err := v.oncall.CallOf(ctx, id)
	if err != nil && g.ErrorCode(err) != g.NotFound {
		return err
	}
	for _, c := range calls {
		out.Timeline = append(out.Timeline, callMoment(id, c))
	}
	return nil
}

func callMoment(id g.AlertID, c oncall.CallEntry) ReportMoment {
	m := ReportMoment{
		At:      c.At,
		Of:      OfCall,
		What:    string(c.What),
		ToName:  c.Name,
		Subject: cmp.Or(c.ChannelName, c.Channel),
		Alert:   id,
		State:   c.State,
		Code:    c.Code,
		Read:    c.Read,
	}
	for _, w := range c.Ways {
		name := cmp.Or(w.ChannelName, string(w.Channel))
		if !slices.Contains(m.Channels, name) {
			m.Channels = append(m.Channels, name)
		}
	}
	return m
}

// reportCommands adds each state of the commands that were given because of the alerts.
func (v View) reportCommands(ctx context.Context, out *IncidentReport) error {
	if _, err := v.s.Reach(ctx, g.DevicesRead); err != nil {
		return nil
	}
	var ids []g.AlertID
	for _, a := range out.Alerts {
		ids = append(ids, a.ID)
	}
	given, err := fleet.CommandsOfAlerts(ctx, v.s.Reg, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, c := range given[id] {
			m := ReportMoment{
				At:      c.Made,
				Of:      OfCommand,
				What:    string(g.CommandAccepted),
				ByName:  c.By,
				Subject: c.DeviceName,
				Action:  c.Action,
				Alert:   id,
				Drill:   c.Drill,
			}
			out.Timeline = append(out.Timeline, m)
			if c.State == g.CommandAccepted {
				continue
			}
			m.At, m.What, m.Comment, m.ByName = c.Changed, string(c.State), c.Reason, ""
			out.Timeline = append(out.Timeline, m)
		}
	}
	return nil
}

// reportLockdowns adds the threat levels that stood meanwhile.
func (v View) reportLockdowns(ctx context.Context, out *IncidentReport, now time.Time) error {
	end := out.Incident.Closed
	if end.IsZero() {
		end = now
	}
	all, _, err := v.lockdown.List(ctx, lockdown.Filter{
		Page:   store.Page{Limit: 100},
		School: out.Incident.School,
	})
	if err != nil {
		return err
	}
	for _, l := range all {
		over := !l.Cleared.IsZero() && l.Cleared.Before(out.Incident.Opened)
		if over || l.Raised.After(end) {
			continue
		}
		m := ReportMoment{
			At:        l.Raised,
			Of:        OfLockdown,
			What:      "raised",
			ByName:    l.RaisedByName,
			Comment:   l.Note,
			Subject:   l.Title,
			SubjectZH: l.TitleZH,
			Drill:     l.Drill,
		}
		out.Timeline = append(out.Timeline, m)
		if l.Cleared.IsZero() {
			continue
		}
		m.At, m.What, m.ByName, m.Comment = l.Cleared, "cleared", l.ClearedByName, l.ClearNote
		out.Timeline = append(out.Timeline, m)
	}
	return nil
}

// reckon computes the figures from the time line.
func (r *IncidentReport) reckon(now time.Time) {
	f := &r.Figures
	since := func(at time.Time) *int {
		n := int(max(at.Sub(r.Incident.Opened), 0) / time.Second)
		return &n
	}
	for _, m := range r.Timeline {
		switch {
		case m.Of == OfAlert && m.What == string(alerts.WasAcknowledged) && f.Acknowledged == nil:
			f.Acknowledged = since(m.At)
		case m.Of == OfIncident && m.What == string(g.IncidentHeld) && f.Contained == nil:
			f.Contained = since(m.At)
		}
	}
	if !r.Incident.Closed.IsZero() {
		f.Closed = since(r.Incident.Closed)
		now = r.Incident.Closed
	}
	for _, s := range r.Incident.Steps {
		if s.Skipped {
			continue
		}
		f.Steps++
		at := now
		if s.Done {
			f.Done++
			at = s.At
		}
		if !s.Due.IsZero() && at.After(s.Due) {
			f.Late++
		}
	}
}
