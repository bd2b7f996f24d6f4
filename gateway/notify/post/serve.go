package post

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// turn is one channel's turn in one lane.
type turn struct {
	q       *Queue
	at      messages.DueAt
	line    *line
	began   time.Time
	waiting []messages.Letter
	out     map[int64]bool // sendings on their way
	done    chan messages.Outcome
	over    bool // nothing further is begun
}

// serve sends what is due by a channel in a lane, a few letters at a time, and returns when nothing
// is, the channel has to wait, or its turn is over. What came of letters is written as they end,
// together where several have.
func (q *Queue) serve(ctx context.Context, d messages.DueAt) {
	l, err := q.line(ctx, d.Channel)
	if err != nil {
		q.rest(ctx, err)
		return
	}
	t := &turn{
		q:     q,
		at:    d,
		line:  l,
		began: q.now(),
		out:   map[int64]bool{},
		done:  make(chan messages.Outcome, atOnce),
	}
	for {
		if err := t.fill(ctx); err != nil {
			t.over = true
			q.rest(ctx, err)
		}
		if len(t.out) == 0 {
			return
		}
		t.settle(ctx)
	}
}

// rest says what failed and waits a moment, so that a registry that fails is not asked at once again.
func (q *Queue) rest(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	q.log.WarnContext(ctx, "messages wait", "error", err)
	q.pause(ctx)
}

// fill puts letters on their way until as many are as may be.
func (t *turn) fill(ctx context.Context) error {
	for !t.over && len(t.out) < atOnce {
		if ctx.Err() != nil || t.q.now().Sub(t.began) >= turnLimit {
			t.over = true
			return nil
		}
		if len(t.waiting) == 0 {
			if err := t.fetch(ctx); err != nil || len(t.waiting) == 0 {
				t.over = true
				return err
			}
		}
		next := t.waiting[0]
		if t.line != nil && t.line.channel != nil && next.Gone == "" &&
			t.line.wait(t.at.Lane, t.q.now(), next.Kind == "test") > 0 {
			t.over = true // its time has not come
			return nil
		}
		t.waiting = t.waiting[1:]
		if err := t.send(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) fetch(ctx context.Context) (err error) {
	n := fetched
	if t.at.Lane == messages.Alarm {
		n = 2 * atOnce
	}
	t.waiting, err = t.q.view.Messages.Letters(
		ctx,
		t.at,
		t.q.now(),
		n,
		t.out,
	)
	return err
}

// send puts one letter on its way; what cannot be sent ends at once.
func (t *turn) send(ctx context.Context, l messages.Letter) error {
	t.out[l.Sending] = true
	now := t.q.now()
	why := ""
	switch {
	case l.Gone != "":
		why = l.Gone
	case !now.Before(l.Expires):
		why = messages.Expired
	case t.line == nil:
		why = "channel_deleted"
	case t.line.channel == nil:
		t.done <- messages.Outcome{
			Letter: l,
			State:  messages.Failed,
			Code:   "channel_closed",
			Error:  t.line.why,
		}
		return nil
	}
	if why != "" {
		t.done <- messages.Outcome{
			Letter: l,
			State:  messages.Failed,
			Code:   why,
		}
		return nil
	}
	x, err := t.q.letter(ctx, l)
	if err == nil && l.Kind == "digest" && l.Params["count"] == "0" { // all of it was read or stopped meanwhile
		t.done <- messages.Outcome{
			Letter: l,
			State:  messages.Failed,
			Code:   messages.LeftOut,
		}
		return nil
	}
	if err != nil {
		delete(t.out, l.Sending)
		return err
	}
	go func() { t.done <- t.attempt(ctx, l, x) }() // settle waits for it
	return nil
}

// attempt sends a letter once and says what is to be written.
func (t *turn) attempt(ctx context.Context, l messages.Letter, x Letter) messages.Outcome {
	out := t.line.try(ctx, l.Lane, x)
	now := t.q.now()
	o := messages.Outcome{
		Letter: l,
		Code:   out.Code,
		Peer:   out.Peer,
	}
	if out.Err != nil && ctx.Err() != nil {
		return messages.Outcome{Letter: l} // stopping is no failure of the other side
	}
	t.line.note(out, now)
	switch {
	case out.Err == nil && out.Verdict == Arrived:
		o.State = messages.Delivered
		return o
	case out.Err == nil:
		o.State = messages.Sent
		return o
	}
	o.Error = out.Err.Error()
	if out.Verdict == Unsure && l.Code == out.Code {
		o.State = messages.Sent
		return o
	}
	steps := pauses(l.Lane)
	if out.Verdict == Refused || out.Verdict == Lost || l.Attempt >= len(steps) {
		o.State, o.Lost = messages.Failed, out.Verdict == Lost
		return o
	}
	pause := steps[l.Attempt]
	pause += time.Duration(rand.Int64N(int64(pause)/5 + 1))
	o.State, o.Next = messages.Queued, now.Add(max(pause, min(out.Pause, mostRest(l.Lane))))
	return o
}

// pauses are the waits after each failed attempt, after the last of which the letter has failed.
func pauses(lane messages.Lane) []time.Duration {
	if lane == messages.Alarm {
		return []time.Duration{
			time.Second,
			3 * time.Second,
			10 * time.Second,
			30 * time.Second,
			time.Minute,
			2 * time.Minute,
			5 * time.Minute,
		}
	}
	return []time.Duration{
		10 * time.Second,
		time.Minute,
		5 * time.Minute,
		15 * time.Minute,
		30 * time.Minute,
		time.Hour,
		2 * time.Hour,
		4 * time.Hour,
	}
}

// settle waits for a letter to end and writes what came of it, and of others that have ended.
func (t *turn) settle(ctx context.Context) {
	ended := []messages.Outcome{<-t.done}
	for len(t.done) > 0 {
		ended = append(ended, <-t.done)
	}
	var write []messages.Outcome
	for _, o := range ended {
		if o.State != "" {
			write = append(write, o)
		}
	}
	t.write(ctx, write)
	for _, o := range ended {
		delete(t.out, o.Letter.Sending)
	}
}

// write writes what came of letters, again until it works: they would be sent again otherwise. It
// gives up only where the gateway stops.
func (t *turn) write(ctx context.Context, all []messages.Outcome) {
	for {
		err := t.q.view.Messages.Settle(context.WithoutCancel(ctx), all)
		if err == nil || ctx.Err() != nil {
			return
		}
		t.q.rest(ctx, fmt.Errorf("what became of messages cannot be written: %w", err))
	}
}
