package messages

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// turn is a recipient whose next step is due.
type turn struct {
	id      int64
	message g.MessageID
	user    g.UserID
	role    g.Role // for which the user is told
	person  g.PersonID
	channel g.ChannelID
	state   State
	step    int
}

// round is one transaction of Advance: what it has read so far.
type round struct {
	r        *Book
	t        *store.Tx
	messages map[g.MessageID]Message
	serving  map[g.SchoolID]map[Way]Keyed
	zones    map[g.SchoolID]*time.Location
}

// Advance begins the steps of a lane that are due, of at most limit recipients, and returns how many
// had one; only for system scopes. What a step begins is queued for the channels.
func (v View) Advance(ctx context.Context, lane Lane, limit int) (n int, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	if some, err := v.r.stepsDue(ctx, lane, v.s.Now()); err != nil || !some {
		return 0, err // no write for nothing
	}
	ctx = paced(ctx, lane)
	err = v.s.Write(ctx, func(t *store.Tx) error {
		due, err := turnsDue(ctx, t, lane, limit)
		if err != nil {
			return err
		}
		x := &round{
			r:        v.r,
			t:        t,
			messages: map[g.MessageID]Message{},
			serving:  map[g.SchoolID]map[Way]Keyed{},
			zones:    map[g.SchoolID]*time.Location{},
		}
		for _, one := range due {
			if err := x.advance(ctx, one); err != nil {
				return fmt.Errorf("message %s: %w", one.message, err)
			}
		}
		for id, m := range x.messages {
			t.Change(change.Message, m.School, string(id), "state")
		}
		n = len(due)
		return nil
	})
	return n, err
}

func (r *Book) stepsDue(ctx context.Context, lane Lane, now time.Time) (bool, error) {
	n := 0
	err := r.s.Reg.Row(ctx, "SELECT COUNT(*) FROM (SELECT id FROM recipients WHERE lane = ? AND "+
		"next > 0 AND next <= ? LIMIT 1) due", string(lane), store.Micros(now)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("find steps that are due: %w", err)
	}
	return n > 0, nil
}

