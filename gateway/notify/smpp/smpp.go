package smpp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// Channel sends by one message centre. It is safe for several goroutines.
type Channel struct {
	settings
	report func([]post.Report) bool // nil: nobody takes reports
	parts  parts

	stop    context.CancelFunc // of keep
	running sync.WaitGroup
	binding chan struct{} // holds one while nobody binds

	mu      sync.Mutex
	bound   *session // may have ended
	begun   map[string][]string
	sending int
	closed  bool
}

// mostBegun is how many letters are remembered of which the centre took some parts and not all.
const mostBegun = 1000

// Open makes a channel of settings. Where somebody takes reports it is bound from now on, and again
// whenever the connection ends, until Close.
func Open(s post.Settings) (*Channel, error) {
	checked, err := read(s)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Channel{
		settings: checked,
		report:   s.Report,
		parts:    parts{of: map[string]*letter{}},
		stop:     stop,
		binding:  make(chan struct{}, 1),
		begun:    map[string][]string{},
	}
	c.binding <- struct{}{}
	if s.Report != nil && c.receipts {
		c.running.Go(func() { c.keep(ctx) })
	}
	return c, nil
}

// Close ends the connection, once what is being sent has ended.
func (c *Channel) Close() error {
	c.stop()
	c.mu.Lock()
	c.closed = true
	last := c.sending == 0
	c.mu.Unlock()
	if last {
		c.hangUp()
	}
	return nil
}

// hangUp ends the connection and waits for what reads it.
func (c *Channel) hangUp() {
	<-c.binding
	defer func() { c.binding <- struct{}{} }()
	c.mu.Lock()
	bound := c.bound
	c.mu.Unlock()
	if bound != nil {
		bound.unbind()
	}
	c.running.Wait()
}

// Pauses between attempts to bind while nothing is to be sent.
const (
	leastPause = time.Second
	mostPause  = time.Minute
)

// keep stays bound until ctx ends, so that the centre can report.
func (c *Channel) keep(ctx context.Context) {
	pause := leastPause
	for ctx.Err() == nil {
		s, err := c.session(ctx)
		if err == nil {
			pause = leastPause
			select {
			case <-ctx.Done():
				return
			case <-s.ended:
			}
		}
		timer := time.NewTimer(pause)
		pause = min(2*pause, mostPause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
}

// session is the connection, bound anew where it ended.
func (c *Channel) session(ctx context.Context) (*session, error) {
	select {
	case <-c.binding:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { c.binding <- struct{}{} }()
	c.mu.Lock()
	s := c.bound
	c.mu.Unlock()
	if s != nil {
		select {
		case <-s.ended:
		default:
			return s, nil
		}
	}
	s, err := bind(ctx, c.settings, c.hear, &c.running)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound = s
	return s, nil
}

// Send sends one letter, in as many parts as it takes. An attempt after one that broke off goes on with
// the parts that the centre does not have.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	c.mu.Lock()
	c.sending++
	c.mu.Unlock()
	defer c.sent()
	all, err := c.submits(l.ID, l.To, l.Cut(most))
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Code:    "bad_address",
			Err:     fmt.Errorf("the number or the text cannot be sent by SMPP"),
		}
	}
	s, err := c.session(ctx)
	if err != nil {
		return unbound(err)
	}
	whole := c.resume(l.ID, len(all))
	for i := len(whole.taken); i < len(all); i++ {
		taken := func(id string) {
			id = c.named(id, false)
			whole.taken = append(whole.taken, id)
			if len(all) > 1 {
				c.parts.add(id, whole.letter)
			}
		}
		a, sent, err := s.ask(ctx, all[i], taken)
		if err == nil && a.status == data.ESME_ROK {
			continue
		}
		c.broke(l.ID, whole.taken)
		if err != nil {
			return broken(err, sent)
		}
		if a.status == data.ESME_RINVBNDSTS {
			s.end(refusal(a.status)) // it does not know that we are bound
		}
		return refused(a.status)
	}
	c.broke(l.ID, nil)
	out := post.Outcome{Code: "smpp 0"}
	if c.receipts {
		out.Peer = whole.taken[len(all)-1]
	}
	return out
}

// sent notes that an attempt ended.
func (c *Channel) sent() {
	c.mu.Lock()
	c.sending--
	last := c.closed && c.sending == 0
	c.mu.Unlock()
	if last {
		c.hangUp()
	}
}

// progress is a letter on its way.
type progress struct {
	*letter
	taken []string // the centre's names of the parts that it has, in order
}

// resume is how far a letter came in the attempt before.
func (c *Channel) resume(id string, n int) *progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := &progress{
		letter: &letter{id, n},
		taken:  c.begun[id],
	}
	for _, part := range x.taken {
		c.parts.add(part, x.letter)
	}
	return x
}

// broke notes how far a letter came; nil: to its end, or nowhere.
func (c *Channel) broke(id string, taken []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.begun, id)
	if len(taken) == 0 {
		return
	}
	for other := range c.begun {
		if len(c.begun) < mostBegun {
			break
		}
		delete(c.begun, other) // its next attempt begins anew
	}
	c.begun[id] = taken
}
