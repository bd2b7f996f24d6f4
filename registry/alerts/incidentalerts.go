package alerts

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/procedures"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Opening is what a person says of an incident that no rule has opened.
type Opening struct {
	School    g.SchoolID
	Title     string // empty: the procedure's, else the first alert's
	TitleZH   string
	Severity  g.Severity // empty: that of the most severe alert, else major
	Procedure g.ProcedureID
	Zone      g.ZoneID // where it is; empty: where its alerts are
	Alerts    []g.AlertID
	Drill     bool
	Comment   string
}

// OpenIncident opens an incident with alerts that are in none, or moves them from another one.
func (v View) OpenIncident(ctx context.Context, o Opening, by g.User) (g.Incident, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Incident{}, err
	}
	if err := v.s.InSchool(ctx, in, o.School); err != nil {
		return g.Incident{}, err
	}
	if err := checkOpening(o); err != nil {
		return g.Incident{}, err
	}
	var f *file
	err = v.s.Write(ctx, func(t *store.Tx) error {
		now := store.Moment(store.Micros(t.Now))
		f = &file{
			Incident: newIncident(g.Incident{
				ID:        g.IncidentID(g.NewID("inc")),
				School:    o.School,
				Title:     o.Title,
				TitleZH:   o.TitleZH,
				Severity:  o.Severity,
				Alerts:    []g.AlertID{},
				Procedure: o.Procedure,
				Zone:      o.Zone,
				Drill:     o.Drill,
				Opened:    now,
			}),
			now: now,
		}
		if f.who, err = access.Acting(ctx, v.access, t, by); err != nil {
			return err
		}
		if err := inSchool(ctx, t, o.School, o.Zone); err != nil {
			return err
		}
		if err := v.fill(ctx, t, in, f, o); err != nil {
			return err
		}
		if err := v.r.saveFile(ctx, t, f); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			f.School,
			"incident.open",
			string(f.ID),
		)
	})
	if err != nil {
		return g.Incident{}, err
	}
	return f.Incident, nil
}

func checkOpening(o Opening) error {
	if err := comments(o.Comment, false); err != nil {
		return err
	}
	if o.Title == "" && o.Procedure == "" && len(o.Alerts) == 0 {
		return g.FieldErrorf("title", "say what it is: a title, a procedure or an alert is needed")
	}
	if o.Severity != "" && !slices.Contains(g.Severities(), o.Severity) {
		return g.FieldErrorf("severity", "%q is no severity; use one of %v", o.Severity,
			g.Severities())
	}
	if err := store.Optional("title", o.Title, 200); err != nil {
		return err
	}
	return store.Optional("title_zh", o.TitleZH, 200)
}

// inSchool refuses a room of another school; none is fine.
func inSchool(ctx context.Context, t *store.Tx, school g.SchoolID, zone g.ZoneID) error {
	if zone == "" {
		return nil
	}
	z, err := places.ZoneRow(ctx, t, zone)
	if g.ErrorCode(err) == g.NotFound || err == nil && z.School != school {
		return g.FieldErrorf("zone", "the school has no room %q", zone)
	}
	return err
}

// fill gives an incident that a person opens its procedure and its alerts.
func (v View) fill(ctx context.Context, t *store.Tx, in store.Reach, f *file, o Opening) error {
	if o.Procedure != "" {
		p, err := procedures.Holds(ctx, t, o.School, o.Procedure)
		if err != nil {
			return err
		}
		if f.Title == "" {
			f.Title, f.TitleZH = p.Title, p.TitleZH
		}
		f.ProcedureVersion, f.ProcedureSchool = p.Version, p.School
		f.Steps = p.Begin(f.now)
	}
	f.note(IncidentEntry{
		What:    g.IncidentBegan,
		Alerts:  o.Alerts,
		Comment: o.Comment,
	})
	severity := f.Severity
	if err := v.takeAlerts(ctx, t, in, f, o.Alerts, o.Comment); err != nil {
		return err
	}
	if severity != "" {
		f.Severity = severity
	}
	if f.Severity == "" {
		f.Severity = g.Major
	}
	return nil
}

