package intake

import (
	"context"
	"errors"
	"strings"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
)

// arrival is a message with its source and payload, which a rejection records.
type arrival struct {
	Message
	source  string
	payload []byte
}

// raw is the payload as received, or a driver's observation as JSON.
func (m *arrival) raw() []byte {
	if m.payload != nil {
		return m.payload
	}
	return content(m.Observation)
}

// events makes the events to be journalled for an observation: one of what fits, preceded by
// rejections that name what does not (its time, values), and none for a status of a device that flaps. The error is
// the gateway's own (disk, registry), never about the observation.
func (in *Intake) events(ctx context.Context, driver g.DriverName, m arrival) ([]*g.Event, error) {
	o := &m.Observation
	entry, ok, err := in.Directory.Device(ctx, o.Device)
	if err != nil {
		return nil, err
	}
	refuse := func(device g.DeviceID, reason error) ([]*g.Event, error) {
		e, err := in.rejection(
			ctx,
			driver,
			device,
			m.source,
			reason,
			m.raw(),
		)
		return []*g.Event{e}, err
	}
	if !ok {
		return refuse(o.Device, g.Rejected(g.RejectedUnknownDevice,
			g.Errorf(g.NotFound, "device %q is not registered", o.Device)))
	}
	if entry.Device.Driver != driver {
		return refuse("", g.Rejected(g.RejectedOtherDriver, g.Errorf(g.Forbidden,
			"device %q belongs to driver %q", o.Device, entry.Device.Driver)))
	}
	if o.Unreadable != nil {
		m.source = strings.TrimSpace(m.source + " " + o.Unreadable.What)
	}
	now := in.Now()
	var a g.Admission
	if len(m.Misfits) > 0 && o.Reading != nil && len(o.Reading.Values) == 0 {
		a = g.Admission{Observation: *o}
		err = errNothingFits
	} else {
		a, err = g.Admit(entry.Device, entry.Profile, *o, now)
	}
	misfits := append(a.Misfits, known(entry.Profile, m.Misfits)...)
	sortMisfits(misfits)
	due := in.noteFields(entry, misfits, o.Reading)
	if err != nil && len(misfits) == 0 {
		return refuse(o.Device, err)
	}
	if err != nil {
		if errors.Is(err, errNothingFits) || len(a.Misfits) > 0 {
			err = g.MisfitError(entry.Profile, misfits)
		}
		e, err := in.rejection(
			ctx,
			driver,
			o.Device,
			m.source,
			err,
			m.raw(),
		)
		if err != nil {
			return nil, err
		}
		e.Rejection.Properties = names(misfits)
		return []*g.Event{e}, nil
	}
	e, err := in.admitted(ctx, driver, entry, a)
	if err != nil || in.absorbed(e) {
		return nil, err
	}
	beside, err := in.beside(ctx, driver, m, a.Clock)
	if err != nil {
		return nil, err
	}
	if due {
		r, err := in.partly(ctx, driver, m, g.MisfitError(entry.Profile, misfits))
		if err != nil {
			return nil, err
		}
		r.Rejection.Properties = names(misfits)
		beside = append(beside, r)
	}
	silent, err := in.underDuress(ctx, e, o)
	if err != nil {
		return nil, err
	}
	if silent != nil {
		beside = append(beside, silent)
	}
	return append(beside, e), nil
}

// beside tells that a device's clock is wrong, if that was not told within the last hour.
func (in *Intake) beside(
	ctx context.Context, driver g.DriverName, m arrival, clock *g.ClockError,
) ([]*g.Event, error) {
	if clock == nil || !in.clocks.note(m.Observation.Device, in.Now()) {
		return nil, nil
	}
	r, err := in.partly(ctx, driver, m, clock)
	return []*g.Event{r}, err
}

// partly is the rejection of a part of what is admitted otherwise.
func (in *Intake) partly(
	ctx context.Context, driver g.DriverName, m arrival, why error,
) (*g.Event, error) {
	r, err := in.rejection(
		ctx,
		driver,
		m.Observation.Device,
		m.source,
		why,
		m.raw(),
	)
	if err != nil {
		return nil, err
	}
	r.Rejection.Partial = true
	return r, nil
}

// absorbed tells whether the device flaps: States has counted its status, which is not journalled.
func (in *Intake) absorbed(e *g.Event) bool {
	return in.States != nil && e.Status != nil && !e.Replayed &&
		!in.States.Note(e.Device, *e.Status, e.Received)
}

