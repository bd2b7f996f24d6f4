package host

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// askTold is the minimum time between log entries about unanswered questions.
const askTold = time.Minute

// asking answers the questions of one run of a program, each in a goroutine of its own, so that no
// question waits for another or for observations being written.
type asking struct {
	s       *supervisor
	places  chan struct{} // semaphore of questions being answered; capacity drivers.MaxAsks
	answers chan *timely  // to be sent; capacity drivers.MaxAsks
	running sync.WaitGroup
}

// timely is an answer with its deadline.
type timely struct {
	answer *driverpb.Answer
	due    time.Time
}

func newAsking(s *supervisor) *asking {
	return &asking{
		s:       s,
		places:  make(chan struct{}, drivers.MaxAsks),
		answers: make(chan *timely, drivers.MaxAsks),
	}
}

// begin answers a question in the background. It does not block: if drivers.MaxAsks are being
// answered already, the question gets no answer and its device follows its profile's no_answer
// rule.
func (k *asking) begin(ctx context.Context, w *driverpb.Ask) {
	due := time.Now().Add(drivers.AskWithin)
	if n := proto.Size(w); n > driverpb.MaxAsk {
		k.missed(fmt.Sprintf("it has %d bytes; at most %d are taken", n, driverpb.MaxAsk))
		return
	}
	select {
	case k.places <- struct{}{}:
	default:
		k.missed(fmt.Sprintf("it asks more than %d at a time", drivers.MaxAsks))
		return
	}
	k.running.Go(func() {
		defer func() { <-k.places }()
		k.answer(ctx, w, due)
	})
}

func (k *asking) answer(ctx context.Context, w *driverpb.Ask, due time.Time) {
	answerer := k.s.host.options.Answer
	if answerer == nil {
		k.missed("this gateway answers nobody")
		return
	}
	ctx, cancel := context.WithDeadline(ctx, due)
	defer cancel()
	a, err := answerer(ctx, k.s.spec.Name, driverpb.ToAsk(w))
	switch {
	case err != nil:
		k.missed(err.Error())
		return
	case ctx.Err() != nil:
		k.missed("the answer came too late")
		return
	}
	select {
	case k.answers <- &timely{driverpb.FromAnswer(w.GetId(), a), due}:
	default:
		k.missed("it does not take its answers")
	}
}

// send sends an answer unless its deadline has passed.
func (k *asking) send(x *session, t *timely) {
	if time.Now().After(t.due) {
		k.missed("the answer came too late")
		return
	}
	x.send(&driverpb.FromHost{Message: &driverpb.FromHost_Answer{Answer: t.answer}})
	k.s.mu.Lock()
	k.s.status.Answered++
	k.s.mu.Unlock()
}

// missed counts an unanswered question and logs it, at most once per askTold.
func (k *asking) missed(reason string) {
	now := k.s.host.options.Now()
	k.s.mu.Lock()
	k.s.status.Unanswered++
	n := k.s.status.Unanswered
	silent := now.Sub(k.s.askTold).Abs() < askTold
	if !silent {
		k.s.askTold = now
	}
	k.s.mu.Unlock()
	if !silent {
		k.s.host.options.Logger.Warn("a driver's question was not answered; its device does what "+
			"its profile says under no_answer", "driver", k.s.spec.Name, "reason", reason,
			"unanswered", n)
	}
}
