package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// AtGate is what whoever stands at the gate must know of a pupil who is to be collected.
type AtGate struct {
	Pupil     g.PersonID     `json:"pupil"`
	Name      string         `json:"name"`
	Class     string         `json:"class"`
	MayLeave  bool           `json:"may_leave"`           // a leave goes on now, or begins within the hour
	LeaveFrom time.Time      `json:"leave_from,omitzero"` // of that leave
	LeaveTo   time.Time      `json:"leave_to,omitzero"`
	Guardians []GuardianName `json:"guardians" nullable:"false"`
	Listed    []Listed       `json:"collectors" nullable:"false"`
	Today     []g.Collected  `json:"handovers" nullable:"false"` // of the last 24 hours, newest first
}

// GuardianName is a guardian of a pupil.
type GuardianName struct {
	ID   g.PersonID `json:"id"`
	Name string     `json:"name"`
}

// Keep is how long a hand-over is kept: a school year.
const Keep = 400 * 24 * time.Hour

// soon is how long before a leave begins a pupil may be collected for it.
const soon = time.Hour

// Gate tells who may collect a pupil and whether they may leave now; for whoever stands at the gate. It is
// audited.
func (v View) Gate(ctx context.Context, pupil g.PersonID) (x AtGate, err error) {
	in, err := v.s.Reach(ctx, g.SightingsWrite)
	if err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		p, err := people.Person(ctx, v.r.people, t, in, pupil)
		if err != nil {
			return err
		}
		x, err = v.gate(ctx, t, p)
		if err != nil {
			return err
		}
		return v.s.Audit(ctx, t, p.School, "person.collect", string(pupil))
	})
	return x, err
}

func (v View) gate(ctx context.Context, t *store.Tx, p people.Keyed) (x AtGate, err error) {
	x = AtGate{
		Pupil:     p.ID,
		Name:      p.Name,
		Class:     p.Class,
		Guardians: []GuardianName{},
	}
	for _, id := range p.Guardian {
		who, err := people.Person(ctx, v.r.people, t, store.Reach{All: true}, id)
		if g.ErrorCode(err) == g.NotFound || err == nil && !who.Left.IsZero() {
			continue
		}
		if err != nil {
			return x, err
		}
		x.Guardians = append(x.Guardians, GuardianName{id, who.Name})
	}
	if x.Listed, err = v.of(ctx, t, p.ID); err != nil {
		return x, err
	}
	system := v.r.s.In(g.SystemScope("collect"))
	leaves, err := v.r.sessions.In(system).LeavesOf(ctx, p.School, []g.PersonID{p.ID}, t.Now, t.Now.Add(soon))
	if err != nil {
		return x, err
	}
	for _, l := range leaves {
		x.MayLeave, x.LeaveFrom, x.LeaveTo = true, l.From, l.To
	}
	x.Today, err = v.r.handovers(ctx, t, " WHERE person = ? AND at > ? ORDER BY at DESC, id LIMIT 20", string(p.ID),
		store.Micros(t.Now.Add(-24*time.Hour)))
	return x, err
}

