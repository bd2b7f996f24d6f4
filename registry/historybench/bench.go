package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// bench creates the district, loads its history, writes more and reads.
func bench(ctx context.Context, o options, s shape) (r report, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	ro := registry.Options{MasterKey: key}
	where := ""
	if o.engine == "sqlite" {
		if where, err = os.MkdirTemp(o.dir, "historybench"); err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(where)) }()
		ro.Dir = where
	} else {
		dsn, drop, serr := schema(ctx, o.dsn)
		if serr != nil {
			return r, serr
		}
		defer func() { err = errors.Join(err, drop()) }()
		where, ro.Postgres = dsn, dsn
	}
	reg, err := registry.Open(ctx, ro)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()

	p := s.part(o.rows)
	begun := time.Now()
	if err := p.enrol(ctx, reg.In(g.SystemScope("historybench"))); err != nil {
		return r, fmt.Errorf("make the district: %w", err)
	}
	o.say("%s: %d schools and %d students in %.1f s", o.engine, s.schools, s.students,
		time.Since(begun).Seconds())
	r = report{
		Engine:     o.engine,
		Rows:       o.rows,
		Days:       p.days,
		IndexTimes: map[string]float64{},
	}
	if err := load(ctx, o, p, where, &r); err != nil {
		return r, err
	}
	if err := write(ctx, o, p, reg, &r); err != nil {
		return r, fmt.Errorf("write: %w", err)
	}
	if err := read(ctx, o, p, reg, &r); err != nil {
		return r, fmt.Errorf("read: %w", err)
	}
	return r, nil
}

// schema creates an empty schema and returns a DSN that uses it.
func schema(ctx context.Context, dsn string) (string, func() error, error) {
	name := strings.ToLower(g.NewID("historybench"))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return "", nil, err
	}
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make a schema: %w", err), db.Close())
	}
	drop := func() error {
		_, err := db.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+name+" CASCADE")
		return errors.Join(err, db.Close())
	}
	sep := " "
	if strings.Contains(dsn, "://") {
		sep = "?"
		if strings.Contains(dsn, "?") {
			sep = "&"
		}
	}
	return dsn + sep + "search_path=" + name, drop, nil
}

const top g.SchoolID = "district"

// enrol creates the district's schools, and their students by imports.
func (p *part) enrol(ctx context.Context, v *registry.View) error {
	if _, err := v.Places.CreateSchool(ctx, g.School{
		ID:       top,
		Kind:     g.KindDistrict,
		Name:     "District",
		Timezone: "Asia/Shanghai",
		Language: "en",
	}); err != nil {
		return err
	}
	p.people = make([]g.PersonID, 0, p.students)
	for school := range p.schools {
		id := schoolID(school)
		if _, err := v.Places.CreateSchool(ctx, g.School{
			ID:       id,
			Parent:   top,
			Kind:     g.KindSchool,
			Name:     fmt.Sprintf("School %d", school),
			Timezone: "Asia/Shanghai",
			Language: "en",
		}); err != nil {
			return err
		}
		var csv strings.Builder
		csv.WriteString("kind,number,name,class\n")
		for i := len(p.people); i < p.students && p.schoolOf[i] == school; i++ {
			fmt.Fprintf(&csv, "student,%d,Student %d,%d-1\n", i, i, 7+i%3)
		}
		rep, err := v.People.Import(ctx, id, strings.NewReader(csv.String()), false)
		if err != nil {
			return err
		}
		if rep.Errors > 0 {
			return fmt.Errorf("%d students of %s were not taken", rep.Errors, id)
		}
		for page := (registry.Page{Limit: 1000}); ; {
			rows, next, err := v.People.List(ctx, people.Filter{
				Page:   page,
				School: id,
			})
			if err != nil {
				return err
			}
			for _, row := range rows {
				p.people = append(p.people, row.ID)
			}
			if page.Cursor = next; next == "" {
				break
			}
		}
	}
	if len(p.people) != p.students {
		return fmt.Errorf("%d students are enrolled, not %d", len(p.people), p.students)
	}
	return nil
}

