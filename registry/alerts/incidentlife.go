package alerts

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// incidentDeed is what a person does to an incident.
type incidentDeed struct {
	perm    g.Permission
	id      g.IncidentID
	version int // that the person saw, or AnyVersion
	by      g.User
	name    string // in the audit log
	closed  bool   // it is done to closed incidents too
}

// handle changes an incident for an operator: in scope, at the version that the operator saw, with
// the event, the log and the audit entry in the same transaction.
func (v View) handle(
	ctx context.Context, d incidentDeed,
	change func(ctx context.Context, t *store.Tx, f *file) error,
) (g.Incident, error) {
	in, err := v.s.Reach(ctx, d.perm)
	if err != nil {
		return g.Incident{}, err
	}
	var f *file
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if f, err = v.openFile(ctx, t, in, d.id); err != nil {
			return err
		}
		if d.version != AnyVersion && f.Version != d.version {
			return g.Errorf(g.Conflict,
				"the incident has changed meanwhile: it is at version %d; look at it again",
				f.Version).At("version")
		}
		if f.who, err = access.Acting(ctx, v.access, t, d.by); err != nil {
			return err
		}
		if f.State == g.IncidentClosed && !d.closed {
			return g.Errorf(g.Conflict, "the incident is closed")
		}
		if err := change(ctx, t, f); err != nil {
			return err
		}
		if err := v.r.saveFile(ctx, t, f); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			f.School,
			d.name,
			string(d.id),
		)
	})
	if err != nil {
		return g.Incident{}, err
	}
	return f.Incident, nil
}

// openFile reads an incident in scope, to change it.
func (v View) openFile(
	ctx context.Context, t *store.Tx, in store.Reach, id g.IncidentID,
) (*file, error) {
	i, seq, err := v.r.incident(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(i.School, "incident", string(id)); err != nil {
		return nil, err
	}
	return &file{
		Incident: i,
		seq:      seq,
		now:      store.Moment(store.Micros(t.Now)),
	}, nil
}

// ApproveHandover approves or refuses an incident's hand-over to the police. It requires the role
// that the incident names, or a district admin, and can be decided once. While the link is off
// nothing is sent, and the note says so.
func (v View) ApproveHandover(
	ctx context.Context, id g.IncidentID, version int, by g.User, approve bool, comment string,
) (g.Incident, error) {
	if err := comments(comment, !approve); err != nil {
		return g.Incident{}, err
	}
	d := incidentDeed{
		perm:    g.IncidentsApprove,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.approve",
	}
	what := g.IncidentApproved
	if !approve {
		d.name, what = "incident.refuse", g.IncidentRefused
	}
	return v.handle(ctx, d, func(_ context.Context, _ *store.Tx, f *file) error {
		h := &f.Handover
		if f.who.ID == "" || f.who.Role != h.ApproverRole && f.who.Role != g.RoleDistrict {
			return g.Errorf(g.Forbidden,
				"only a user with the role %s decides on this hand-over",
				h.ApproverRole)
		}
		if !h.Requested || h.Approval != "waiting" {
			return g.Errorf(g.Conflict, "no hand-over waits for a decision")
		}
		h.By = f.who.FullName
		h.At = f.now
		h.Comment = comment
		h.Sent = false
		switch {
		case !approve:
			h.Approval, h.Note = "refused", "the hand-over was refused: nothing was sent"
		case h.Link != "on":
			h.Approval, h.Note = "approved", linkOff
		default:
			h.Approval, h.Note = "approved", "approved: it is sent as soon as the police link "+
				"takes it"
		}
		f.note(IncidentEntry{
			What:    what,
			Comment: comment,
		})
		return nil
	})
}

// firingOf is of how many alerts the condition holds.
func firingOf(ctx context.Context, t *store.Tx, ids []g.AlertID) (n int, err error) {
	for part := range slices.Chunk(ids, store.Chunk) {
		one := 0
		err := t.Row(ctx, "SELECT COUNT(*) FROM alerts WHERE firing > 0 AND id IN ("+
			store.Marks(len(part))+")", store.Anys(part)...).Scan(&one)
		if err != nil {
			return 0, fmt.Errorf("count what still holds: %w", err)
		}
		n += one
	}
	return n, nil
}

// Contain says that an open incident spreads no further. The log says of how many of its alerts the
// condition held then.
func (v View) Contain(
	ctx context.Context, id g.IncidentID, version int, by g.User, comment string,
) (g.Incident, error) {
	if err := comments(comment, false); err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.contain",
	}, func(ctx context.Context, t *store.Tx, f *file) error {
		if f.State != g.IncidentOpen {
			return g.Errorf(g.Conflict, "the incident is %s already", f.State)
		}
		still, err := firingOf(ctx, t, f.Alerts)
		if err != nil {
			return err
		}
		f.State = g.IncidentContained
		f.Contained, f.ContainedBy = f.now, f.who.FullName
		f.note(IncidentEntry{
			What:    g.IncidentHeld,
			Comment: comment,
			Firing:  still,
		})
		return nil
	})
}

