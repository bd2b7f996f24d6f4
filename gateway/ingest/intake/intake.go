// Package intake admits observations: it looks the device up, checks the observation against its
// profile, decides whose face or card it was, and journals the resulting event; only when that is
// on disk is the sender acknowledged. What does not fit is journalled as rejected, with the reason.
// It never journals a face, an embedding or a credential that it could resolve. It decides a
// device's question whether somebody may pass without waiting for the disk.
package intake

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Journal is where events go. done is called once the record is on disk, or with the error.
type Journal interface {
	Append(key string, data []byte, done func(seq uint64, err error)) error
}

// Identifier decides who a sighting is of. For a face it also reports the match, beginning
// with the quality that the driver gave it.
type Identifier interface {
	Face(ctx context.Context, school g.SchoolID, s *g.Sighting) (g.PersonID, *g.Match, error)
	Credential(ctx context.Context, school g.SchoolID, m g.Method, credential string, orNumber bool) (g.PersonID, error)
	Standing(
		ctx context.Context, school g.SchoolID, m g.Method, credential string, orNumber bool,
	) (people.Holder, error)
	Duress(ctx context.Context, school g.SchoolID, pin string) (bool, error)
}

// Levels says which threat level stands in a school, from memory; false: none.
type Levels interface {
	InForce(ctx context.Context, school g.SchoolID) (lockdown.Held, bool, error)
}

// Intake is safe for concurrent use.
type Intake struct {
	Directory *directory.Directory
	Journal   Journal
	Identify  Identifier
	Levels    Levels // decide who passes while one stands; nil: there are none
	Meals     Meals  // decides what tills ask; nil: they are answered as doors are
	Now       func() time.Time
	Logger    *slog.Logger

	// Seal encrypts what only the registry may decrypt. Where it is nil, rejected payloads about
	// people are not kept, nor the full credential of a sighting that matched nobody.
	Seal func(ctx context.Context, school g.SchoolID, plain []byte) ([]byte, error)

	// Fields counts what devices send that their profiles do not know.
	Fields Fields

	// States is given each status of a device; where Note returns false, the device flaps and the
	// status is not journalled. If nil, every status is.
	States interface {
		Note(id g.DeviceID, s g.Status, now time.Time) bool
	}

	// Strangers holds what cameras saw of unknown faces, in the schools for which Pictures is true
	// (nil: in all of them).
	Strangers strangers.Place
	Pictures  func(g.SchoolID) bool

	clocks             clocks
	accepted, rejected atomic.Uint64
}

// Counts says how many observations were admitted and rejected since the start.
func (in *Intake) Counts() (accepted, rejected uint64) {
	return in.accepted.Load(), in.rejected.Load()
}

// Accept admits observations of a driver. It returns nil once all are on disk, those that
// do not fit as rejected; an error means that they should be sent again.
func (in *Intake) Accept(ctx context.Context, driver g.DriverName, obs []g.Observation) error {
	w := newWaiter(len(obs))
	for i := range obs {
		events, err := in.events(ctx, driver,
			arrival{
				Message: Message{Observation: obs[i]},
				source:  string(driver),
			})
		if err == nil {
			err = in.appendAll(events, w.done)
		}
		if err != nil {
			w.done(0, err)
		}
	}
	return w.wait(ctx)
}

// Message admits one MQTT message of an authenticated device; kind is the topic's last part:
// telemetry, sighting, status or occurrence. once, if not empty, is a permanent name of the
// message, from which the event's id is made (see OnceID): after a crash it can be looked up. done
// is called once the event is on disk.
func (in *Intake) Message(
	ctx context.Context, device g.DeviceID, kind string, payload []byte, once string, done func(error),
) error {
	m, err := Decode(kind, payload)
	m.Observation.Device = device
	var events []*g.Event
	if err != nil {
		e, err := in.rejection(ctx, g.DriverMQTTFront, device, "mqtt "+kind,
			g.Rejected(g.RejectedPayload, err), payload)
		if err != nil {
			return err
		}
		events = []*g.Event{e}
	} else if events, err = in.events(ctx, g.DriverMQTTFront,
		arrival{
			Message: m,
			source:  "mqtt " + kind,
			payload: payload,
		}); err != nil {
		return err
	}
	if once != "" {
		nameOnce(events, once)
	}
	return in.appendAll(events, func(_ uint64, err error) { done(err) })
}