// write continues after the load as the gateway writes: with all indexes and fsync.
func write(ctx context.Context, o options, p *part, reg *registry.Registry, r *report) error {
	const batches, each = 40, 500
	v, begun, i := reg.In(g.SystemScope("historybench")), time.Now(), p.rows
	for range batches {
		events := make([]g.Event, each)
		for k := range events {
			events[k] = p.event(i)
			events[k].Time = events[k].Time.AddDate(1, 0, 0) // a day that no query covers
			i++
		}
		if err := v.History.Apply(ctx, events); err != nil {
			return err
		}
	}
	r.WriteRate = batches * each / time.Since(begun).Seconds()
	o.say("%.1f GB, %.0f bytes a sighting; %.0f/s more through ApplyHistory, %d at a time",
		float64(r.Bytes)/1e9, float64(r.Bytes)/float64(p.rows), r.WriteRate, each)
	return nil
}

// read queries the days of students and devices of randomly chosen sightings (so busy devices are
// more frequent), once to warm the caches and once to measure.
func read(ctx context.Context, o options, p *part, reg *registry.Registry, r *report) error {
	v := reg.In(g.Scope{
		School:      top,
		Subtree:     true,
		Actor:       "historybench",
		Reason:      "the history is measured",
		Permissions: []g.Permission{g.SightingsRead, g.PeopleRead},
	})
	chance := randv2.New(randv2.NewPCG(1, 2))
	for _, kind := range []string{"student", "device"} {
		days := make([]history.SightingFilter, o.queries)
		for i := range days {
			s := p.sighting(chance.IntN(p.rows))
			for kind == "student" && s.student < 0 {
				s = p.sighting(chance.IntN(p.rows))
			}
			f := history.SightingFilter{
				Page: registry.Page{Limit: 1000},
				From: p.shape.days[s.day],
				To:   p.shape.days[s.day].AddDate(0, 0, 1),
			}
			if kind == "student" {
				f.Person = p.people[s.student]
			} else {
				f.Device = deviceID(s.device)
			}
			days[i] = f
		}
		first, _, err := pass(ctx, v, days)
		if err != nil {
			return err
		}
		warm, rows, err := pass(ctx, v, days)
		if err != nil {
			return err
		}
		r.Lines = append(r.Lines, line{
			Name:    fmt.Sprintf("history-%s-day-%s-%s", kind, o.engine, short(o.rows)),
			Ours:    at(warm, 95),
			P50:     at(warm, 50),
			P99:     at(warm, 99),
			First:   at(first, 95),
			Answers: len(days),
			Rows:    float64(rows) / float64(len(days)),
			Bar:     fmt.Sprintf("%d ms", bar.Milliseconds()),
			Held:    at(warm, 95) < float64(bar.Milliseconds()),
		})
	}
	return nil
}

// pass reads each day to its last page. An empty result is an error: every day has a sighting.
func pass(
	ctx context.Context, v *registry.View, days []history.SightingFilter,
) (took []time.Duration, rows int, err error) {
	for _, f := range days {
		begun, n := time.Now(), 0
		for {
			page, next, err := v.History.Sightings(ctx, f)
			if err != nil {
				return nil, 0, err
			}
			n += len(page)
			if f.Cursor = next; next == "" {
				break
			}
		}
		took = append(took, time.Since(begun))
		if n == 0 {
			return nil, 0, fmt.Errorf("nothing of %s%s on %s", f.Person, f.Device,
				f.From.Format(time.DateOnly))
		}
		rows += n
	}
	slices.Sort(took)
	return took, rows, nil
}

// at is a percentile of sorted times, in milliseconds.
func at(sorted []time.Duration, percent int) float64 {
	i := min((len(sorted)*percent+99)/100, len(sorted)) - 1
	return float64(sorted[max(i, 0)].Microseconds()) / 1000
}

func short(n int) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n >= 1000:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}