// CloseIncident closes an incident with what it turned out to be; an empty outcome is not known.
// It fails while the hand-over waits for a decision.
func (v View) CloseIncident(
	ctx context.Context, id g.IncidentID, version int, by g.User, outcome g.IncidentOutcome,
	comment string,
) (g.Incident, error) {
	if err := comments(comment, true); err != nil {
		return g.Incident{}, err
	}
	known := slices.Contains(g.IncidentOutcomes(), outcome) && outcome != g.OutcomeMerged
	if outcome != "" && !known {
		return g.Incident{}, g.FieldErrorf("outcome", "%q is no outcome; use one of %v", outcome,
			[]g.IncidentOutcome{g.OutcomeReal, g.OutcomeFalseAlarm, g.OutcomeFault, g.OutcomeDrill})
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.close",
	}, func(ctx context.Context, t *store.Tx, f *file) error {
		if f.Handover.Approval == "waiting" {
			return g.Errorf(g.Conflict,
				"its hand-over waits for a decision by a user with the role %s",
				f.Handover.ApproverRole)
		}
		if f.Drill && outcome != "" && outcome != g.OutcomeDrill {
			return g.FieldErrorf("outcome", "the incident is a drill, and ends as one")
		}
		still, err := firingOf(ctx, t, f.Alerts)
		if err != nil {
			return err
		}
		f.State = g.IncidentClosed
		f.Closed, f.ClosedBy = f.now, f.who.FullName
		f.Outcome, f.Conclusion = outcome, comment
		if f.Drill {
			f.Outcome = g.OutcomeDrill
		}
		f.note(IncidentEntry{
			What:    g.IncidentOver,
			Comment: comment,
			Outcome: f.Outcome,
			Firing:  still,
		})
		return nil
	})
}

// ReopenIncident opens an incident that is contained or closed.
func (v View) ReopenIncident(
	ctx context.Context, id g.IncidentID, version int, by g.User, comment string,
) (g.Incident, error) {
	if err := comments(comment, false); err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: version,
		by:      by,
		name:    "incident.reopen",
		closed:  true,
	}, func(_ context.Context, _ *store.Tx, f *file) error {
		switch {
		case f.State == g.IncidentOpen:
			return g.Errorf(g.Conflict, "the incident is open already")
		case f.MergedInto != "":
			return g.Errorf(g.Conflict, "the incident was merged into another one: separate it")
		}
		f.reopen(f.now)
		f.note(IncidentEntry{
			What:    g.IncidentAgain,
			Comment: comment,
		})
		return nil
	})
}

// NoteIncident adds a note to the log; to that of a closed one too.
func (v View) NoteIncident(
	ctx context.Context, id g.IncidentID, by g.User, comment string,
) (g.Incident, error) {
	if err := comments(comment, true); err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: AnyVersion,
		by:      by,
		name:    "incident.note",
		closed:  true,
	}, func(_ context.Context, _ *store.Tx, f *file) error {
		f.note(IncidentEntry{
			What:    g.IncidentNoted,
			Comment: comment,
		})
		return nil
	})
}
