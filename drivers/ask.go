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
// rule of the device's profile; a pass allowed by that rule is reported to the gateway as an
// occurrence. An error means that the question is invalid, for example an empty credential: let
// nobody pass. Ask works on the Device that was given to Connect and is safe for concurrent use.
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
	if answer.Allow && d.link != nil {
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

// maxUntold is how many unanswered passes of a device wait to be reported to the gateway. Further
// ones are only logged.
const maxUntold = 64

// letPass queues the report that somebody passed without an answer from the gateway. The report
// does not say who: an unanswered credential identifies nobody.
func (w *worker) letPass(p gatehouse.Profile, a gatehouse.Ask) {
	o := gatehouse.Observation{
		Device:     w.id,
		Time:       time.Now(),
		Occurrence: &gatehouse.Occurrence{Kind: gatehouse.OccurrenceUnanswered},
	}
	data := map[string]gatehouse.Value{}
	for name, value := range map[string]string{
		"method":    string(a.Method),
		"direction": string(a.Direction),
	} {
		if _, ok := p.Events[string(gatehouse.OccurrenceUnanswered)].Data[name]; ok && value != "" {
			data[name] = gatehouse.StringValue(value)
		}
	}
	if len(data) > 0 {
		o.Occurrence.Data = data
	}
	slog.Warn("somebody passed although the gateway did not answer", "device", w.id)
	if w.fleet.asks.queue == nil {
		return // version 1 has no occurrences
	}
	select {
	case w.untold <- o:
	default:
		slog.Error("that somebody passed is not told to the gateway: too much waits to be",
			"device", w.id)
	}
}

// tellPassed reports the queued passes one by one, each until the gateway takes it, until ctx ends.
func (w *worker) tellPassed(ctx context.Context) {
	for {
		select {
		case o := <-w.untold:
			for w.fleet.out.emit(ctx, []gatehouse.Observation{o}) != nil && ctx.Err() == nil {
				timer := time.NewTimer(firstPause)
				select {
				case <-timer.C:
				case <-ctx.Done():
				}
				timer.Stop()
			}
		case <-ctx.Done():
			return
		}
	}
}
