package lockdown

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// tell sends the messages of a level that was raised or cleared. An event that comes twice is told
// once, since the messages' IDs follow from it. A level that another one replaced is told by that
// one, and what is long over by nobody.
func (r *Reader) tell(ctx context.Context, e *g.Event) error {
	if e.Lockdown == nil || e.Replayed || r.Now().Sub(e.Received) > oldest {
		return nil
	}
	l, level, err := r.View.Lockdown.Kept(ctx, e.Lockdown.ID)
	if g.ErrorCode(err) == g.NotFound {
		return nil // its school is gone
	}
	if err != nil {
		return err
	}
	cleared := !e.Lockdown.Cleared.IsZero()
	if !cleared && !l.Cleared.IsZero() {
		return nil // over before anybody was told
	}
	kind := lockdown.KindRaised
	if cleared {
		kind = lockdown.KindCleared
		if err := r.stop(ctx, l, level); err != nil {
			return err
		}
	}
	if l.Next != "" {
		return nil
	}
	return r.send(
		ctx,
		kind,
		l,
		level,
	)
}

// stop takes back what is not sent yet of the messages that it was raised.
func (r *Reader) stop(ctx context.Context, l g.Lockdown, level g.ThreatLevel) error {
	for i := range level.Messages {
		err := r.View.Messages.Stop(ctx, messageID(lockdown.KindRaised, l.ID, i), "it is over")
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
	}
	return nil
}

func (r *Reader) send(
	ctx context.Context, kind string, l g.Lockdown, level g.ThreatLevel,
) error {
	zone, err := r.zone(ctx, l.Zone)
	if err != nil {
		return err
	}
	school, err := r.View.Places.School(ctx, l.School)
	if err != nil {
		return err
	}
	params := lockdown.Told(l, school, zone, r.Base)
	for i, m := range level.Messages {
		if !lockdown.Concerns(m, zone) {
			continue
		}
		to, err := r.recipients(ctx, l.School, m)
		if err != nil {
			return err
		}
		if len(to) == 0 {
			r.Log.WarnContext(ctx, "a message of a threat level has nobody to tell", "level", l.Level,
				"school", l.School, "message", i)
			continue
		}
		_, err = r.View.Messages.Send(ctx, messages.Message{
			ID:      messageID(kind, l.ID, i),
			School:  l.School,
			Lane:    messages.Alarm,
			Kind:    kind,
			Params:  params,
			Alert:   l.Alert,
			Expires: r.Now().Add(time.Hour),
		}, to)
		if err != nil {
			return fmt.Errorf("tell of level %s: %w", l.Level, err)
		}
	}
	return nil
}

// recipients are those whom a message names and who are there: a channel that was deleted keeps the
// message from nobody.
func (r *Reader) recipients(
	ctx context.Context, school g.SchoolID, m g.LevelMessage,
) ([]messages.To, error) {
	to, err := r.View.Messages.Named(ctx, school, messages.Audience{
		Roles: m.Roles,
		Kinds: m.Kinds,
	})
	if err != nil || len(m.Channels) == 0 {
		return to, err
	}
	all, err := r.View.Messages.Channels(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, id := range m.Channels {
		if slices.ContainsFunc(all, func(c messages.Channel) bool { return c.ID == id }) {
			to = append(to, messages.To{Channel: id})
		}
	}
	return to, nil
}

func (r *Reader) zone(ctx context.Context, id g.ZoneID) (g.Zone, error) {
	if id == "" {
		return g.Zone{}, nil
	}
	z, err := r.View.Places.Zone(ctx, id)
	if g.ErrorCode(err) == g.NotFound {
		return g.Zone{ID: id}, nil
	}
	return z, err
}

// messageID is the same for the same lockdown and message.
func messageID(kind string, id g.LockdownID, i int) g.MessageID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", kind, id, i))
	return g.MessageID("msg_" + hex.EncodeToString(sum[:12]))
}
