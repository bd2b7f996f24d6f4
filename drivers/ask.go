package drivers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Bounds of questions, which both sides keep.
const (
	AskWithin = 100 * time.Millisecond // an answer that takes longer is none
	MaxAsks   = 64                     // of a driver program that wait for an answer at a time
)

// Ask asks the gateway whether somebody may pass, or eat, and has the answer within AskWithin. The
// Device field of the question is filled in. Where the gateway does not answer in time, has too
// many questions already, or speaks version 1 of the contract, it is what the device's profile says
// under no_answer; a pass that is allowed so is told to the gateway as an occurrence. An error means
// that there is nothing to ask, such as an empty credential: nobody passes. It is for the Device
// that Connect was given, and may be called from several goroutines.
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

// asks are a session's questions that wait for their answer. The zero value asks nobody.
type asks struct {
	queue chan *driverpb.Ask // to be sent; its size is MaxAsks

	mu      sync.Mutex
	waiting map[uint64]chan gatehouse.Answer // by id
	last    uint64
}

// newAsks are those of a session of a version of the contract.
func newAsks(version int) *asks {
	if version < 2 {
		return &asks{}
	}
	return &asks{
		queue:   make(chan *driverpb.Ask, MaxAsks),
		waiting: map[uint64]chan gatehouse.Answer{},
	}
}

// ask waits for the gateway's answer, for AskWithin at most.
func (q *asks) ask(ctx context.Context, a gatehouse.Ask) (gatehouse.Answer, bool) {
	id, got := q.enter()
	if got == nil {
		return gatehouse.Answer{}, false
	}
	defer q.leave(id)
	select {
	case q.queue <- driverpb.FromAsk(id, a):
	default: // full of those that nobody waits for any more
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

// enter gives a question its id; there is no channel where there are too many.
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

// wanted says whether somebody still waits for the answer to a question.
func (q *asks) wanted(id uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[id] != nil
}

// answered hands an answer to whoever waits for it. One that is late, or of no question, is dropped.
func (q *asks) answered(w *driverpb.Answer) {
	q.mu.Lock()
	got := q.waiting[w.GetId()]
	delete(q.waiting, w.GetId())
	q.mu.Unlock()
	if got != nil {
		got <- driverpb.ToAnswer(w)
	}
}

// maxUntold is how many passes of a device wait to be told to the gateway. What is over it stands
// in the program's log alone.
const maxUntold = 64

// letPass has the gateway told, once it takes observations again, that somebody passed although it
// did not answer. Of who it was nothing is said: nobody knows.
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
		return // a gateway of version 1 takes no occurrences
	}
	select {
	case w.untold <- o:
	default:
		slog.Error("that somebody passed is not told to the gateway: too much waits to be",
			"device", w.id)
	}
}

// tellPassed tells the gateway of them, one by one and again until it takes them, until ctx ends.
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