// HandOver notes that somebody came to the gate for a pupil, and whether the pupil went with them. Who is
// neither listed now nor a guardian is a stranger, of whom it has to be said what was done.
func (v View) HandOver(ctx context.Context, x g.Collected) (g.Collected, error) {
	in, err := v.s.Reach(ctx, g.SightingsWrite)
	if err != nil {
		return x, err
	}
	x.Name, x.Note = strings.TrimSpace(x.Name), strings.TrimSpace(x.Note)
	if err := store.Optional("note", x.Note, store.MaxReason); err != nil {
		return x, err
	}
	x.ID = g.HandoverID(g.NewID("hov"))
	err = v.s.Write(ctx, func(t *store.Tx) error {
		p, err := people.Person(ctx, v.r.people, t, in, x.Pupil)
		if err != nil {
			return err
		}
		at, err := v.gate(ctx, t, p)
		if err != nil {
			return err
		}
		if err := known(&x, at); err != nil {
			return err
		}
		x.School, x.By, x.At = p.School, v.s.Actor, store.Moment(store.Micros(t.Now))
		b, err := json.Marshal(x.CollectedDetails)
		if err != nil {
			return err
		}
		sealed, err := people.SealPersonal(v.r.people, p, b, "handover "+string(x.ID))
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM handovers WHERE at < ?", store.Micros(t.Now.Add(-Keep))); err != nil {
			return fmt.Errorf("delete hand-overs: %w", err)
		}
		due := int64(0)
		if x.Stranger {
			due = store.Micros(t.Now)
		}
		if _, err := t.Exec(ctx, "INSERT INTO handovers (id, school, person, at, due, body_sealed) "+
			"VALUES (?, ?, ?, ?, ?, ?)", string(x.ID), string(x.School), string(x.Pupil), store.Micros(x.At), due,
			sealed); err != nil {
			return fmt.Errorf("write a hand-over: %w", err)
		}
		t.Change(change.Collector, x.School, string(x.Pupil))
		return v.s.Audit(ctx, t, x.School, "collector.handover", string(x.Pupil))
	})
	return x, err
}

// known fills in who came, or says that they are a stranger.
func known(x *g.Collected, at AtGate) error {
	switch {
	case x.Collector != "":
		i := slices.IndexFunc(at.Listed, func(c Listed) bool { return c.ID == x.Collector && c.Now })
		if i < 0 {
			return g.FieldErrorf("collector", "they may not collect now: look at the list again")
		}
		x.Name, x.Guardian = at.Listed[i].Name, ""
	case x.Guardian != "":
		i := slices.IndexFunc(at.Guardians, func(n GuardianName) bool { return n.ID == x.Guardian })
		if i < 0 {
			return g.FieldErrorf("guardian", "they are no guardian of this pupil: look at the list again")
		}
		x.Name = at.Guardians[i].Name
	default:
		if err := store.Line("name", x.Name, store.MaxName); err != nil {
			return err
		}
		if err := store.Line("note", x.Note, store.MaxReason); err != nil {
			return err
		}
		x.Stranger = true
	}
	return nil
}

func (r *Book) handovers(ctx context.Context, c store.Conn, rest string, args ...any) ([]g.Collected, error) {
	type row struct {
		g.Collected
		sealed []byte
	}
	var rows []row
	var ids []g.PersonID
	err := store.Each(ctx, c, "SELECT id, school, person, at, body_sealed FROM handovers"+rest, args,
		func(scan func(...any) error) error {
			var x row
			var at int64
			err := scan(&x.ID, &x.School, &x.Pupil, &at, &x.sealed)
			x.At = store.Moment(at)
			rows, ids = append(rows, x), append(ids, x.Pupil)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read hand-overs: %w", err)
	}
	whose, err := people.Whose(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	out := []g.Collected{}
	for _, x := range rows {
		p, is := whose[x.Pupil]
		if !is {
			continue
		}
		plain, err := people.UnsealPersonal(r.people, p, x.sealed, "handover "+string(x.ID))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &x.CollectedDetails); err != nil {
			return nil, fmt.Errorf("read hand-overs: %w", err)
		}
		out = append(out, x.Collected)
	}
	return out, nil
}

// Strangers are hand-overs whose alert is to be raised, oldest first; only for system scopes.
func (v View) Strangers(ctx context.Context, limit int) ([]g.Collected, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	return v.r.handovers(ctx, v.s.Reg, " WHERE due > 0 ORDER BY due, id LIMIT ?", limit)
}

// Settle notes that the alert of a hand-over was raised; only for system scopes.
func (v View) Settle(ctx context.Context, id g.HandoverID) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "UPDATE handovers SET due = 0 WHERE id = ?", string(id))
		return err
	})
}
