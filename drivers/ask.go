package drivers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Limits on questions to the gateway.
const (
	AskWithin = 100 * time.Millisecond // an answer that takes longer is dropped
	MaxAsks   = 64                     // concurrent questions of one driver program
)

// Ask asks the gateway whether somebody may pass, or eat, and returns within AskWithin. It fills in
// the question's Device field. If the gateway does not answer in time, MaxAsks questions are
// already waiting, or the gateway speaks version 1 of the contract, the answer is the no_answer
// rule of the device's profile, with [gatehouse.ReasonNoAskAnswer]; a pass allowed by that rule is
// reported to the gateway as an occurrence, and a till tells what it gave meanwhile with Served,
// until that is answered. An error means that the question is invalid, for example an empty
// credential: let nobody pass. Ask works on the Device that was given to Connect and is safe for
// concurrent use.
func (d Device) Ask(ctx context.Context, a gatehouse.Ask) (gatehouse.Answer, error) {
	a.Device = d.ID
	if err := a.Check(d.Profile); err != nil {
		return gatehouse.Answer{}, err
	}
	if d.link != nil {
		if answer, ok := d.link.fleet.asks.ask(ctx, a); ok {
			return answer, nil
		}
	}
	answer := d.Profile.Unanswered()
	if answer.Allow && d.link != nil && !a.Served {
		d.link.letPass(d.Profile, a)
	}
	return answer, nil
}

// asks holds the unanswered questions of a session. The zero value sends none.
type asks struct {
	queue chan *driverpb.Ask // to be sent; capacity MaxAsks

	mu      sync.Mutex
	waiting map[uint64]chan gatehouse.Answer // by id
	last    uint64
}

// newAsks returns the asks for a version of the contract; before version 2 it sends none.
func newAsks(version int) *asks {
	if version < 2 {
		return &asks{}
	}
	return &asks{
		queue:   make(chan *driverpb.Ask, MaxAsks),
		waiting: map[uint64]chan gatehouse.Answer{},
	}
}

// ask waits for the gateway's answer, AskWithin at most; false: there was none.
func (q *asks) ask(ctx context.Context, a gatehouse.Ask) (gatehouse.Answer, bool) {
	id, got := q.enter()
	if got == nil {
		return gatehouse.Answer{}, false
	}
	defer q.leave(id)
	select {
	case q.queue <- driverpb.FromAsk(id, a):
	default: // full of questions whose callers have given up
		return gatehouse.Answer{}, false
	}
	timer := time.NewTimer(AskWithin)
	defer timer.Stop()
	select {
	case answer := <-got:
		return answer, true
	case <-timer.C:
	case <-ctx.Done():
	}
	return gatehouse.Answer{}, false
}

// enter registers a question under a new id; the channel is nil if too many are waiting.
func (q *asks) enter() (uint64, chan gatehouse.Answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queue == nil || len(q.waiting) >= MaxAsks {
		return 0, nil
	}
	q.last++
	got := make(chan gatehouse.Answer, 1)
	q.waiting[q.last] = got
	return q.last, got
}

func (q *asks) leave(id uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, id)
}

// wanted reports whether somebody still waits for the answer to a question.
func (q *asks) wanted(id uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[id] != nil
}

// answered hands an answer to whoever waits for it. Late and unknown answers are dropped.
func (q *asks) answered(w *driverpb.Answer) {
	q.mu.Lock()
	got := q.waiting[w.GetId()]
	delete(q.waiting, w.GetId())
	q.mu.Unlock()
	if got != nil {
		got <- driverpb.ToAnswer(w)
	}
}

// Limits on the report of unanswered passes.
const (
	maxUntold  = 64                     // waiting, of one device; further ones are only logged
	tellWithin = StopTimeout / 2        // after the device was released; the rest is only logged
	tellPause  = 500 * time.Millisecond // before a refused report is repeated
)

// letPass queues the report that somebody passed without an answer from the gateway. The report
// does not say who: an unanswered credential identifies nobody.
func (w *worker) letPass(p gatehouse.Profile, a gatehouse.Ask) {
	slog.Warn("somebody passed although the gateway did not answer", "device", w.id)
	if w.fleet.asks.queue == nil {
		return // version 1 has no occurrences
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hushed {
		select {
		case w.untold <- unanswered(w.id, p, a):
			return
		default:
		}
	}
	slog.Error("that somebody passed is not told to the gateway: the device is released, or too much "+
		"waits to be told", "device", w.id)
}

// unanswered is the report of a pass, with the data that the profile has for it.
func unanswered(id gatehouse.DeviceID, p gatehouse.Profile, a gatehouse.Ask) gatehouse.Observation {
	o := gatehouse.Observation{
		Device:     id,
		Time:       time.Now(),
		Occurrence: &gatehouse.Occurrence{Kind: gatehouse.OccurrenceUnanswered},
	}
	known := p.Events[string(gatehouse.OccurrenceUnanswered)].Data
	for name, value := range map[string]string{
		"method":    string(a.Method),
		"direction": string(a.Direction),
	} {
		if _, ok := known[name]; !ok || value == "" {
			continue
		}
		if o.Occurrence.Data == nil {
			o.Occurrence.Data = map[string]gatehouse.Value{}
		}
		o.Occurrence.Data[name] = gatehouse.StringValue(value)
	}
	return o
}

// tellPassed reports the queued passes one by one, each until the gateway takes it. Once the device
// is released it reports what is still queued, and returns. What it cannot report until ctx ends, it
// logs.
func (w *worker) tellPassed(ctx context.Context, released <-chan struct{}) {
	for {
		select {
		case o := <-w.untold:
			w.tell(ctx, o)
		case <-released:
			if w.hush() {
				return
			}
		}
	}
}

// hush makes letPass queue nothing more; false: something is queued still.
func (w *worker) hush() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hushed = len(w.untold) == 0
	return w.hushed
}

// tell reports one pass until the gateway takes it, the session ends or ctx does.
func (w *worker) tell(ctx context.Context, o gatehouse.Observation) {
	for {
		err := w.fleet.out.emit(ctx, []gatehouse.Observation{o})
		if err == nil {
			return
		}
		timer := time.NewTimer(tellPause)
		select {
		case <-timer.C:
			continue
		case <-w.fleet.out.over:
		case <-ctx.Done():
		}
		timer.Stop()
		slog.Error("that somebody passed is not told to the gateway: the device is released", "device",
			w.id, "at", o.Time, "reason", err)
		return
	}
}
