package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of collectors.
const (
	MaxCollectors = 20 // of a pupil, that have not ended
	MaxYears      = 10
)

const columns = "SELECT id, school, person, starts, ends, body_sealed FROM collectors"

// Listed is a collector as lists show them: of the telephone and the card the last digits.
type Listed struct {
	g.Collector
	Now bool `json:"now"` // they may collect now
}

func (r *Book) read(ctx context.Context, c store.Conn, rest string, args ...any) ([]g.Collector, error) {
	type row struct {
		g.Collector
		sealed []byte
	}
	var rows []row
	var ids []g.PersonID
	err := store.Each(ctx, c, columns+rest, args, func(scan func(...any) error) error {
		var x row
		var from, to int64
		err := scan(&x.ID, &x.School, &x.Pupil, &from, &to, &x.sealed)
		x.From, x.To = store.Moment(from), store.Moment(to)
		rows, ids = append(rows, x), append(ids, x.Pupil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read who may collect: %w", err)
	}
	whose, err := people.Whose(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	out := []g.Collector{}
	for _, x := range rows {
		p, is := whose[x.Pupil]
		if !is {
			continue // deleted meanwhile
		}
		plain, err := people.UnsealPersonal(r.people, p, x.sealed, "collector "+string(x.ID))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &x.CollectorDetails); err != nil {
			return nil, fmt.Errorf("read who may collect: %w", err)
		}
		out = append(out, x.Collector)
	}
	return out, nil
}

// listed hides most of telephone and card.
func listed(all []g.Collector, now time.Time) []Listed {
	out := make([]Listed, len(all))
	for i, x := range all {
		x.Phone, x.Card = lastOf(x.Phone), lastOf(x.Card)
		out[i] = Listed{
			Collector: x,
			Now:       !now.Before(x.From) && now.Before(x.To),
		}
	}
	return out
}

func lastOf(s string) string {
	if r := []rune(s); len(r) > 4 {
		return "…" + string(r[len(r)-4:])
	}
	return strings.Repeat("…", min(len(s), 1))
}

// Of are the collectors of a pupil whose time is not over, by name.
func (v View) Of(ctx context.Context, pupil g.PersonID) ([]Listed, error) {
	in, err := v.s.Reach(ctx, g.PeopleRead)
	if err != nil {
		return nil, err
	}
	if _, err := people.Person(ctx, v.r.people, v.s.Reg, in, pupil); err != nil {
		return nil, err
	}
	return v.of(ctx, v.s.Reg, pupil)
}

func (v View) of(ctx context.Context, c store.Conn, pupil g.PersonID) ([]Listed, error) {
	now := v.s.Now()
	all, err := v.r.read(ctx, c, " WHERE person = ? AND ends > ? ORDER BY starts, id", string(pupil), store.Micros(now))
	return listed(all, now), err
}

// Add lists somebody who may collect a pupil from a time to a time.
func (v View) Add(ctx context.Context, x g.Collector) (Listed, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return Listed{}, err
	}
	x.Name, x.Relation = strings.TrimSpace(x.Name), strings.TrimSpace(x.Relation)
	x.Phone, x.Card = strings.TrimSpace(x.Phone), strings.TrimSpace(x.Card)
	for _, err := range []error{
		store.Line("name", x.Name, store.MaxName),
		store.Optional("relation", x.Relation, store.MaxLabel),
		store.Optional("phone", x.Phone, store.MaxLabel),
		store.Optional("card", x.Card, store.MaxLabel),
	} {
		if err != nil {
			return Listed{}, err
		}
	}
	x.ID = g.CollectorID(g.NewID("col"))
	x.From, x.To = store.Moment(store.Micros(x.From)), store.Moment(store.Micros(x.To))
	err = v.s.Write(ctx, func(t *store.Tx) error {
		p, err := people.Person(ctx, v.r.people, t, in, x.Pupil)
		if err != nil {
			return err
		}
		switch {
		case p.Kind != g.Student:
			return g.FieldErrorf("pupil", "only pupils are collected")
		case x.From.IsZero() || !x.To.After(x.From):
			return g.FieldErrorf("to", "it ends before it begins: give a later time")
		case !x.To.After(t.Now):
			return g.FieldErrorf("to", "this time is over: give a later one")
		case x.To.After(t.Now.AddDate(MaxYears, 0, 0)):
			return g.FieldErrorf("to", "an entry has at most %d years", MaxYears)
		}
		n := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM collectors WHERE person = ? AND ends > ?", string(x.Pupil),
			store.Micros(t.Now)).Scan(&n); err != nil {
			return fmt.Errorf("count who may collect: %w", err)
		}
		if n >= MaxCollectors {
			return g.Errorf(g.TooLarge, "%d people may collect this pupil, the most that are kept: end some first", n)
		}
		x.School, x.By, x.Added = p.School, v.s.Actor, store.Moment(store.Micros(t.Now))
		b, err := json.Marshal(x.CollectorDetails)
		if err != nil {
			return err
		}
		sealed, err := people.SealPersonal(v.r.people, p, b, "collector "+string(x.ID))
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "INSERT INTO collectors (id, school, person, starts, ends, body_sealed) "+
			"VALUES (?, ?, ?, ?, ?, ?)", string(x.ID), string(x.School), string(x.Pupil), store.Micros(x.From),
			store.Micros(x.To), sealed); err != nil {
			return fmt.Errorf("write who may collect: %w", err)
		}
		t.Change(change.Collector, x.School, string(x.Pupil))
		return v.s.Audit(ctx, t, x.School, "collector.add", string(x.Pupil))
	})
	if err != nil {
		return Listed{}, err
	}
	return listed([]g.Collector{x}, v.s.Now())[0], nil
}

// End ends an entry now.
func (v View) End(ctx context.Context, id g.CollectorID) (Listed, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return Listed{}, err
	}
	var x g.Collector
	err = v.s.Write(ctx, func(t *store.Tx) error {
		all, err := v.r.read(ctx, t, " WHERE id = ?", string(id))
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return store.NotFound("entry", string(id))
		}
		if x = all[0]; !in.Has(x.School) {
			return store.NotFound("entry", string(id))
		}
		if !x.To.After(t.Now) {
			return g.Errorf(g.Conflict, "this entry has ended already")
		}
		x.To = store.Moment(store.Micros(t.Now))
		if _, err := t.Exec(ctx, "UPDATE collectors SET ends = ? WHERE id = ?", store.Micros(x.To),
			string(id)); err != nil {
			return fmt.Errorf("end an entry: %w", err)
		}
		t.Change(change.Collector, x.School, string(x.Pupil))
		return v.s.Audit(ctx, t, x.School, "collector.end", string(x.Pupil))
	})
	if err != nil {
		return Listed{}, err
	}
	return listed([]g.Collector{x}, v.s.Now())[0], nil
}
