package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// SetDesired sets the desired value of a writable property in the twin, and publishes a Change of
// kind desired; the gateway then sends it to the device.
func (v View) SetDesired(ctx context.Context, id g.DeviceID, name string, val g.Value) error {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		d, err := deviceForWrite(ctx, t, in, id)
		if err != nil {
			return err
		}
		p, err := profile(ctx, t, d.Profile)
		if err != nil {
			return err
		}
		prop, ok := p.Properties[name]
		if !ok {
			return g.FieldErrorf(name, "profile %q has no such property; it has %v", p.ID,
				p.PropertyNames())
		}
		if !prop.Writable {
			return g.FieldErrorf(name,
				"the property cannot be set: its profile does not say writable")
		}
		if err := prop.Check(val); err != nil {
			return g.FieldErrorf(name, "%v", err)
		}
		twins, err := loadTwins(ctx, t, []g.DeviceID{id})
		if err != nil {
			return err
		}
		tw := twins[id]
		if tw.Desired == nil {
			tw.Desired = map[string]g.TwinValue{}
		}
		tw.Desired[name] = g.TwinValue{
			Value: val,
			Time:  store.Moment(store.Micros(t.Now)),
		}
		if err := saveTwins(ctx, t, []*g.Twin{tw}); err != nil {
			return err
		}
		t.Change(change.Desired, d.School, string(id))
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"device.desire",
			string(id)+" "+name,
		)
	})
}

// loadTwins reads the twins of the devices that exist; new ones for devices never heard.
func loadTwins(ctx context.Context, t *store.Tx, ids []g.DeviceID) (map[g.DeviceID]*g.Twin, error) {
	out := make(map[g.DeviceID]*g.Twin, len(ids))
	// declared once, because variables passed to Scan escape to the heap
	var seen int64
	var reported, desired, causes []byte
	for len(ids) > 0 {
		part := ids[:min(store.Chunk, len(ids))]
		ids = ids[len(part):]
		q := "SELECT d.id, COALESCE(t.state, 'unknown'), COALESCE(t.reason, ''), " +
			"COALESCE(t.last_seen, 0), COALESCE(t.seq, 0), COALESCE(t.reported, ''), " +
			"COALESCE(t.desired, ''), COALESCE(t.weak, ''), COALESCE(t.causes, '') FROM devices " +
			"d LEFT JOIN twins t ON t.device = d.id WHERE d.id IN (" +
			store.Marks(len(part)) + ")"
		err := store.Each(ctx, t, q, store.Anys(part), func(scan func(...any) error) error {
			tw := &g.Twin{}
			err := scan(&tw.Device, &tw.State, &tw.Reason, &seen, &tw.Seq, &reported, &desired,
				&tw.Weak, &causes)
			if err != nil {
				return err
			}
			if err := store.FromJSON(causes, &tw.Causes); err != nil {
				return err
			}
			tw.LastSeen = store.Moment(seen)
			out[tw.Device] = tw
			if err := store.FromJSON(desired, &tw.Desired); err != nil {
				return err
			}
			return store.FromJSON(reported, &tw.Reported)
		})
		if err != nil {
			return nil, fmt.Errorf("read twins: %w", err)
		}
	}
	return out, nil
}

func saveTwins(ctx context.Context, t *store.Tx, twins []*g.Twin) error {
	stmt, err := t.Prepare(ctx,
		`INSERT INTO twins (device, state, reason, last_seen, seq, reported, desired, weak, causes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device) DO UPDATE SET state = excluded.state, reason = excluded.reason, last_seen = excluded.last_seen,
		seq = excluded.seq, reported = excluded.reported, desired = excluded.desired, weak = excluded.weak, causes = excluded.causes`)
	if err != nil {
		return fmt.Errorf("write twins: %w", err)
	}
	defer stmt.Close()
	for _, tw := range twins {
		reported, err := json.Marshal(tw.Reported)
		if err != nil {
			return fmt.Errorf("write twins: %w", err)
		}
		desired := []byte{}
		if len(tw.Desired) > 0 {
			if desired, err = json.Marshal(tw.Desired); err != nil {
				return fmt.Errorf("write twins: %w", err)
			}
		}
		_, err = stmt.Exec(ctx, string(tw.Device), string(tw.State), tw.Reason,
			store.Micros(tw.LastSeen), int64(tw.Seq),
			string(reported), string(desired), string(tw.Weak), CausesJSON(tw.Causes))
		if err != nil {
			return fmt.Errorf("write twins: %w", err)
		}
	}
	return nil
}

