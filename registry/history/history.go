package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Apply writes sightings, status changes, occurrences and rejections, in one transaction; only for
// system scopes. It ignores sequences that are stored already, and sightings and occurrences that a
// device repeats under the same ID.
func (v View) Apply(ctx context.Context, events []g.Event) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	wanted := false
	for _, e := range events {
		wanted = wanted || e.Sighting != nil || e.Status != nil || e.Rejection != nil ||
			e.Occurrence != nil
	}
	if !wanted {
		return nil
	}
	_, err := v.s.Hist.Write(ctx, v.s.Now, func(t *store.Tx) error {
		var stmts [5]*store.Stmt
		for i, q := range []string{
			"INSERT INTO sightings (seq, id, school, device, zone, person, method, direction, " +
				"time, received, match, media, replayed, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, " +
				"?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			"INSERT INTO statuses (seq, school, device, time, state, reason, causes) VALUES (?, " +
				"?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			"INSERT INTO rejections (seq, school, device, time, reason, source, excerpt, " +
				"properties, partial, sealed, code, clock, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?, " +
				"?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			"UPDATE sightings SET person = ?, sealed = NULL, resolved = ? WHERE id = ? AND " +
				"person = ''",
			insertOccurrence,
		} {
			s, err := t.Prepare(ctx, q)
			if err != nil {
				return err
			}
			defer s.Close()
			stmts[i] = s
		}
		for _, e := range events {
			if e.Status != nil {
				if again, err := told(ctx, t, e); err != nil || again {
					if err != nil {
						return err
					}
					continue
				}
			}
			if err := record(ctx, stmts, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func record(ctx context.Context, stmts [5]*store.Stmt, e g.Event) error {
	var err error
	switch {
	case e.Sighting != nil:
		s, match := e.Sighting, ""
		if s.Match != nil {
			b, err := json.Marshal(s.Match)
			if err != nil {
				return err
			}
			match = string(b)
		}
		zone := s.Zone
		if zone == "" {
			zone = e.Zone
		}
		id := s.ID
		if id == "" {
			id = g.SightingID("sgt_" + store.Digits(e.Seq)) // from before sightings had IDs
		}
		var added int64
		added, err = stmts[0].Exec(ctx, int64(e.Seq), string(id), string(e.School),
			string(e.Device), string(zone), string(s.Person), string(s.Method),
			string(s.Direction),
			store.Micros(e.Time), store.Micros(e.Received), match, string(s.Media), history(e),
			optionalBytes(s.Sealed))
		if err == nil && added == 0 && s.Person != "" { // repeated, and resolved now
			_, err = stmts[3].Exec(ctx, string(s.Person), store.Micros(e.Received), string(id))
		}
	case e.Status != nil:
		_, err = stmts[1].Exec(ctx, int64(e.Seq), string(e.School), string(e.Device),
			store.Micros(e.Time), string(e.Status.State), store.Clean(e.Status.Reason),
			fleet.CausesJSON(e.Status.Causes))
	case e.Rejection != nil:
		_, err = stmts[2].Exec(ctx, int64(e.Seq), string(e.School), string(e.Device),
			store.Micros(e.Received), store.Clean(e.Rejection.Reason),
			store.Clean(e.Rejection.Source), store.Clean(e.Rejection.Excerpt),
			strings.Join(e.Rejection.Properties, "\n"), store.Flag(e.Rejection.Partial),
			optionalBytes(e.Rejection.Sealed), string(e.Rejection.Code),
			store.Micros(e.Rejection.Clock), optionalBytes(e.Rejection.Said))
	case e.Occurrence != nil:
		err = recordOccurrence(ctx, stmts[4], e)
	}
	return err
}

// late is the stored value for a sighting that was history for its age only.
const late = 2

func history(e g.Event) int64 {
	if e.Late {
		return late
	}
	return store.Flag(e.Replayed)
}

const sightingColumns = "seq, id, school, device, zone, person, method, direction, time, " +
	"received, match, media, replayed, resolved"

func scanSighting(scan func(...any) error) (s SightingRow, err error) {
	var at, received, replayed, resolved int64
	var match []byte
	if err := scan(&s.Seq, &s.ID, &s.School, &s.Device, &s.Zone, &s.Person, &s.Method,
		&s.Direction, &at, &received, &match, &s.Media, &replayed, &resolved); err != nil {
		return s, err
	}
	s.Time, s.Received = store.Moment(at), store.Moment(received)
	s.Replayed, s.Late = replayed != 0, replayed == late
	if resolved != 0 {
		s.Resolved = store.Moment(resolved)
	}
	return s, store.FromJSON(match, &s.Match)
}

// Sightings lists sightings, newest first. A reason is required for one person's, and for
// everybody's that are older than RunningDay; without one the list ends there.
func (v View) Sightings(ctx context.Context, f SightingFilter) ([]SightingRow, string, error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return nil, "", err
	}
	if err := people.Traced(
		ctx,
		v.people,
		in,
		f.Person,
		"person.sightings",
	); err != nil {
		return nil, "", err
	}
	if err := v.bounded(&f); err != nil {
		return nil, "", err
	}
	var w store.Where
	school := "school"
	if f.Person != "" || f.Device != "" {
		// keeps the planner off the school index: the person's or the device's is more selective
		school = "school || ''"
	}
	if err := in.Within(&w, school, f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "device", f.Device)
	store.Eq(&w, "person", f.Person)
	store.Eq(&w, "zone", f.Zone)
	if f.Unknown {
		w.And("person = ''")
	}
	between(&w, "time", f.From, f.To)
	if err := fallingTimes(&w, f.Page); err != nil {
		return nil, "", err
	}
	out := []SightingRow{}
	err = store.Each(ctx, v.s.Hist,
		"SELECT "+sightingColumns+" FROM sightings"+w.String()+
			" ORDER BY time DESC, seq DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			s, err := scanSighting(scan)
			out = append(out, s)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list sightings: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(s SightingRow) string {
		return store.Cursor(store.Digits(store.Micros(s.Time)), store.Digits(s.Seq))
	})
	if err := v.lookedBack(ctx, f, out); err != nil {
		return nil, "", err
	}
	var ids []g.PersonID
	for _, s := range out {
		if s.Person != "" {
			ids = append(ids, s.Person)
		}
	}
	names, err := people.Named(ctx, v.people, ids)
	if err != nil {
		return nil, "", err
	}
	for i := range out {
		out[i].Name = names[out[i].Person]
	}
	return out, next, nil
}

// between adds from <= col < to, for those that are set.
func between(w *store.Where, col string, from, to time.Time) {
	if !from.IsZero() {
		w.And(col+" >= ?", store.Micros(from))
	}
	if !to.IsZero() {
		w.And(col+" < ?", store.Micros(to))
	}
}

// SightingsBetween are the school's sightings with from <= time < to, oldest first, of the given
// persons, or of everybody including unknown ones if persons is empty. It returns all of them,
// without names, for computing attendance.
func (v View) SightingsBetween(
	ctx context.Context, school g.SchoolID, from, to time.Time, persons []g.PersonID,
) ([]SightingRow, error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	var base store.Where
	base.And("school = ?", string(school))
	between(&base, "time", from, to)
	out := []SightingRow{}
	read := func(w store.Where) error {
		return store.Each(ctx, v.s.Hist,
			"SELECT "+sightingColumns+" FROM sightings"+w.String()+" ORDER BY time, seq", w.Args,
			func(scan func(...any) error) error {
				s, err := scanSighting(scan)
				out = append(out, s)
				return err
			})
	}
	// for many persons, one scan by time is cheaper than a search for each
	if len(persons) == 0 || len(persons) > store.Chunk {
		if err := read(base); err != nil {
			return nil, fmt.Errorf("read sightings: %w", err)
		}
		return ofPersons(out, persons), nil
	}
	// without the school, by which an engine would read everybody's
	var few store.Where
	between(&few, "time", from, to)
	few.And("person IN ("+store.Marks(len(persons))+")", store.Anys(persons)...)
	if err := read(few); err != nil {
		return nil, fmt.Errorf("read sightings: %w", err)
	}
	return slices.DeleteFunc(out, func(r SightingRow) bool { return r.School != school }), nil
}

func ofPersons(rows []SightingRow, persons []g.PersonID) []SightingRow {
	if len(persons) == 0 {
		return rows
	}
	want := make(map[g.PersonID]bool, len(persons))
	for _, p := range persons {
		want[p] = true
	}
	kept := rows[:0]
	for _, s := range rows {
		if want[s.Person] {
			kept = append(kept, s)
		}
	}
	return kept
}

// Rejections lists rejected observations, newest first. Those without a known device are shown to
// the gateway's top school.
func (v View) Rejections(ctx context.Context, f RejectionFilter) ([]RejectionRow, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, "", err
	}
	top, err := v.s.Top(ctx, in)
	if err != nil {
		return nil, "", err
	}
	if top && !in.All && f.School == "" {
		in.Schools = append(in.Schools, "")
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "device", f.Device)
	if err := store.Falling(&w, f.Page, "seq"); err != nil {
		return nil, "", err
	}
	out := []RejectionRow{}
	err = store.Each(ctx, v.s.Hist,
		"SELECT seq, school, device, time, reason, source, excerpt, properties, partial, "+
			"COALESCE(LENGTH(sealed), 0), code, clock, said FROM rejections"+
			w.String()+" ORDER BY seq DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			var row RejectionRow
			var at, clock int64
			var properties string
			err := scan(&row.Seq, &row.School, &row.Device, &at, &row.Reason, &row.Source,
				&row.Excerpt, &properties, &row.Partial, &row.Kept, &row.Code, &clock, &row.Said)
			row.Kept = max(row.Kept-sealing, 0)
			row.Time, row.Clock = store.Moment(at), store.Moment(clock)
			if properties != "" {
				row.Properties = strings.Split(properties, "\n")
			}
			out = append(out, row)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list rejections: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(row RejectionRow) string {
		return store.Cursor(store.Digits(row.Seq))
	})
	return out, next, nil
}

// StatusLog lists a device's state changes, newest first.
func (v View) StatusLog(
	ctx context.Context, device g.DeviceID, p store.Page,
) ([]StatusRow, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", ""); err != nil {
		return nil, "", err
	}
	w.And("device = ?", string(device))
	if err := store.Falling(&w, p, "seq"); err != nil {
		return nil, "", err
	}
	out := []StatusRow{}
	err = store.Each(ctx, v.s.Hist,
		"SELECT seq, device, time, state, reason, causes FROM statuses"+w.String()+
			" ORDER BY seq DESC LIMIT ?",
		append(w.Args, p.Size()+1), func(scan func(...any) error) error {
			var row StatusRow
			var at int64
			var causes []byte
			if err := scan(
				&row.Seq,
				&row.Device,
				&at,
				&row.State,
				&row.Reason,
				&causes,
			); err != nil {
				return err
			}
			row.Time = store.Moment(at)
			out = append(out, row)
			return store.FromJSON(causes, &out[len(out)-1].Causes)
		})
	if err != nil {
		return nil, "", fmt.Errorf("list the device's states: %w", err)
	}
	out, next := store.Cut(out, p.Size(), func(row StatusRow) string {
		return store.Cursor(store.Digits(row.Seq))
	})
	return out, next, nil
}

// told reports whether the log has an event about a device's silence already: after a crash the
// gateway may journal such an event again.
func told(ctx context.Context, t *store.Tx, e g.Event) (bool, error) {
	if !e.OfSilence() {
		return false, nil
	}
	n := 0
	err := t.Row(ctx,
		"SELECT COUNT(*) FROM statuses WHERE device = ? AND time = ? AND state = ? AND reason = ?",
		string(e.Device), store.Micros(e.Time), string(e.Status.State),
		store.Clean(e.Status.Reason)).Scan(&n)
	return n > 0, err
}
