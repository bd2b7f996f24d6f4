package timetable

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Imported is what PutMany does, or would do.
type Imported struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
	Ended   int `json:"ended"`
}

// PutMany writes many patterns of a school at once, all or none, and ends others from a day on; with
// look it only says what it would do. A pattern that is kept as it is stays; what is kept and has
// begun changes from today on, since days that are over stay as they were. It forgets patterns that
// ended long ago.
func (v View) PutMany(
	ctx context.Context, school g.SchoolID, all []g.SessionPattern, ends []g.SessionPatternID, from g.Date, look bool,
) (n Imported, err error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return n, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return n, err
	}
	if len(all) > MaxPatterns {
		return n, g.Errorf(g.TooLarge, "a school keeps at most %d of these: delete one before", MaxPatterns)
	}
	if err := v.checkMany(ctx, school, all); err != nil {
		return n, err
	}
	if look {
		old, err := v.Patterns(ctx, school)
		if err != nil {
			return n, err
		}
		return plan(byID(old), all, ends, from).n, nil
	}
	err = v.s.Write(store.Patient(ctx), func(t *store.Tx) error {
		n, err = v.putMany(ctx, t, school, all, ends, from)
		return err
	})
	return n, err
}

// checkMany checks each pattern; rooms and people once.
func (v View) checkMany(ctx context.Context, school g.SchoolID, all []g.SessionPattern) error {
	var zones []g.ZoneID
	var persons []g.PersonID
	for i := range all {
		all[i].School = school
		x := all[i]
		zones, persons = append(zones, x.Zones...), append(persons, x.Persons...)
		x.Zones, x.Persons = nil, nil
		if err := v.checkPattern(ctx, x); err != nil {
			return fmt.Errorf("patterns[%d]: %w", i, err)
		}
	}
	slices.Sort(zones)
	if err := v.zones(ctx, school, slices.Compact(zones)); err != nil {
		return err
	}
	return v.persons(ctx, school, persons)
}

// planned is what is written.
type planned struct {
	n      Imported
	puts   []g.SessionPattern
	ends   []g.SessionPattern // the last versions
	forget []g.SessionPatternID
}

func byID(all []g.SessionPattern) map[g.SessionPatternID][]g.SessionPattern {
	out := map[g.SessionPatternID][]g.SessionPattern{}
	for _, p := range all {
		out[p.ID] = append(out[p.ID], p)
	}
	return out
}

// plan compares patterns with those that are kept; day is the first on which changes hold.
func plan(
	kept map[g.SessionPatternID][]g.SessionPattern, all []g.SessionPattern, ends []g.SessionPatternID, day g.Date,
) (out planned) {
	for _, x := range all {
		rows := kept[x.ID]
		if len(rows) == 0 {
			out.n.New++
			out.puts = append(out.puts, x)
			continue
		}
		last := rows[len(rows)-1]
		x.From, x.Version = max(x.From, day.String()), last.Version+1
		if same(last, x) {
			out.n.Same++
			continue
		}
		out.n.Changed++
		out.puts = append(out.puts, x)
	}
	for _, id := range ends {
		rows := kept[id]
		if len(rows) == 0 {
			continue
		}
		last := rows[len(rows)-1]
		if last.Ended() || last.To != "" && last.To < day.String() {
			continue
		}
		out.n.Ended++
		out.ends = append(out.ends, last)
	}
	for id, rows := range kept {
		if last := rows[len(rows)-1]; last.To != "" && last.To < day.Add(-keepDays).String() {
			out.forget = append(out.forget, id)
		}
	}
	return out
}

// same says whether a version that is kept says already what x would from its first day on.
func same(last, x g.SessionPattern) bool {
	if last.Ended() || last.From > x.From {
		return false
	}
	last.Version, last.From, last.By, last.Said = x.Version, x.From, x.By, x.Said
	a, err1 := json.Marshal(last)
	b, err2 := json.Marshal(x)
	return err1 == nil && err2 == nil && string(a) == string(b)
}

func (v View) putMany(
	ctx context.Context, t *store.Tx, school g.SchoolID, all []g.SessionPattern, ends []g.SessionPatternID, from g.Date,
) (Imported, error) {
	today, err := v.today(ctx, t, school)
	if err != nil {
		return Imported{}, err
	}
	day := from
	if day.Until(today) > 0 {
		day = today
	}
	old := []g.SessionPattern{}
	err = store.Each(ctx, t, "SELECT body FROM session_patterns WHERE school = ? ORDER BY id, version",
		[]any{string(school)}, func(scan func(...any) error) error {
			x, err := body[g.SessionPattern](scan)
			old = append(old, x)
			return err
		})
	if err != nil {
		return Imported{}, fmt.Errorf("read patterns: %w", err)
	}
	p := plan(byID(old), all, ends, day)
	for _, x := range p.puts {
		x.Version = max(x.Version, 1)
		if err := v.write(ctx, t, &x); err != nil {
			return Imported{}, err
		}
	}
	for _, x := range p.ends {
		if err := v.end(ctx, t, day, x); err != nil {
			return Imported{}, err
		}
	}
	for _, id := range p.forget {
		if _, err := t.Exec(ctx, "DELETE FROM session_patterns WHERE id = ?", string(id)); err != nil {
			return Imported{}, fmt.Errorf("forget pattern: %w", err)
		}
	}
	if err := v.room(ctx, t, school); err != nil {
		return Imported{}, err
	}
	t.Change(change.Timetable, school, "")
	return p.n, v.s.AuditChanges(ctx, t, school, "timetable.import", string(school), nil, p.n)
}