// CausesJSON encodes causes for storing; "" for none.
func CausesJSON(causes []g.Reason) string {
	if len(causes) == 0 {
		return ""
	}
	b, err := json.Marshal(causes)
	if err != nil {
		return "" // strings only: it does not fail
	}
	return string(b)
}

// twinTurn is the most devices in one transaction of ApplyTwins, which limits how long other
// writers wait.
const twinTurn = 200

// ApplyTwins applies events to the twins, in transactions of up to twinTurn devices; only for
// system scopes. It is idempotent: an event at or before a twin's sequence is skipped. Rejections
// do not count, since anybody can name a device. A replayed event updates values that are newer
// than the known ones, but not the state; if it came over the device's own connection, it shows
// that the device is online.
//
// When a silent device is heard again, an event is added to the outbox in the same transaction.
// Otherwise the log of its states would show it as offline until its next connection.
func (v View) ApplyTwins(ctx context.Context, events []g.Event) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	var ids []g.DeviceID
	of := map[g.DeviceID][]*g.Event{}
	for i := range events {
		e := &events[i]
		if e.Device == "" || !twinned(*e) {
			continue
		}
		if of[e.Device] == nil {
			ids = append(ids, e.Device)
		}
		of[e.Device] = append(of[e.Device], e)
	}
	for turn := range slices.Chunk(ids, twinTurn) {
		err := v.s.Write(ctx, func(t *store.Tx) error {
			twins, err := loadTwins(ctx, t, turn)
			if err != nil {
				return err
			}
			var save []*g.Twin
			for _, id := range turn {
				tw := twins[id]
				if tw == nil { // deleted devices have no twin
					continue
				}
				news, err := v.r.foldAll(ctx, t, tw, of[id])
				if err != nil {
					return err
				}
				if news {
					save = append(save, tw)
				}
			}
			return saveTwins(ctx, t, save)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// foldAll applies the events that the twin has not seen, and reports whether there were any.
func (r *Book) foldAll(
	ctx context.Context, t *store.Tx, tw *g.Twin, events []*g.Event,
) (news bool, err error) {
	for _, e := range events {
		if e.Seq <= tw.Seq {
			continue
		}
		news = true
		was := silent(tw)
		fold(tw, *e)
		if was && e.Status == nil && tw.State != g.StateOffline {
			if err := r.sendHeard(ctx, t, *e); err != nil {
				return false, err
			}
		}
	}
	return news, nil
}

func twinned(e g.Event) bool {
	return e.Kind == g.EventReading || e.Kind == g.EventSighting || e.Kind == g.EventStatus ||
		e.Kind == g.EventOccurrence
}

// fold applies one event to a twin.
func fold(tw *g.Twin, e g.Event) {
	tw.Seq = e.Seq
	if e.Reading != nil {
		if tw.Reported == nil {
			tw.Reported = map[string]g.TwinValue{}
		}
		for name, val := range e.Reading.Values {
			if old, ok := tw.Reported[name]; !ok || !e.Time.Before(old.Time) {
				tw.Reported[name] = g.TwinValue{
					Value: val,
					Time:  e.Time.UTC(),
				}
			}
		}
	}
	if e.Status != nil && e.Status.Weak != "" && !e.Replayed {
		tw.Weak = e.Status.Weak
	}
	if !e.SignOfLife() || e.OfSilence() {
		return // old, or the twin was updated before the event was queued
	}
	switch {
	case e.Status != nil && !e.Replayed:
		tw.State, tw.Reason, tw.Causes = e.Status.State, e.Status.Reason, e.Status.Causes
		if tw.State != g.StateOnline && tw.State != g.StateFault {
			return // the device itself was not heard
		}
	// fault and flapping last until they are changed explicitly
	case tw.State != g.StateFault && tw.State != g.StateFlapping:
		tw.State = g.StateOnline
		tw.Reason = ""
		tw.Causes = nil
	}
	if e.Received.After(tw.LastSeen) {
		tw.LastSeen = e.Received.UTC()
	}
}
