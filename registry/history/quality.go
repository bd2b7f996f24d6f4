package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// QualityTurn is what the data-quality reader has counted since its last turn, with the journal
// position and the reader's state.
type QualityTurn struct {
	Turn  uint64 // one more than the previous turn
	Seq   uint64
	Rows  []g.Quality
	State map[int][]byte // changed shards of the state

	// Judge returns the findings about a row as bits in the order of [g.QualityKinds], and their
	// weight: 100 for each that makes the data bad, 1 for each worth a look.
	Judge func(g.Quality) (kinds, weight int64)
}

// QualityFilter selects rows of the report; empty fields select all. Days are YYYY-MM-DD, both
// inclusive.
type QualityFilter struct {
	store.Page
	School   g.SchoolID
	Device   g.DeviceID
	From, To string
	Level    g.QualityLevel // this or worse
	Kind     g.QualityKind
}

// QualityRow is the row of a device and a day, with the device's name unless it was deleted.
type QualityRow struct {
	g.Quality
	Name  string         `json:"name,omitempty"`
	Level g.QualityLevel `json:"level"`
}

// QualityDay sums up a school's devices on a day: how many reported, are worth a look or bad, the
// number for each finding, and the totals of the counts.
type QualityDay struct {
	School       g.SchoolID            `json:"school"`
	Day          string                `json:"day"`
	Devices      int64                 `json:"devices"`
	Look         int64                 `json:"look"`
	Bad          int64                 `json:"bad"`
	Kinds        map[g.QualityKind]int `json:"kinds"`
	Observations int64                 `json:"observations"`
	Replayed     int64                 `json:"replayed"`
	Late         int64                 `json:"late"`
	Duplicates   int64                 `json:"duplicates"`
	Unknown      int64                 `json:"unknown"`
	Strangers    int64                 `json:"strangers"`
	Rejected     int64                 `json:"rejected"`
	ClockRefused int64                 `json:"clock_refused"`
	Gaps         int64                 `json:"gaps"`
	GapSeconds   int64                 `json:"gap_seconds"`
}

const (
	badWeight    = 100
	qualityChunk = 100 // rows in one statement

	qualityCounts = "observations, sightings, replayed, late, duplicates, unknown, strangers, " +
		"rejected, clock_refused, gaps, gap_seconds, clock_count, clock_min, clock_max, clock_bins"
	qualityColumns = "school, day, device, weight, kinds, " + qualityCounts
)

// QualityState is the data-quality reader's stored turn, position and state; zeros if there is
// none. Only for system scopes.
func (v View) QualityState(ctx context.Context) (turn, seq uint64, state [][]byte, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, 0, nil, err
	}
	err = v.s.Hist.Row(ctx, "SELECT turn, seq FROM quality_reader WHERE id = 1").Scan(&turn, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil, nil
	}
	if err == nil {
		err = store.Each(ctx, v.s.Hist, "SELECT state FROM quality_state ORDER BY shard", nil,
			func(scan func(...any) error) error {
				var b []byte
				err := scan(&b)
				state = append(state, b)
				return err
			})
	}
	if err != nil {
		return 0, 0, nil, fmt.Errorf("read where the data-quality report is: %w", err)
	}
	return turn, seq, state, nil
}

// ApplyQuality adds a turn to the report, in one transaction with its journal position; only for
// system scopes. A turn that was applied before changes nothing, so each event is counted exactly
// once.
func (v View) ApplyQuality(ctx context.Context, q QualityTurn) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	_, err := v.s.Hist.Write(ctx, v.s.Now, func(t *store.Tx) error {
		var kept uint64
		err := t.Row(ctx, "SELECT turn FROM quality_reader WHERE id = 1").Scan(&kept)
		if err != nil && !errors.Is(err, sql.ErrNoRows) || kept >= q.Turn {
			return err
		}
		if err := addQuality(ctx, t, q); err != nil {
			return err
		}
		for shard, b := range q.State {
			if _, err := t.Exec(ctx,
				"INSERT INTO quality_state (shard, state) VALUES (?, ?) ON CONFLICT (shard) DO "+
					"UPDATE SET state = excluded.state",
				shard, b); err != nil {
				return err
			}
		}
		_, err = t.Exec(ctx,
			"INSERT INTO quality_reader (id, seq, turn) VALUES (1, ?, ?) ON CONFLICT (id) DO "+
				"UPDATE SET seq = excluded.seq, turn = excluded.turn",
			int64(q.Seq), int64(q.Turn))
		return err
	})
	if err != nil {
		return fmt.Errorf("write the data-quality report: %w", err)
	}
	return nil
}

