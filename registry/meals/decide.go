package meals

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Keep is how many days what was given is kept: as long as a till may be away and still be told that
// a meal which it gave was the second.
const Keep = 7

// Question is one meal that somebody wants at a till.
type Question struct {
	ID       g.SightingID // the same where the question is repeated
	School   g.SchoolID
	Device   g.DeviceID
	Driver   g.DriverName
	Zone     g.Zone
	Method   g.Method
	Person   g.PersonID   // "": nobody's credential
	Refused  g.ReasonCode // why the credential does not count; "": it does
	At       time.Time
	Override string // why staff serve them whatever the answer is
	Served   bool   // it was given already
}

// Verdict is what the till is told.
type Verdict struct {
	Allow   bool
	Why     g.ReasonCode // why not, or why there was a no that staff passed over
	Serving g.Serving
}

// Decide decides about one meal and keeps it if it is given; only for system scopes. A repeated
// question has the first answer, for [Keep] days.
func (v View) Decide(ctx context.Context, q Question) (Verdict, error) {
	if err := v.s.OnlySystem(); err != nil {
		return Verdict{}, err
	}
	school, err := places.SchoolRow(ctx, v.s.Reg, q.School)
	if err != nil {
		return Verdict{}, err
	}
	who, err := people.Known(ctx, v.people, q.School, q.Person)
	if err != nil {
		return Verdict{}, err
	}
	all, err := v.sessions.Between(ctx, q.School, q.At, q.At.Add(time.Microsecond))
	if err != nil {
		return Verdict{}, err
	}
	d := deciding{
		View: v,
		q:    q,
		who:  who,
		meal: sitting(all, q.Zone, who.Person),
		day:  q.At.In(school.Location()).Format(time.DateOnly),
		why:  q.Refused,
	}
	if d.meal.ID != "" {
		d.day = d.meal.Start.In(school.Location()).Format(time.DateOnly)
	}
	if err := d.entitle(ctx); err != nil {
		return Verdict{}, err
	}
	return d.decide(ctx)
}

// sitting is the session of the meal that is served at a place: one that expects the person before
// any other, one at the place before one elsewhere. The zero Session stands for no meal.
func sitting(all []g.Session, z g.Zone, p g.Person) (best g.Session) {
	score := -1
	for _, s := range all {
		n := 0
		switch {
		case s.Kind != g.SessionMeal:
			continue
		case slices.Contains(s.Zones, z.ID), slices.Contains(s.ZoneKinds, z.Kind),
			len(s.Zones)+len(s.ZoneKinds) == 0 && z.Kind == s.Kind.UsualZone():
			n = 1
		}
		if s.Expects(p.ID, p.Kind, p.Class, p.Boarder) {
			n += 2
		}
		if n > score {
			best, score = s, n
		}
	}
	return best
}

// deciding is one question on its way.
type deciding struct {
	View
	q    Question
	who  people.Keyed // zero: nobody
	meal g.Session    // zero: none is served
	day  string
	why  g.ReasonCode
	out  Verdict
}

// entitle finds out what is to be shown, and whether it is one of the person's meals.
func (d *deciding) entitle(ctx context.Context) error {
	d.out.Serving = g.Serving{
		Meal:   d.meal.Name,
		MealZH: d.meal.NameZH,
		Name:   d.who.Name,
		Class:  d.who.Class,
	}
	if d.who.ID == "" {
		return nil
	}
	diet, err := d.diet(ctx, d.s.Reg, d.who)
	if err != nil {
		return err
	}
	d.out.Serving.Note = diet.Note
	if d.why != "" {
		return nil
	}
	may, err := d.may(ctx, d.s.Reg, d.who, diet, d.meal.Name)
	switch {
	case err != nil:
		return err
	case d.meal.ID == "":
		d.why = g.ReasonNoMeal
	case !may:
		d.why = g.ReasonMealNotTheir
	}
	return nil
}

