package post

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Of 20 letters a minute a broadcast takes 15, and alarms find the rest free.
func TestABroadcastLeavesRoomForAlarms(t *testing.T) {
	l := &line{perMinute: 20}
	now := time.Unix(1_800_000_000, 0)
	sent := map[messages.Lane]int{}
	for range 30 {
		if l.wait(messages.Bulk, now, false) == 0 {
			sent[messages.Bulk]++
		}
	}
	for range 30 {
		if l.wait(messages.Alarm, now.Add(time.Second), false) == 0 {
			sent[messages.Alarm]++
		}
	}
	if sent[messages.Bulk] != 15 || sent[messages.Alarm] != 5 {
		t.Errorf("got %v in a minute, want 15 and 5", sent)
	}
	if d := l.wait(messages.Alarm, now.Add(59*time.Second), false); d <= 0 || d > 2*time.Second {
		t.Errorf("got a wait of %v, want it until the first is a minute old", d)
	}
	if d := l.wait(messages.Alarm, now.Add(61*time.Second), false); d != 0 {
		t.Errorf("got a wait of %v, want none", d)
	}
}

// A channel that says it is away rests, longer each time and at most two minutes of our own, or as long
// as it asks for within a quarter of an hour; alarms try it every 30 s, and tests at once. A letter
// that is refused says nothing of the channel.
func TestAChannelThatIsAwayRests(t *testing.T) {
	l := &line{}
	now := time.Unix(1_800_000_000, 0)
	away := Outcome{Verdict: Away, Err: errors.New("away")}
	var rests []time.Duration
	for range 9 {
		l.note(away, now)
		rests = append(rests, l.wait(messages.Bulk, now, false))
	}
	if rests[0] != 2*time.Second || rests[8] != 2*time.Minute {
		t.Errorf("got rests of %v, want 2 s to 2 min", rests)
	}
	if d := l.wait(messages.Alarm, now, false); d != 30*time.Second {
		t.Errorf("got a rest of %v for alarms, want 30 s", d)
	}
	l.note(Outcome{Verdict: Away, Err: errors.New("away"), Pause: 24 * time.Hour}, now)
	if d := l.wait(messages.Bulk, now, false); d != 15*time.Minute {
		t.Errorf("got a rest of %v, want a quarter of an hour of the day that it asks for", d)
	}
	if d := l.wait(messages.Alarm, now, false); d != 30*time.Second {
		t.Errorf("got a rest of %v for alarms, want 30 s of the day that it asks for", d)
	}
	if d := l.wait(messages.Alarm, now, true); d != 0 {
		t.Errorf("got a rest of %v for a test, want none", d)
	}
	l.note(Outcome{}, now)
	if d := l.wait(messages.Bulk, now, false); d != 0 {
		t.Errorf("got a rest of %v after it took a letter, want none", d)
	}
	l = &line{}
	l.note(Outcome{Verdict: Refused, Err: errors.New("no")}, now)
	if d := l.wait(messages.Alarm, now, false); d != 0 {
		t.Errorf("got a rest of %v after a refusal, want none", d)
	}
}