// addQuality reads the existing rows, adds the new counts, judges and writes them.
func addQuality(ctx context.Context, t *store.Tx, q QualityTurn) error {
	for rows := q.Rows; len(rows) > 0; {
		n := 1 // of one school and day
		for n < min(len(rows), qualityChunk) && rows[n].School == rows[0].School &&
			rows[n].Day == rows[0].Day {
			n++
		}
		part := rows[:n]
		rows = rows[n:]
		old, err := readQuality(ctx, t, part)
		if err != nil {
			return err
		}
		var values []byte
		args := make([]any, 0, 3*n)
		for _, add := range part {
			row := old[add.Device]
			row.School, row.Day, row.Device = add.School, add.Day, add.Device
			row.Add(add)
			kinds, weight := q.Judge(row)
			args = append(args, string(row.School), row.Day, string(row.Device))
			values = appendQuality(values, row, kinds, weight)
		}
		if _, err := t.Exec(ctx, upsertQuality+string(values[1:])+qualityConflict(), args...); err != nil {
			return err
		}
	}
	return nil
}

// appendQuality appends a row of VALUES after a comma. Numbers are literals, since SQLite's driver
// is slower the more parameters there are.
func appendQuality(b []byte, r g.Quality, kinds, weight int64) []byte {
	b = append(b, ",(?,?,?"...)
	for _, n := range [...]int64{
		weight, kinds, r.Observations, r.Sightings, r.Replayed, r.Late, r.Duplicates,
		r.Unknown, r.Strangers, r.Rejected, r.ClockRefused, r.Gaps, r.GapSeconds,
		r.Clock.Count, r.Clock.Min, r.Clock.Max,
	} {
		b = strconv.AppendInt(append(b, ','), n, 10)
	}
	b = append(b, ",'"...)
	for i, n := range r.Clock.Bins {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return append(b, "')"...)
}

// readQuality reads the existing rows of some devices of one school on one day.
func readQuality(
	ctx context.Context, t *store.Tx, rows []g.Quality,
) (map[g.DeviceID]g.Quality, error) {
	args := make([]any, 0, 2+len(rows))
	args = append(args, string(rows[0].School), rows[0].Day)
	for _, r := range rows {
		args = append(args, string(r.Device))
	}
	out := make(map[g.DeviceID]g.Quality, len(rows))
	err := store.Each(ctx, t,
		"SELECT "+qualityColumns+" FROM quality WHERE school = ? AND day = ? AND device IN ("+
			store.Marks(len(rows))+")",
		args, func(scan func(...any) error) error {
			r, _, err := scanQuality(scan)
			out[r.Device] = r.Quality
			return err
		})
	return out, err
}

const upsertQuality = "INSERT INTO quality (" + qualityColumns + ") VALUES "

func qualityConflict() string {
	set := []string{"weight = excluded.weight", "kinds = excluded.kinds"}
	for c := range strings.SplitSeq(qualityCounts, ", ") {
		set = append(set, c+" = excluded."+c)
	}
	return " ON CONFLICT (school, day, device) DO UPDATE SET " + strings.Join(set, ", ")
}

func scanQuality(scan func(...any) error) (r QualityRow, weight int64, err error) {
	var bins string
	var kinds int64
	c := &r.Clock
	if err := scan(&r.School, &r.Day, &r.Device, &weight, &kinds, &r.Observations, &r.Sightings,
		&r.Replayed, &r.Late, &r.Duplicates, &r.Unknown, &r.Strangers,
		&r.Rejected, &r.ClockRefused, &r.Gaps, &r.GapSeconds, &c.Count, &c.Min, &c.Max,
		&bins); err != nil {
		return r, 0, err
	}
	r.Level = g.QualityGood
	switch {
	case weight >= badWeight:
		r.Level = g.QualityBad
	case weight > 0:
		r.Level = g.QualityLook
	}
	for text := range strings.FieldsSeq(bins) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, 0, fmt.Errorf("clock bins of %s: %w", r.Device, err)
		}
		c.Bins = append(c.Bins, n)
	}
	return r, weight, nil
}

