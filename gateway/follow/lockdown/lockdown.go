// Package lockdown raises a school's threat level when a device tells what the level names as its
// trigger (a panic button, a duress code), and sends the messages of a level that was raised or
// ended. Somebody who is made to pass is a silent alarm besides, whatever levels there are. It refuses
// what is history, and to end a level.
package lockdown

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// Cursor is the name of the reader's position in the journal.
const Cursor = "lockdown"

// oldest is how old an occurrence may be and still raise a level: what was pressed before a restart
// counts, what lay in a device's memory for long does not.
const oldest = 15 * time.Minute

// atOnce is how late an occurrence may arrive without a word of when it was.
const atOnce = 30 * time.Second

// Reader raises threat levels.
type Reader struct {
	View *registry.View
	Base string                  // how people reach the console, without a slash at the end; "": unknown
	Name func(g.DeviceID) string // of a device, for people
	Now  func() time.Time
	Log  *slog.Logger

	mu     sync.Mutex
	levels map[g.SchoolID][]g.ThreatLevel // until they change
}

// Changed forgets the levels of a school that were changed. It does not block.
func (r *Reader) Changed(c registry.Change) {
	if c.Kind != change.Lockdown {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.levels, c.School)
}

// Apply raises what the occurrences of a batch trigger, and tells of levels. A batch that comes
// twice raises and tells once, since the IDs of lockdowns and messages follow from the events.
func (r *Reader) Apply(ctx context.Context, events []g.Event) error {
	for i := range events {
		e := &events[i]
		if e.Kind == g.EventLockdown {
			if err := r.tell(ctx, e); err != nil {
				return err
			}
			continue
		}
		if e.Kind != g.EventOccurrence || e.Replayed || r.Now().Sub(e.Received) > oldest {
			continue
		}
		if err := r.duress(ctx, e); err != nil {
			return err
		}
		levels, err := r.of(ctx, e.School)
		if err != nil {
			return err
		}
		for _, l := range levels {
			t, ok := triggered(l, e)
			if !ok {
				continue
			}
			if err := r.raise(ctx, l, t, e); err != nil {
				return err
			}
			break // the gravest comes first
		}
	}
	return nil
}

// of returns a school's levels.
func (r *Reader) of(ctx context.Context, school g.SchoolID) ([]g.ThreatLevel, error) {
	r.mu.Lock()
	levels, ok := r.levels[school]
	r.mu.Unlock()
	if ok {
		return levels, nil
	}
	levels, err := r.View.Lockdown.Levels(ctx, school)
	if g.ErrorCode(err) == g.NotFound {
		return nil, nil // the school is gone
	}
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.levels == nil {
		r.levels = map[g.SchoolID][]g.ThreatLevel{}
	}
	r.levels[school] = levels
	return levels, nil
}

// triggered returns the trigger of a level that an occurrence fits.
func triggered(l g.ThreatLevel, e *g.Event) (g.LevelTrigger, bool) {
	for _, t := range l.Triggers {
		if t.Kind != e.Occurrence.Kind || t.Device != "" && t.Device != e.Device ||
			t.Zone != "" && t.Zone != e.Zone {
			continue
		}
		fits := true
		for name, want := range t.Data {
			got, ok := e.Occurrence.Data[name]
			fits = fits && ok && got == want
		}
		if fits {
			return t, true
		}
	}
	return g.LevelTrigger{}, false
}

func (r *Reader) raise(
	ctx context.Context, l g.ThreatLevel, t g.LevelTrigger, e *g.Event,
) error {
	note, err := r.late(ctx, e)
	if err != nil {
		return err
	}
	_, err = r.View.Lockdown.Raise(ctx, lockdown.Order{
		ID:     g.LockdownID("lck_" + strings.TrimPrefix(string(e.Occurrence.ID), "occ_")),
		School: e.School,
		Level:  l.ID,
		Drill:  t.Drill,
		Source: r.Name(e.Device),
		Device: e.Device,
		Zone:   e.Zone,
		Note:   note,
	})
	if g.ErrorCode(err) == g.Conflict { // a drill's button while it is no drill
		r.Log.Warn("a threat level was not raised", "level", l.ID, "device", e.Device, "error", err)
		return nil
	}
	return err
}

// late says when an occurrence was, in the school's language, if it has arrived late: an all-clear may
// have been given since. It is "" otherwise.
func (r *Reader) late(ctx context.Context, e *g.Event) (string, error) {
	by := e.Received.Sub(e.Time).Round(time.Second)
	if by <= atOnce {
		return "", nil
	}
	school, err := r.View.Places.School(ctx, e.School)
	if err != nil {
		return "", err
	}
	at := e.Time.In(school.Location()).Format("2006-01-02 15:04:05")
	if school.Language == "zh-CN" {
		return fmt.Sprintf("触发于 %s，迟到 %s", at, by), nil
	}
	return fmt.Sprintf("pressed at %s, arrived %s late", at, by), nil
}
