package history

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// OccurrenceFilter selects occurrences of devices, newest first.
type OccurrenceFilter struct {
	store.Page
	School   g.SchoolID
	Device   g.DeviceID
	Zone     g.ZoneID
	Kind     g.OccurrenceKind
	From, To time.Time // From inclusive, To exclusive
}

// OccurrenceRow is an occurrence of a device. Name and Profile are the device's present ones; empty
// if the device is gone.
type OccurrenceRow struct {
	Seq      uint64             `json:"seq"`
	ID       g.OccurrenceID     `json:"id"`
	School   g.SchoolID         `json:"school"`
	Device   g.DeviceID         `json:"device"`
	Name     string             `json:"name,omitempty"`
	Profile  g.ProfileID        `json:"profile,omitempty"`
	Zone     g.ZoneID           `json:"zone,omitempty"`
	Kind     g.OccurrenceKind   `json:"kind"`
	Data     map[string]g.Value `json:"data,omitempty"`
	Time     time.Time          `json:"time"`
	Received time.Time          `json:"received"`
	Replayed bool               `json:"replayed,omitempty"`
	// replayed only because of its age: its device reported it as new
	Late bool `json:"late,omitempty"`
}

const insertOccurrence = "INSERT INTO occurrences (seq, id, school, device, zone, kind, data, " +
	"time, received, replayed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"

// recordOccurrence inserts an occurrence; one with a stored ID is ignored.
func recordOccurrence(ctx context.Context, insert *store.Stmt, e g.Event) error {
	o, data := e.Occurrence, ""
	if len(o.Data) > 0 {
		b, err := json.Marshal(o.Data)
		if err != nil {
			return err
		}
		data = string(b)
	}
	id := o.ID
	if id == "" {
		id = g.OccurrenceID("occ_" + store.Digits(e.Seq)) // an event from before ids were given
	}
	_, err := insert.Exec(ctx, int64(e.Seq), string(id), string(e.School), string(e.Device),
		string(e.Zone), string(o.Kind), data, store.Micros(e.Time), store.Micros(e.Received),
		history(e))
	return err
}

const occurrenceColumns = "seq, id, school, device, zone, kind, data, time, received, replayed"

func scanOccurrence(scan func(...any) error) (row OccurrenceRow, err error) {
	var at, received, replayed int64
	var data []byte
	if err := scan(&row.Seq, &row.ID, &row.School, &row.Device, &row.Zone, &row.Kind, &data, &at,
		&received, &replayed); err != nil {
		return row, err
	}
	row.Time, row.Received = store.Moment(at), store.Moment(received)
	row.Replayed, row.Late = replayed != 0, replayed == late
	return row, store.FromJSON(data, &row.Data)
}

// Occurrences lists occurrences of devices, newest first.
func (v View) Occurrences(
	ctx context.Context, f OccurrenceFilter,
) ([]OccurrenceRow, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	school := "school"
	if f.Device != "" {
		school = "school || ''" // keeps the planner off the school index
	}
	if err := in.Within(&w, school, f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "device", f.Device)
	store.Eq(&w, "zone", f.Zone)
	store.Eq(&w, "kind", f.Kind)
	between(&w, "time", f.From, f.To)
	if err := fallingTimes(&w, f.Page); err != nil {
		return nil, "", err
	}
	out := []OccurrenceRow{}
	err = store.Each(ctx, v.s.Hist,
		"SELECT "+occurrenceColumns+" FROM occurrences"+w.String()+
			" ORDER BY time DESC, seq DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			row, err := scanOccurrence(scan)
			out = append(out, row)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list occurrences: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(row OccurrenceRow) string {
		return store.Cursor(store.Digits(store.Micros(row.Time)), store.Digits(row.Seq))
	})
	return out, next, v.nameOccurrences(ctx, out)
}

// nameOccurrences adds the devices' names and profiles, but not of a device that has moved to
// another school.
func (v View) nameOccurrences(ctx context.Context, rows []OccurrenceRow) error {
	var ids []g.DeviceID
	asked := map[g.DeviceID]bool{}
	for _, row := range rows {
		if !asked[row.Device] {
			asked[row.Device] = true
			ids = append(ids, row.Device)
		}
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		if d := devices[rows[i].Device]; d.School == rows[i].School {
			rows[i].Name, rows[i].Profile = d.Name, d.Profile
		}
	}
	return nil
}

// fallingTimes adds the cursor condition of a list in descending order of time and sequence.
func fallingTimes(w *store.Where, p store.Page) error {
	at, ok, err := p.After(2)
	if err != nil || !ok {
		return err
	}
	us, err := store.Number(at[0])
	if err != nil {
		return err
	}
	seq, err := store.Number(at[1])
	if err != nil {
		return err
	}
	w.And("(time < ? OR (time = ? AND seq < ?))", us, us, seq)
	return nil
}