// decide answers from what stands, and writes only what is given.
func (d *deciding) decide(ctx context.Context) (Verdict, error) {
	if d.why != "" && d.q.Override == "" && !d.q.Served {
		return d.refuse(ctx, d.s.Reg)
	}
	err := d.s.Write(ctx, func(t *store.Tx) error {
		given, err := d.given(ctx, t)
		if err != nil || given {
			return err
		}
		had, err := d.before(ctx, t)
		if err != nil {
			return err
		}
		if had && d.q.Override == "" && !d.q.Served {
			return nil
		}
		d.out.Allow = true
		return d.give(ctx, t, had || d.who.ID == "" || d.meal.ID == "")
	})
	d.out.Why = d.why
	return d.out, err
}

// refuse says no, unless the question is one that was answered with yes.
func (d *deciding) refuse(ctx context.Context, c store.Conn) (Verdict, error) {
	given, err := d.given(ctx, c)
	if err == nil && !given {
		_, err = d.before(ctx, c)
	}
	d.out.Why = d.why
	return d.out, err
}

// given tells whether this very question was answered with yes.
func (d *deciding) given(ctx context.Context, c store.Conn) (bool, error) {
	var n int
	err := c.Row(ctx, "SELECT COUNT(*) FROM meals WHERE school = ? AND day = ? AND id = ?",
		string(d.q.School), d.day, string(d.q.ID)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read a meal: %w", err)
	}
	if n > 0 {
		d.out.Allow, d.why = true, ""
	}
	return n > 0, nil
}

// before tells whether the person had this meal today, and notes when.
func (d *deciding) before(ctx context.Context, c store.Conn) (bool, error) {
	if d.who.ID == "" || d.meal.ID == "" {
		return false, nil
	}
	var at int64
	err := c.Row(ctx, "SELECT at FROM meals WHERE day = ? AND meal = ? AND person = ? AND again = 0",
		d.day, d.meal.Name, string(d.who.ID)).Scan(&at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read a meal: %w", err)
	}
	d.out.Serving.Before = store.Moment(at)
	if d.why == "" {
		d.why = g.ReasonMealEaten
	}
	return true, nil
}

// give keeps a meal and, of somebody known, sends the sighting that attendance is computed from.
func (d *deciding) give(ctx context.Context, t *store.Tx, again bool) error {
	_, err := t.Exec(ctx, "DELETE FROM meals WHERE school = ? AND day < ?", string(d.q.School),
		t.Now.AddDate(0, 0, -Keep).Format(time.DateOnly))
	if err != nil {
		return fmt.Errorf("delete old meals: %w", err)
	}
	keys, err := d.s.Vault.School(ctx, t, d.q.School)
	if err != nil {
		return err
	}
	var person any
	if d.who.ID != "" {
		person = string(d.who.ID)
	}
	var said []byte
	if d.anyway() {
		said = store.Seal(keys.Kept, []byte(d.q.Override), "meal "+string(d.q.ID))
	}
	_, err = t.Exec(ctx, "INSERT INTO meals (school, day, meal, id, person, again, offline, at, device, "+
		"why_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		string(d.q.School), d.day, d.meal.Name, string(d.q.ID), person, store.Flag(again),
		store.Flag(d.q.Served), store.Micros(d.q.At), string(d.q.Device), said)
	if err != nil {
		return fmt.Errorf("keep a meal: %w", err)
	}
	if d.who.ID == "" {
		return nil
	}
	return d.r.s.Send(ctx, t, d.seen(t.Now.UTC()))
}

// anyway tells whether staff passed over a no; a reason that was not needed is none.
func (d *deciding) anyway() bool { return d.q.Override != "" && d.why != "" }

// seen is the event of the person at the till. Staff who serve somebody although the answer was no
// vouch for them.
func (d *deciding) seen(now time.Time) g.Event {
	s := g.Sighting{
		ID:     d.q.ID,
		Method: d.q.Method,
		Zone:   d.q.Zone.ID,
		Person: d.who.ID,
	}
	if d.anyway() {
		s.Method = g.ByManual
	}
	return g.Event{
		ID:       "evt_meal_" + string(d.q.ID) + "_" + d.day,
		Kind:     g.EventSighting,
		School:   d.q.School,
		Device:   d.q.Device,
		Zone:     d.q.Zone.ID,
		Driver:   d.q.Driver,
		Time:     d.q.At,
		Received: now,
		Replayed: now.Sub(d.q.At) > g.MaxLive,
		Sighting: &s,
	}
}