// errNothingFits stands for "every value of the reading is a misfit", which Admit does not see.
var errNothingFits = errors.New("none of its values fits")

// admitted makes the event of the part of an observation that was admitted.
func (in *Intake) admitted(
	ctx context.Context, driver g.DriverName, entry directory.Entry, a g.Admission,
) (*g.Event, error) {
	o := &a.Observation
	now := in.Now()
	e := &g.Event{
		School:   entry.Device.School,
		Device:   o.Device,
		Zone:     entry.Device.Zone,
		Driver:   driver,
		Time:     o.Time,
		Received: now,
		Replayed: o.Replayed,
		Late:     a.Late,
	}
	if e.Time.IsZero() {
		e.Time = now
	}
	switch {
	case o.Reading != nil:
		e.Kind, e.Reading = g.EventReading, o.Reading
	case o.Status != nil:
		e.Kind, e.Status = g.EventStatus, o.Status
	case o.Occurrence != nil:
		occurrence := *o.Occurrence
		occurrence.ID = g.NewOccurrenceID(o.Device, a.Said(), o.Sequence, occurrence.Kind)
		e.Kind, e.Occurrence = g.EventOccurrence, &occurrence
	default:
		s, err := in.sighting(ctx, e, o)
		if err != nil {
			return nil, err
		}
		e.Kind, e.Sighting = g.EventSighting, s
	}
	return e, nil
}

// known marks the misfits that are no property of the profile as unknown.
func known(p g.Profile, misfits []g.Misfit) []g.Misfit {
	for i := range misfits {
		_, ok := p.Properties[misfits[i].Property]
		misfits[i].Unknown = !ok
	}
	return misfits
}

// noteFields counts the fields that the profile does not know, and tells whether a rejection is
// due: always for a value that does not fit, for an unknown field when Fields.note says so.
func (in *Intake) noteFields(entry directory.Entry, misfits []g.Misfit, r *g.Reading) (due bool) {
	now := in.Now()
	people := len(entry.Profile.Sightings) > 0 // a number could be that of a card
	for _, m := range misfits {
		if !m.Unknown {
			due = true
			continue
		}
		var v g.Value
		if r != nil && !people {
			v = r.Values[m.Property]
		}
		due = in.Fields.note(entry.Device.ID, m.Property, v, now) || due
	}
	return due
}

// mostNamed bounds the names in one rejection.
const mostNamed = 64

func names(misfits []g.Misfit) []string {
	var out []string
	for _, m := range misfits[:min(len(misfits), mostNamed)] {
		out = append(out, clip(printable([]byte(m.Property)), maxFieldName))
	}
	return out
}

// nameOnce gives the events of a named message permanent ids: before the last there is at most one
// about its time, one about its values and one that somebody was made to pass. After a crash only the
// last one is looked for: they are journalled in order, so where it exists, the others do too.
func nameOnce(events []*g.Event, once string) {
	if len(events) == 0 {
		return
	}
	for _, e := range events[:len(events)-1] {
		e.ID = OnceID(once) + "_unfit"
		if e.Rejection == nil {
			e.ID = OnceID(once) + "_duress"
		} else if c := e.Rejection.Code; c == g.RejectedClockAhead || c == g.RejectedClockBehind {
			e.ID = OnceID(once) + "_clock"
		}
	}
	events[len(events)-1].ID = OnceID(once)
}

// appendAll journals the events of one message, in order and in one shard. done is called once,
// when all are on disk, with the sequence of the last; where appendAll returns an error it is not
// called. Without events done is called at once.
func (in *Intake) appendAll(events []*g.Event, done func(uint64, error)) error {
	if len(events) == 0 {
		done(0, nil)
		return nil
	}
	if len(events) == 1 {
		return in.append(events[0], done)
	}
	both := &pair{
		left: len(events),
		done: done,
	}
	for i, e := range events {
		if err := in.append(e, both.one); err != nil {
			if i == 0 {
				return err
			}
			for range events[i:] {
				both.one(0, err)
			}
			return nil
		}
	}
	return nil
}

// pair calls done once all events of a message are on disk or have failed.
type pair struct {
	mu   sync.Mutex
	left int
	seq  uint64
	err  error
	done func(uint64, error)
}

func (p *pair) one(seq uint64, err error) {
	p.mu.Lock()
	p.left--
	p.seq, p.err = max(p.seq, seq), errors.Join(p.err, err)
	last := p.left == 0
	p.mu.Unlock()
	if last {
		p.done(p.seq, p.err)
	}
}