// OnceID is the id of the event of a message that was given a name.
func OnceID(once string) string { return "evt_" + once }

// Refuse journals a rejection of something that a device sent to a topic that it may not use.
func (in *Intake) Refuse(
	ctx context.Context, device g.DeviceID, source string, done func(error),
) error {
	e, err := in.rejection(ctx, g.DriverMQTTFront, device, source, g.Rejected(g.RejectedTopic,
		g.Errorf(g.Forbidden, "topic is not the device's own")), nil)
	if err != nil {
		return err
	}
	return in.append(e, func(_ uint64, err error) { done(err) })
}

// Manual journals that a member of staff vouched for a person at a place. It returns the
// event's sequence once it is on disk. The caller has checked the right to do so.
func (in *Intake) Manual(
	ctx context.Context, school g.SchoolID, s g.Sighting,
) (uint64, g.SightingID, error) {
	z, ok := in.Directory.Zone(s.Zone)
	if !ok || z.School != school {
		return 0, "", g.FieldErrorf("zone", "%q is no zone of this school", s.Zone)
	}
	now := in.Now()
	s.Method = g.ByManual
	s.Match = nil
	s.Credential = ""
	s.ID = g.NewSightingID(
		g.DeviceID(s.Zone),
		now,
		0,
		string(s.Person),
		g.ByManual,
	)
	e := &g.Event{
		Kind:     g.EventSighting,
		School:   school,
		Zone:     s.Zone,
		Driver:   "console",
		Time:     now,
		Received: now,
		Sighting: &s,
	}
	in.Strangers.Pass(school, s.Zone, now, now)
	seq, err := in.Record(ctx, e)
	return seq, s.ID, err
}

// Record journals an event of the gateway's own and returns its sequence once it is on disk.
func (in *Intake) Record(ctx context.Context, e *g.Event) (uint64, error) {
	type result struct {
		seq uint64
		err error
	}
	ch := make(chan result, 1)
	if err := in.append(e, func(seq uint64, err error) { ch <- result{seq, err} }); err != nil {
		return 0, err
	}
	select {
	case r := <-ch:
		return r.seq, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (in *Intake) append(e *g.Event, done func(uint64, error)) error {
	b, err := event.Append(make([]byte, 0, 256), e)
	if err != nil {
		return err
	}
	if e.Kind == g.EventRejected {
		in.rejected.Add(1)
	} else {
		in.accepted.Add(1)
	}
	key := string(e.Device)
	if key == "" {
		key = string(e.School)
	}
	if err := in.Journal.Append(key, b, done); err != nil {
		return fmt.Errorf("journal event: %w", err)
	}
	return nil
}

// sighting identifies the person and removes what must not be kept.
func (in *Intake) sighting(ctx context.Context, e *g.Event, o *g.Observation) (*g.Sighting, error) {
	s := *o.Sighting
	s.Person, s.Zone = "", e.Zone
	s.ID = g.NewSightingID(
		e.Device,
		e.Time,
		o.Sequence,
		s.Track+"/"+s.Credential,
		s.Method,
	)
	var err error
	if s.Method == g.ByFace {
		s.Person, s.Match, err = in.Identify.Face(ctx, e.School, &s)
	} else {
		s.Match = nil
		s.Person, err = in.Identify.Credential(ctx, e.School, s.Method, s.Credential,
			in.numbers(e.Device))
	}
	if err != nil {
		return nil, fmt.Errorf("identify a sighting: %w", err)
	}
	in.hold(e, &s)
	if s.Sealed, err = in.sealCredential(ctx, e.School, &s); err != nil {
		return nil, err
	}
	s.Credential = mask(s.Credential, s.Person != "")
	s.Embedding = nil
	s.Model = ""
	s.Snapshot = nil
	s.Frames = 0
	s.Media = ""
	return &s, nil
}

// numbers says whether the device may give a person's number in place of a card's: a terminal
// keeps its own list of users and has compared the card itself.
func (in *Intake) numbers(id g.DeviceID) bool {
	e, _ := in.Directory.Known(id)
	return e.Profile.Type == g.TypeTerminal
}

func mask(credential string, known bool) string {
	if known || credential == "" {
		return ""
	}
	r := []rune(credential)
	return "…" + string(r[max(len(r)-4, len(r)/2):])
}