// where is the condition of a query of the report.
func (f QualityFilter) where(in store.Reach) (w store.Where, err error) {
	if err := in.Within(&w, "school", f.School); err != nil {
		return w, err
	}
	store.Eq(&w, "device", f.Device)
	for _, d := range []struct{ field, cond, day string }{
		{"from", "day >= ?", f.From},
		{"to", "day <= ?", f.To},
	} {
		if d.day == "" {
			continue
		}
		if _, err := g.ParseDate(d.day); err != nil {
			return w, g.FieldErrorf(d.field, "%v", err)
		}
		w.And(d.cond, d.day)
	}
	switch f.Level {
	case "", g.QualityGood:
	case g.QualityLook:
		w.And("weight > 0")
	case g.QualityBad:
		w.And("weight >= ?", badWeight)
	default:
		return w, g.FieldErrorf("level", "%q is no level; use one of %v", f.Level,
			g.QualityLevels())
	}
	if f.Kind != "" {
		bit := kindBit(f.Kind)
		if bit == 0 {
			return w, g.FieldErrorf("kind", "%q is no kind of finding; use one of %v", f.Kind,
				g.QualityKinds())
		}
		w.And("kinds / ? % 2 = 1", bit)
	}
	return w, nil
}

func kindBit(k g.QualityKind) int64 {
	for i, x := range g.QualityKinds() {
		if x == k {
			return 1 << i
		}
	}
	return 0
}

// QualityDays sums the report up by school and day, sorted by bad devices, devices worth a look,
// and missing time, all descending. It returns all rows, so callers should limit the days.
func (v View) QualityDays(ctx context.Context, f QualityFilter) ([]QualityDay, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, err
	}
	w, err := f.where(in)
	if err != nil {
		return nil, err
	}
	q := "SELECT school, day, COUNT(*), SUM(CASE WHEN weight > 0 AND weight < ? THEN 1 ELSE 0 " +
		"END), SUM(CASE WHEN weight >= ? THEN 1 ELSE 0 END), SUM(observations), SUM(replayed), " +
		"SUM(late), SUM(duplicates), SUM(unknown), SUM(strangers), SUM(rejected), " +
		"SUM(clock_refused), SUM(gaps), SUM(gap_seconds)"
	kinds := g.QualityKinds()
	args := []any{badWeight, badWeight}
	for _, k := range kinds {
		q += ", SUM(kinds / " + store.Digits(kindBit(k)) + " % 2)"
	}
	q += " FROM quality" + w.String() +
		" GROUP BY school, day ORDER BY 5 DESC, 4 DESC, 15 DESC, day DESC, school"
	out := []QualityDay{}
	err = store.Each(ctx, v.s.Hist, q, append(args, w.Args...),
		func(scan func(...any) error) error {
			var d QualityDay
			found := make([]int, len(kinds))
			into := []any{
				&d.School, &d.Day, &d.Devices, &d.Look, &d.Bad, &d.Observations, &d.Replayed,
				&d.Late, &d.Duplicates, &d.Unknown, &d.Strangers, &d.Rejected, &d.ClockRefused,
				&d.Gaps, &d.GapSeconds,
			}
			for i := range found {
				into = append(into, &found[i])
			}
			if err := scan(into...); err != nil {
				return err
			}
			d.Kinds = map[g.QualityKind]int{}
			for i, n := range found {
				if n > 0 {
					d.Kinds[kinds[i]] = n
				}
			}
			out = append(out, d)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("sum up the data-quality report: %w", err)
	}
	return out, nil
}

