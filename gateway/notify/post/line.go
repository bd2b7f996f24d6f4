package post

import (
	"context"
	"io"
	"maps"
	"strconv"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// line is one channel as it runs: its pace, its rests and its health.
type line struct {
	id        g.ChannelID
	channel   Channel // nil: it cannot be opened, or is disabled
	why       string  // then
	perMinute int
	lasts     time.Duration  // how long an attempt may take; 0: as the lane says
	kept      messages.Keyed // as it was opened

	mu      sync.Mutex
	sent    []time.Time // within the last minute, where there is a pace
	away    int         // failures in turn that speak for the channel
	since   time.Time   // of the first of them
	resting time.Time
	rested  time.Time // since when
	health  messages.ChannelHealth
}

// newLine opens a channel. One that cannot be opened fails its letters with the reason.
func newLine(
	c messages.Keyed, kinds map[string]Kind, private bool, report func([]Report) bool,
) *line {
	l := &line{
		id:   c.ID,
		kept: c,
	}
	k, ok := kinds[c.Kind]
	switch {
	case c.Disabled:
		l.why = "the channel is disabled"
		return l
	case !ok:
		l.why = "this gateway has no channel of the kind " + c.Kind
		return l
	}
	l.perMinute, l.lasts = k.PerMinute, k.Lasts
	if n, err := strconv.Atoi(c.Settings["per_minute"]); err == nil && n > 0 {
		l.perMinute = n
	}
	ch, err := k.Open(Settings{
		Values:  c.Settings,
		Secrets: c.Secret,
		Private: private,
		Report:  report,
	})
	if err != nil {
		l.why = err.Error()
		return l
	}
	l.channel = ch
	return l
}

// same says whether a channel is still what the line was opened with.
func (l *line) same(c messages.Keyed) bool {
	return l.kept.Kind == c.Kind && l.kept.Disabled == c.Disabled &&
		maps.Equal(l.kept.Settings, c.Settings) && maps.Equal(l.kept.Secret, c.Secret)
}

// close ends the channel's connections, where it keeps any. Letters on their way may still end.
func (l *line) close() {
	if c, ok := l.channel.(io.Closer); ok {
		_ = c.Close()
	}
}

// share is how many letters a lane may send in a minute: a quarter is kept for alarms.
func (l *line) share(lane messages.Lane) int {
	if lane == messages.Alarm {
		return l.perMinute
	}
	return max(1, l.perMinute*3/4)
}

// mostRest is how long a lane's letters wait at most where the other side asks for more: what it says
// may be wrong, and it may be mended sooner.
func mostRest(lane messages.Lane) time.Duration {
	if lane == messages.Alarm {
		return 30 * time.Second
	}
	return 15 * time.Minute
}

// wait is how long the next letter of a lane has to wait; where it is 0 the letter counts as sent. A
// test passes a rest: it is how people find out whether the channel works again.
func (l *line) wait(lane messages.Lane, now time.Time, test bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.resting
	if most := l.rested.Add(mostRest(lane)); until.After(most) {
		until = most
	}
	if now.Before(until) && !test {
		return until.Sub(now)
	}
	if l.perMinute == 0 {
		return 0
	}
	for len(l.sent) > 0 && now.Sub(l.sent[0]) >= time.Minute {
		l.sent = l.sent[1:]
	}
	if n := l.share(lane); len(l.sent) >= n {
		return time.Minute - now.Sub(l.sent[len(l.sent)-n])
	}
	l.sent = append(l.sent, now)
	return 0
}

// note takes what came of an attempt into the channel's health, and has it rest where it is away.
func (l *line) note(out Outcome, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if out.Err == nil {
		l.health.Sent++
		l.health.LastSent, l.away, l.resting = now, 0, time.Time{}
		return
	}
	l.health.Failed++
	l.health.LastError, l.health.ErrorAt = out.Err.Error(), now
	if out.Verdict != Away {
		l.away = 0
		return
	}
	if l.away++; l.away == 1 {
		l.since = now
	}
	pause := min(out.Pause, mostRest(messages.Bulk))
	l.rested, l.resting = now, now.Add(max(min(time.Second<<min(l.away, 8), 2*time.Minute), pause))
}

func (l *line) failing() (Failing, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := Failing{
		Name:  l.kept.Name,
		Since: l.since,
		Why:   l.health.LastError,
	}
	if l.channel == nil {
		f.Since, f.Why = time.Time{}, l.why
		return f, !l.kept.Disabled
	}
	return f, l.away > 0
}

func (l *line) state() messages.ChannelHealth {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.health
	h.Rests = l.resting
	return h
}

// patience is how long one attempt may take.
func (l *line) patience(lane messages.Lane) time.Duration {
	if l.lasts > 0 {
		return l.lasts
	}
	if lane == messages.Alarm {
		return 15 * time.Second
	}
	return 30 * time.Second
}

// try sends a letter once.
func (l *line) try(ctx context.Context, lane messages.Lane, x Letter) Outcome {
	ctx, cancel := context.WithTimeout(ctx, l.patience(lane))
	defer cancel()
	return l.channel.Send(ctx, x)
}
