package sessions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MonthFilter selects people of a school and what of their month is asked for.
type MonthFilter struct {
	store.Page
	School g.SchoolID
	Month  string        // YYYY-MM
	Kind   g.SessionKind // of the sessions
	Who    g.PersonKind  // of the people
	Class  string        // "": all
}

// PersonMonth are the answers of a person in a month, with the name and number where the scope may
// read people. The class is the last one in the month.
type PersonMonth struct {
	Person g.PersonID  `json:"person"`
	Name   string      `json:"name"`
	Number string      `json:"number,omitempty"`
	Class  string      `json:"class"`
	Days   []PersonDay `json:"days" nullable:"false"`
	Counts MonthCounts `json:"counts"`
}

// PersonDay are the answers of a person on an operational day, in the order of their sessions. What
// did not concern them is left out.
type PersonDay struct {
	Date   string              `json:"date"`
	States []g.AttendanceState `json:"states" nullable:"false"`
}

// MonthCounts are how many sessions of a month had which answer.
type MonthCounts map[g.AttendanceState]int

// Month are the answers of a school's people to the sessions of a kind in a month, by class, number
// and name.
func (v View) Month(ctx context.Context, f MonthFilter) ([]PersonMonth, string, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, "", err
	}
	if err := in.Owns(f.School, "school", string(f.School)); err != nil {
		return nil, "", err
	}
	m, err := v.month(ctx, f)
	if err != nil {
		return nil, "", err
	}
	rows, next, err := m.page(f)
	if err != nil || len(rows) == 0 {
		return rows, "", err
	}
	return rows, next, m.answers(ctx, v.s.Reg, rows)
}

// MonthMost is the most people of one export.
const MonthMost = 10_000

// ExportMonth is Month of everybody whom the filter selects, at most MonthMost; it is written to the
// audit log.
func (v View) ExportMonth(ctx context.Context, f MonthFilter) ([]PersonMonth, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(f.School, "school", string(f.School)); err != nil {
		return nil, err
	}
	m, err := v.month(ctx, f)
	if err != nil {
		return nil, err
	}
	var all []PersonMonth
	f.Page = store.Page{Limit: store.MaxLimit}
	for {
		rows, next, err := m.page(f)
		if err != nil {
			return nil, err
		}
		if len(all)+len(rows) > MonthMost {
			return nil, g.FieldErrorf("class", "these are more than %d people: export class by class", MonthMost)
		}
		if err := m.answers(ctx, v.s.Reg, rows); err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == "" {
			break
		}
		f.Cursor = next
	}
	return all, v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(ctx, t, f.School, "attendance.export",
			strings.TrimSpace(f.Month+" "+string(f.Kind)+" "+f.Class))
	})
}

// month is what a page of a month is made of.
type month struct {
	first, last g.Date
	begin, end  time.Time
	people      []people.Keyed
	named       bool
	order       map[g.SessionID]int // the sessions of the kind, by their start
}

func (v View) month(ctx context.Context, f MonthFilter) (*month, error) {
	first, err := time.Parse("2006-01", f.Month)
	if err != nil {
		return nil, g.FieldErrorf("month", "%q is no month; write it as YYYY-MM", f.Month)
	}
	school, err := places.SchoolRow(ctx, v.s.Reg, f.School)
	if err != nil {
		return nil, err
	}
	m := &month{
		first: g.DateOf(first),
		last:  g.DateOf(first.AddDate(0, 1, -1)),
		named: v.s.Can(g.PeopleRead),
		order: map[g.SessionID]int{},
	}
	m.begin, _ = m.first.Bounds(school.Location())
	_, m.end = m.last.Bounds(school.Location())
	// a dorm's session of the last day may begin on the next one
	list, err := v.Between(ctx, f.School, m.begin, m.end.Add(12*time.Hour))
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b g.Session) int { return a.Start.Compare(b.Start) })
	for i, s := range list {
		if s.Kind == f.Kind {
			m.order[s.ID] = i
		}
	}
	l, err := people.RollOf(ctx, v.r.people, f.School)
	if err != nil {
		return nil, err
	}
	m.people = l.People
	return m, nil
}

// page are the people of a page, without answers.
func (m *month) page(f MonthFilter) (out []PersonMonth, next string, err error) {
	at, more, err := f.After(1)
	if err != nil {
		return nil, "", err
	}
	begin := 0
	if more {
		begin = slices.IndexFunc(m.people, func(p people.Keyed) bool { return string(p.ID) == at[0] }) + 1
		if begin == 0 {
			return nil, "", g.FieldErrorf("cursor",
				"whom this page ended with is not of the school any more: leave the cursor out to begin again")
		}
	}
	out = []PersonMonth{}
	for i, p := range m.people[begin:] {
		was, of := p.At(m.end.Add(-time.Microsecond))
		went := was.Left > store.Micros(m.begin) && was.Left < store.Micros(m.end)
		if !of && !went || was.Kind != f.Who || f.Class != "" && was.Class != f.Class {
			continue
		}
		if len(out) == f.Size() {
			return out, store.Cursor(string(m.people[begin+i-1].ID)), nil
		}
		row := PersonMonth{
			Person: p.ID,
			Class:  was.Class,
			Days:   []PersonDay{},
			Counts: MonthCounts{},
		}
		if m.named {
			row.Name, row.Number = p.Name, p.Number
		}
		out = append(out, row)
	}
	return out, "", nil
}

// answers adds the answers to the rows.
func (m *month) answers(ctx context.Context, c store.Conn, rows []PersonMonth) error {
	at := make(map[g.PersonID]*PersonMonth, len(rows))
	ids := make([]g.PersonID, len(rows))
	for i := range rows {
		ids[i], at[rows[i].Person] = rows[i].Person, &rows[i]
	}
	for some := range slices.Chunk(ids, store.Chunk) {
		if err := m.read(ctx, c, some, at); err != nil {
			return err
		}
	}
	return nil
}

func (m *month) read(
	ctx context.Context, c store.Conn, some []g.PersonID, rows map[g.PersonID]*PersonMonth,
) error {
	type answer struct {
		session g.SessionID
		state   g.AttendanceState
	}
	day := map[g.PersonID]map[string][]answer{}
	args := append(store.Anys(some), m.first.String(), m.last.String())
	err := store.Each(ctx, c, "SELECT person, date, session, state FROM attendance WHERE person IN ("+
		store.Marks(len(some))+") AND date >= ? AND date <= ?", args,
		func(scan func(...any) error) error {
			var p g.PersonID
			var date string
			var a answer
			if err := scan(&p, &date, &a.session, &a.state); err != nil {
				return err
			}
			if _, of := m.order[a.session]; !of || a.state == g.NotRequired {
				return nil
			}
			if day[p] == nil {
				day[p] = map[string][]answer{}
			}
			day[p][date] = append(day[p][date], a)
			rows[p].Counts[a.state]++
			return nil
		})
	if err != nil {
		return fmt.Errorf("read a month of attendance: %w", err)
	}
	for p, dates := range day {
		for date, list := range dates {
			slices.SortFunc(list, func(a, b answer) int { return m.order[a.session] - m.order[b.session] })
			d := PersonDay{Date: date}
			for _, a := range list {
				d.States = append(d.States, a.state)
			}
			rows[p].Days = append(rows[p].Days, d)
		}
		slices.SortFunc(rows[p].Days, func(a, b PersonDay) int { return strings.Compare(a.Date, b.Date) })
	}
	return nil
}
