package alerts

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// comments validates an operator's comment: several lines, at most 2000 characters.
func comments(s string, required bool) error {
	if required && strings.TrimSpace(s) == "" {
		return g.FieldErrorf("comment", "say what it was: a comment is needed")
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return g.FieldErrorf("comment", "the comment is not UTF-8 text")
	}
	if n := utf8.RuneCountInString(s); n > 2000 {
		return g.FieldErrorf("comment", "the comment has %d characters; at most 2000 are kept", n)
	}
	return nil
}

// Incidents lists incidents, newest first.
func (v View) Incidents(ctx context.Context, f IncidentFilter) ([]g.Incident, string, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "state", f.State)
	if err := newestFirst(&w, f.Page, "opened", "id"); err != nil {
		return nil, "", err
	}
	out := []g.Incident{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, effect_seq, body_sealed FROM incidents"+w.String()+
			" ORDER BY opened DESC, id DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			i, _, err := v.r.scanIncident(scan)
			out = append(out, i)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list incidents: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(i g.Incident) string {
		return store.Cursor(store.Digits(store.Micros(i.Opened)), string(i.ID))
	})
	return out, next, nil
}

// Incident returns one incident.
func (v View) Incident(ctx context.Context, id g.IncidentID) (g.Incident, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return g.Incident{}, err
	}
	i, _, err := v.r.incident(ctx, v.s.Reg, id)
	if err != nil {
		return g.Incident{}, err
	}
	if err := in.Owns(i.School, "incident", string(id)); err != nil {
		return g.Incident{}, err
	}
	return i, nil
}

// handle changes an incident for an operator; version -1 means any.
func (v View) handle(
	ctx context.Context, p g.Permission, id g.IncidentID, version int, by g.User, deed string,
	change func(i *g.Incident, u g.User, now time.Time) error,
) (g.Incident, error) {
	in, err := v.s.Reach(ctx, p)
	if err != nil {
		return g.Incident{}, err
	}
	var i g.Incident
	err = v.s.Write(ctx, func(t *store.Tx) error {
		var seq uint64
		if i, seq, err = v.r.incident(ctx, t, id); err != nil {
			return err
		}
		if err := in.Owns(i.School, "incident", string(id)); err != nil {
			return err
		}
		if version >= 0 && i.Version != version {
			return g.Errorf(g.Conflict,
				"the incident has changed meanwhile: it is at version %d; look at it again",
				i.Version).At("version")
		}
		u, err := access.Acting(ctx, v.access, t, by)
		if err != nil {
			return err
		}
		if i.State == g.IncidentClosed {
			return g.Errorf(g.Conflict, "the incident is closed")
		}
		if err := change(&i, u, store.Moment(store.Micros(t.Now))); err != nil {
			return err
		}
		if err := v.r.saveIncident(
			ctx,
			t,
			seq,
			i,
			false,
		); err != nil {
			return err
		}
		i.Version++
		return v.s.Audit(
			ctx,
			t,
			i.School,
			deed,
			string(id),
		)
	})
	if err != nil {
		return g.Incident{}, err
	}
	return i, nil
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
	deed := "incident.approve"
	if !approve {
		deed = "incident.refuse"
	}
	return v.handle(ctx, g.IncidentsApprove, id, version, by, deed,
		func(i *g.Incident, u g.User, now time.Time) error {
			h := &i.Handover
			if u.ID == "" || u.Role != h.ApproverRole && u.Role != g.RoleDistrict {
				return g.Errorf(g.Forbidden,
					"only a user with the role %s decides on this hand-over",
					h.ApproverRole)
			}
			if !h.Requested || h.Approval != "waiting" {
				return g.Errorf(g.Conflict, "no hand-over waits for a decision")
			}
			h.By = u.FullName
			h.At = now
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
			return nil
		})
}

// StepDone marks a step of the procedure, counted from 0, as done. It may be called again.
func (v View) StepDone(
	ctx context.Context, id g.IncidentID, step int, by g.User,
) (g.Incident, error) {
	return v.handle(ctx, g.AlertsWrite, id, -1, by, "incident.step",
		func(i *g.Incident, u g.User, now time.Time) error {
			if step < 0 || step >= len(i.Steps) {
				return g.FieldErrorf("step", "the procedure has %d steps, counted from 0",
					len(i.Steps))
			}
			s := &i.Steps[step]
			if s.Done {
				return g.Errorf(g.Conflict, "the step was done by %s already", s.By)
			}
			s.Done = true
			s.By = u.FullName
			s.At = now
			return nil
		})
}

// CloseIncident closes an incident, with a comment. It fails while the hand-over waits for a
// decision.
func (v View) CloseIncident(
	ctx context.Context, id g.IncidentID, version int, by g.User, comment string,
) (g.Incident, error) {
	if err := comments(comment, true); err != nil {
		return g.Incident{}, err
	}
	return v.handle(ctx, g.AlertsWrite, id, version, by, "incident.close",
		func(i *g.Incident, u g.User, now time.Time) error {
			if i.Handover.Approval == "waiting" {
				return g.Errorf(g.Conflict,
					"its hand-over waits for a decision by a user with the role %s",
					i.Handover.ApproverRole)
			}
			i.State, i.Closed = g.IncidentClosed, now
			i.Steps = append(i.Steps, g.IncidentStep{
				Text:   "Closed: " + comment,
				TextZH: "已关闭：" + comment,
				Done:   true,
				By:     u.FullName,
				At:     now,
			})
			return nil
		})
}