// Quality lists devices by day, worst first. The order changes every minute: a walk keeps the one
// in which it began.
func (v View) Quality(ctx context.Context, f QualityFilter) ([]QualityRow, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, "", err
	}
	w, err := f.where(in)
	if err != nil {
		return nil, "", err
	}
	order, err := v.qualityOrder(ctx, w)
	if err != nil {
		return nil, "", err
	}
	page, next, err := store.Walk(v.s.Walks, order, f.Page, func(k qualityKey) string {
		return k.day + " " + string(k.school) + " " + string(k.device)
	})
	if err != nil {
		return nil, "", err
	}
	out, err := v.qualityRows(ctx, page)
	if err != nil {
		return nil, "", err
	}
	return out, next, v.nameDevices(ctx, out)
}

// maxQualityRows is the most rows that are sorted.
const maxQualityRows = 100_000

// qualityKey identifies a row of the report.
type qualityKey struct {
	day    string
	school g.SchoolID
	device g.DeviceID
}

// qualityOrder returns the keys of the selected rows, worst first.
func (v View) qualityOrder(ctx context.Context, w store.Where) ([]qualityKey, error) {
	var keys []qualityKey
	q := "SELECT day, school, device FROM quality" + w.String() +
		" ORDER BY weight DESC, gap_seconds DESC, day DESC, school, device LIMIT ?"
	err := store.Each(ctx, v.s.Hist, q, append(w.Args, maxQualityRows+1),
		func(scan func(...any) error) error {
			var k qualityKey
			err := scan(&k.day, &k.school, &k.device)
			keys = append(keys, k)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list the data-quality report: %w", err)
	}
	if len(keys) > maxQualityRows {
		return nil, g.FieldErrorf("from",
			"more than %d rows: ask for fewer days, for one school, or with level for the bad "+
				"ones only",
			maxQualityRows)
	}
	return keys, nil
}

// qualityRows reads the rows of keys, in order. Deleted rows are left out.
func (v View) qualityRows(ctx context.Context, keys []qualityKey) ([]QualityRow, error) {
	found := make(map[qualityKey]QualityRow, len(keys))
	for part := range slices.Chunk(keys, store.Chunk/3) {
		args := make([]any, 0, 3*len(part))
		for _, k := range part {
			args = append(args, string(k.school), k.day, string(k.device))
		}
		q := "SELECT " + qualityColumns + " FROM quality WHERE (school, day, device) IN (VALUES " +
			strings.TrimSuffix(strings.Repeat("(?,?,?),", len(part)), ",") + ")"
		err := store.Each(ctx, v.s.Hist, q, args, func(scan func(...any) error) error {
			r, _, err := scanQuality(scan)
			found[qualityKey{r.Day, r.School, r.Device}] = r
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the data-quality report: %w", err)
		}
	}
	out := []QualityRow{}
	for _, k := range keys {
		if r, ok := found[k]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// nameDevices sets the names of devices, except of those that have moved to another school.
func (v View) nameDevices(ctx context.Context, rows []QualityRow) error {
	ids := make([]g.DeviceID, len(rows))
	for i, r := range rows {
		ids[i] = r.Device
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		if d, ok := devices[rows[i].Device]; ok && d.School == rows[i].School {
			rows[i].Name = d.Name
		}
	}
	return nil
}

// SightingSeqs maps sighting IDs to their sequences in the history, the first of each. Only for
// system scopes.
func (v View) SightingSeqs(
	ctx context.Context, ids []g.SightingID,
) (map[g.SightingID]uint64, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := make(map[g.SightingID]uint64, len(ids))
	for len(ids) > 0 {
		part := ids[:min(store.Chunk, len(ids))]
		ids = ids[len(part):]
		err := store.Each(ctx, v.s.Hist,
			"SELECT id, seq FROM sightings WHERE id IN ("+store.Marks(len(part))+")",
			store.Anys(part), func(scan func(...any) error) error {
				var id g.SightingID
				var seq uint64
				err := scan(&id, &seq)
				out[id] = seq
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("look for sightings: %w", err)
		}
	}
	return out, nil
}