func turnsDue(ctx context.Context, t *store.Tx, lane Lane, limit int) (due []turn, err error) {
	err = store.Each(ctx, t,
		"SELECT id, message, COALESCE(usr, ''), COALESCE(person, ''), channel, role, state, step "+
			"FROM recipients WHERE lane = ? AND next > 0 AND next <= ? ORDER BY next, id LIMIT ?",
		[]any{string(lane), store.Micros(t.Now), limit}, func(scan func(...any) error) error {
			var x turn
			err := scan(
				&x.id,
				&x.message,
				&x.user,
				&x.person,
				&x.channel,
				&x.role,
				&x.state,
				&x.step,
			)
			due = append(due, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read steps that are due: %w", err)
	}
	return due, nil
}

func (x *round) message(ctx context.Context, id g.MessageID) (Message, error) {
	if m, ok := x.messages[id]; ok {
		return m, nil
	}
	m, err := x.r.scanMessage(
		x.t.Row(ctx, "SELECT "+messageColumns+" FROM messages WHERE id = ?", string(id)).Scan)
	if err != nil {
		return m, store.Missing(err, "message", string(id))
	}
	x.messages[id] = m
	if x.serving[m.School] != nil {
		return m, nil
	}
	if x.serving[m.School], err = x.r.serving(ctx, x.t, m.School); err != nil {
		return m, err
	}
	s, err := places.SchoolRow(ctx, x.t, m.School)
	if err != nil {
		return m, err
	}
	if x.zones[m.School], err = time.LoadLocation(s.Timezone); err != nil {
		x.zones[m.School] = time.UTC
	}
	return m, nil
}

// rest leaves a recipient as it is: no further step begins.
func (x *round) rest(ctx context.Context, one turn) error {
	return x.set(
		ctx,
		one,
		one.state,
		"",
		one.step,
		time.Time{},
	)
}

// advance begins a recipient's next step that can be begun.
func (x *round) advance(ctx context.Context, one turn) error {
	m, err := x.message(ctx, one.message)
	if err != nil {
		return err
	}
	switch {
	case one.state == Read || one.state == Stopped || one.state == Failed:
		return x.rest(ctx, one)
	case !m.Stopped.IsZero():
		return x.end(ctx, one, Stopped, LeftOut)
	case !x.t.Now.Before(m.Expires) && one.state == Waiting:
		return x.end(ctx, one, Failed, Expired)
	case !x.t.Now.Before(m.Expires): // what was sent stays so
		return x.rest(ctx, one)
	}
	if one.channel != "" {
		return x.viaChannel(ctx, m, one)
	}
	who, err := x.reachable(ctx, one)
	if err != nil {
		return err
	}
	if m.Lane != Alarm {
		if who.needsAgreement && !who.wishes.Opted && !asksForIt(m.Kind) {
			return x.end(ctx, one, Failed, NotWished)
		}
		now := x.t.Now.In(x.zones[m.School])
		if until := who.wishes.quietUntil(now); !until.IsZero() {
			return x.set(
				ctx,
				one,
				one.state,
				"",
				one.step,
				until,
			)
		}
	}
	return x.steps(ctx, m, one, who)
}

// steps begins the first step from the recipient's on that has an address. What waits for a digest is
// given its time to be read from then on.
func (x *round) steps(ctx context.Context, m Message, one turn, who reachable) error {
	for i := one.step; i < len(m.Steps); i++ {
		made, at, err := x.begin(ctx, m, one, m.Steps[i], who)
		if err != nil {
			return err
		}
		if made == 0 {
			continue
		}
		var next time.Time
		if m.Steps[i].AfterSeconds > 0 && i+1 < len(m.Steps) {
			next = at.Add(time.Duration(m.Steps[i].AfterSeconds) * time.Second)
		}
		return x.set(ctx, one, one.state, "", i+1, next)
	}
	if one.state != Waiting {
		return x.set(
			ctx,
			one,
			one.state,
			"",
			len(m.Steps),
			time.Time{},
		)
	}
	return x.exhausted(ctx, one)
}

// exhausted ends a recipient who has no further step: failed, unless something is still on its way.
func (x *round) exhausted(ctx context.Context, one turn) error {
	alive, code := 0, ""
	err := store.Each(ctx, x.t, "SELECT state, code FROM sendings WHERE recipient = ? ORDER BY id",
		[]any{one.id}, func(scan func(...any) error) error {
			var s State
			var c string
			err := scan(&s, &c)
			if s == Failed {
				code = c
			} else {
				alive++
			}
			return err
		})
	if err != nil {
		return fmt.Errorf("read sendings: %w", err)
	}
	if alive > 0 {
		return x.set(
			ctx,
			one,
			one.state,
			"",
			one.step,
			time.Time{},
		)
	}
	if code == "" {
		code = NoAddress
	}
	return x.end(ctx, one, Failed, code)
}

// begin queues what a step sends to one recipient and returns how much, and when the last of it goes.
func (x *round) begin(
	ctx context.Context, m Message, one turn, s Step, who reachable,
) (made int, last time.Time, err error) {
	last = x.t.Now
	for _, w := range s.Ways {
		ch, ok := x.serving[m.School][w]
		if !ok {
			continue
		}
		until := who.wishes.gatheredUntil(x.t.Now.In(x.zones[m.School]))
		if w == Email && m.Lane != Alarm && m.Kind != digestKind && !until.IsZero() && len(who.at[w]) > 0 {
			// one of the addresses: the digest goes to all of them
			if err := x.gather(ctx, m, one, ch, who.at[w][0], until); err != nil {
				return made, last, err
			}
			made, last = made+1, until
			continue
		}
		for _, a := range who.at[w] {
			if err := x.r.addSending(
				ctx,
				x.t,
				one.id,
				ch,
				a,
				m.Lane,
				x.t.Now,
			); err != nil {
				return made, last, err
			}
			made++
		}
	}
	return made, last, nil
}

func (x *round) viaChannel(ctx context.Context, m Message, one turn) error {
	if one.step > 0 {
		if one.state == Waiting {
			return x.exhausted(ctx, one)
		}
		return x.set(
			ctx,
			one,
			one.state,
			"",
			one.step,
			time.Time{},
		)
	}
	ch, err := x.r.scanChannel(x.t.Row(ctx,
		"SELECT "+channelColumns+" FROM channels WHERE id = ?", string(one.channel)).Scan)
	if errors.Is(err, sql.ErrNoRows) || err == nil && ch.Disabled {
		return x.end(ctx, one, Failed, NoAddress)
	}
	if err != nil {
		return err
	}
	if err := x.r.addSending(
		ctx,
		x.t,
		one.id,
		ch,
		"",
		m.Lane,
		x.t.Now,
	); err != nil {
		return err
	}
	return x.set(ctx, one, one.state, "", 1, time.Time{})
}

func (x *round) end(ctx context.Context, one turn, s State, code string) error {
	if x.messages[one.message].Kind == digestKind {
		if err := gathered(ctx, x.t, one.message, Failed, code); err != nil {
			return err
		}
	}
	return x.set(ctx, one, s, code, one.step, time.Time{})
}

func (x *round) set(
	ctx context.Context, one turn, s State, code string, step int, next time.Time,
) error {
	_, err := x.t.Exec(ctx,
		"UPDATE recipients SET state = ?, code = CASE WHEN ? = '' THEN code ELSE ? END, step = ?, "+
			"next = ? WHERE id = ?",
		string(s), code, code, step, store.Micros(next), one.id)
	if err != nil {
		return fmt.Errorf("write recipient: %w", err)
	}
	return nil
}

// reachable is what is known of a recipient: the addresses that may be used, and the wishes.
type reachable struct {
	at             map[Way][]g.AddressID
	wishes         Wishes
	needsAgreement bool // only alarms come without the person's agreement
}

// phone names the telephone number on a person's page among the addresses.
const phone g.AddressID = "phone"

func (x *round) reachable(ctx context.Context, one turn) (out reachable, err error) {
	out.at = map[Way][]g.AddressID{}
	who, col, open := string(one.user), "usr", x.r.ofUser
	var p people.Keyed
	if one.person != "" {
		if p, err = people.Person(
			ctx,
			x.r.people,
			x.t,
			everything(),
			one.person,
		); err != nil {
			return out, err
		}
		if !p.Left.IsZero() {
			return out, nil // who has left is not told
		}
		who, col, open = string(one.person), "person", x.r.ofPerson(p)
		out.needsAgreement = p.Kind == g.Guardian || p.Kind == g.Visitor
	} else if u, err := access.UserRow(ctx, x.r.access, x.t, one.user); err != nil ||
		!stillTold(u, one.role, x.messages[one.message].Alert) {
		return out, err // a user who is disabled, or without the role, has no address
	}
	if out.wishes, err = x.r.wishesOf(ctx, x.t, who); err != nil {
		return out, err
	}
	all, err := x.r.addressesOf(ctx, x.t, col, who, open)
	if err != nil {
		return out, err
	}
	for _, a := range all {
		if !a.Confirmed.IsZero() && a.Lost == "" {
			out.at[a.Way] = append(out.at[a.Way], a.ID)
		}
	}
	for _, w := range []Way{SMS, Voice} {
		if p.Phone != "" && len(out.at[w]) == 0 {
			out.at[w] = []g.AddressID{phone}
		}
	}
	return out, nil
}