// takeAlerts moves alerts into an incident: out of the one that each was in.
func (v View) takeAlerts(
	ctx context.Context, t *store.Tx, in store.Reach, f *file, ids []g.AlertID, comment string,
) error {
	if len(f.Alerts)+len(ids) > MaxIncidentAlerts {
		return g.FieldErrorf("add", "an incident has at most %d alerts", MaxIncidentAlerts)
	}
	from := map[g.IncidentID][]g.AlertID{}
	var order []g.IncidentID
	for _, id := range ids {
		var was g.IncidentID
		_, err := v.answerIn(ctx, t, in, id, AnyVersion, f.who, func(l *life) error {
			switch {
			case l.School != f.School:
				return store.NotFound("alert", string(id))
			case l.Drill != f.Drill:
				return g.FieldErrorf("add",
					"the alert %q belongs to a drill and the incident does not, or the other way "+
						"round: they are kept apart", id)
			}
			was = l.Incident
			l.Incident = f.ID
			if f.Title == "" {
				f.Title, f.TitleZH = l.Title, l.TitleZH
			}
			if f.Severity == "" || l.Severity.AtLeast(f.Severity) {
				f.Severity = l.Severity
			}
			if was != f.ID {
				l.note(Entry{
					What:     WasGathered,
					Incident: f.ID,
					Comment:  comment,
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if was != "" && was != f.ID {
			if from[was] == nil {
				order = append(order, was)
			}
			from[was] = append(from[was], id)
		}
	}
	f.Alerts = withAlerts(f.Alerts, ids)
	for _, id := range order {
		if err := v.lose(ctx, t, f, id, from[id]); err != nil {
			return err
		}
	}
	return nil
}

// lose takes alerts, which another incident takes, out of an incident.
func (v View) lose(
	ctx context.Context, t *store.Tx, to *file, id g.IncidentID, ids []g.AlertID,
) error {
	i, seq, err := v.r.incident(ctx, t, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	f := &file{
		Incident: i,
		seq:      seq,
		who:      to.who,
		now:      to.now,
	}
	f.Alerts = without(f.Alerts, ids)
	f.note(IncidentEntry{
		What:   g.IncidentTaken,
		Alerts: ids,
		Other:  to.ID,
	})
	return v.r.saveFile(ctx, t, f)
}

func without(ids, less []g.AlertID) []g.AlertID {
	return slices.DeleteFunc(slices.Clone(ids), func(id g.AlertID) bool {
		return slices.Contains(less, id)
	})
}

// MoveAlerts adds alerts to an incident, each out of the incident that it was in, and takes others
// out of it. To undo it, move them back.
func (v View) MoveAlerts(
	ctx context.Context, id g.IncidentID, version int, by g.User, add, remove []g.AlertID,
	comment string,
) (g.Incident, error) {
	if err := comments(comment, false); err != nil {
		return g.Incident{}, err
	}
	if len(add)+len(remove) == 0 {
		return g.Incident{}, g.FieldErrorf("add", "name alerts to add or to remove")
	}
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.alerts",
		closed:  true,
	}, func(ctx context.Context, t *store.Tx, f *file) error {
		if f.MergedInto != "" {
			return g.Errorf(g.Conflict, "the incident was merged into another one: separate it")
		}
		for _, one := range remove {
			if !slices.Contains(f.Alerts, one) || slices.Contains(add, one) {
				return g.FieldErrorf("remove", "the alert %q is not in the incident", one)
			}
		}
		if len(add) > 0 {
			if err := v.takeAlerts(ctx, t, in, f, add, comment); err != nil {
				return err
			}
			f.note(IncidentEntry{
				What:    g.IncidentAdded,
				Alerts:  add,
				Comment: comment,
			})
		}
		if len(remove) == 0 {
			return nil
		}
		f.Alerts = without(f.Alerts, remove)
		f.note(IncidentEntry{
			What:    g.IncidentTaken,
			Alerts:  remove,
			Comment: comment,
		})
		return v.point(ctx, t, in, f, remove, "", comment)
	})
}

// point says of alerts in which incident they are now; those that are gone are passed over.
func (v View) point(
	ctx context.Context, t *store.Tx, in store.Reach, f *file, ids []g.AlertID, to g.IncidentID,
	comment string,
) error {
	for _, id := range ids {
		_, err := v.answerIn(ctx, t, in, id, AnyVersion, f.who, func(l *life) error {
			l.Incident = to
			what := WasTakenOut
			if to != "" {
				what = WasGathered
			}
			l.note(Entry{
				What:     what,
				Incident: to,
				Comment:  comment,
			})
			return nil
		})
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
	}
	return nil
}

// MergeIncident merges an incident into another one of the school, which takes its alerts; the
// first is closed. To undo it, separate it.
func (v View) MergeIncident(
	ctx context.Context, id g.IncidentID, version int, by g.User, into g.IncidentID,
	comment string,
) (g.Incident, error) {
	if err := comments(comment, false); err != nil {
		return g.Incident{}, err
	}
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.merge",
	}, func(ctx context.Context, t *store.Tx, f *file) error {
		to, err := v.openFile(ctx, t, in, into)
		if err != nil {
			return err
		}
		to.who = f.who
		switch {
		case to.ID == f.ID || to.School != f.School:
			return g.FieldErrorf("into", "choose another incident of the same school")
		case to.Drill != f.Drill:
			return g.FieldErrorf("into", "a drill and what is none are kept apart")
		case to.State == g.IncidentClosed:
			return g.Errorf(g.Conflict, "the incident is closed").At("into")
		case f.Handover.Approval == "waiting":
			return g.Errorf(g.Conflict,
				"its hand-over waits for a decision by a user with the role %s",
				f.Handover.ApproverRole)
		case len(to.Alerts)+len(f.Alerts) > MaxIncidentAlerts:
			return g.FieldErrorf("into", "an incident has at most %d alerts", MaxIncidentAlerts)
		}
		if err := v.point(ctx, t, in, f, f.Alerts, to.ID, comment); err != nil {
			return err
		}
		to.Alerts = withAlerts(to.Alerts, f.Alerts)
		if f.Severity.AtLeast(to.Severity) {
			to.Severity = f.Severity
		}
		to.note(IncidentEntry{
			What:    g.IncidentTookIn,
			Alerts:  f.Alerts,
			Other:   f.ID,
			Comment: comment,
		})
		f.State, f.Outcome, f.MergedInto = g.IncidentClosed, g.OutcomeMerged, to.ID
		f.Closed, f.ClosedBy, f.Conclusion = f.now, f.who.FullName, comment
		f.note(IncidentEntry{
			What:    g.IncidentMerged,
			Other:   to.ID,
			Comment: comment,
		})
		return v.r.saveFile(ctx, t, to)
	})
}

// SeparateIncident undoes a merger: the incident is open again and gets those of its alerts back
// that are still in the incident that took it in.
func (v View) SeparateIncident(
	ctx context.Context, id g.IncidentID, version int, by g.User, comment string,
) (g.Incident, error) {
	if err := comments(comment, false); err != nil {
		return g.Incident{}, err
	}
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.separate",
		closed:  true,
	}, func(ctx context.Context, t *store.Tx, f *file) error {
		if f.MergedInto == "" {
			return g.Errorf(g.Conflict, "the incident was not merged into another one")
		}
		from, err := v.openFile(ctx, t, in, f.MergedInto)
		if err != nil {
			return err
		}
		from.who = f.who
		var back []g.AlertID
		for _, one := range f.Alerts {
			if slices.Contains(from.Alerts, one) {
				back = append(back, one)
			}
		}
		if err := v.point(ctx, t, in, f, back, f.ID, comment); err != nil {
			return err
		}
		f.Alerts = withAlerts([]g.AlertID{}, back)
		f.State, f.Outcome, f.MergedInto = g.IncidentOpen, "", ""
		f.Closed, f.ClosedBy, f.Conclusion = time.Time{}, "", ""
		f.note(IncidentEntry{
			What:    g.IncidentSeparated,
			Other:   from.ID,
			Alerts:  back,
			Comment: comment,
		})
		from.Alerts = without(from.Alerts, back)
		from.note(IncidentEntry{
			What:    g.IncidentGaveBack,
			Other:   f.ID,
			Alerts:  back,
			Comment: comment,
		})
		return v.r.saveFile(ctx, t, from)
	})
}
