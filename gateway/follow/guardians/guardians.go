// Package guardians follows what guardians ask for: it has codes brought to them that were asked for on
// the guardians' page, tells whoever answers a request for leave, tells the guardian of the answer, raises
// the alert that a stranger came for a pupil, and forgets requests that were over for long enough. It
// decides of no request.
package guardians

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/leave"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// part is what the status page knows the follower by.
const part = "guardians"

const (
	every  = time.Second
	atOnce = 100 // codes and requests looked at between two looks at the clock
)

// Options are what the follower needs.
type Options struct {
	View      *registry.View
	Subscribe func(func(registry.Change)) (cancel func())
	Health    *follow.Health
	Base      string // how people reach the gateway; "": links could not be opened, and are left out
	// Answer is the path by which a user answers a step of a request until a time.
	Answer func(id g.LeaveRequestID, step int, by g.UserID, until time.Time) string
	Now    func() time.Time
}

// Follower follows codes and requests. Run is for one goroutine.
type Follower struct {
	o    Options
	wake chan struct{} // capacity 1: something has changed
}

// New makes a Follower.
func New(o Options) *Follower {
	return &Follower{
		o:    o,
		wake: make(chan struct{}, 1),
	}
}

// Run looks at what is due, once a second and at once when something changes, until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	defer f.o.Subscribe(f.heard)()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if !f.o.Health.Insist(ctx, part, func() error { return f.Look(ctx) }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-tick.C:
		}
	}
}

func (f *Follower) heard(c registry.Change) {
	if c.Kind != change.Guardians && c.Kind != change.LeaveRequest && c.Kind != change.Collector {
		return
	}
	select {
	case f.wake <- struct{}{}:
	default: // a look is due already
	}
}

// Look does what is due. The trouble of one request does not keep the others waiting.
func (f *Follower) Look(ctx context.Context) error {
	for {
		n, err := f.o.View.Guardians.SendCodes(ctx, atOnce)
		if err != nil {
			return err
		}
		if n < atOnce {
			break
		}
	}
	if err := f.strangers(ctx); err != nil {
		return err
	}
	for {
		due, err := f.o.View.Leave.Due(ctx, f.o.Now(), atOnce)
		if err != nil {
			return err
		}
		var errs []error
		for _, x := range due {
			if err := f.attend(ctx, x); err != nil {
				errs = append(errs, fmt.Errorf("request %s: %w", x.ID, err))
			}
		}
		if len(due) < atOnce || len(errs) > 0 {
			return errors.Join(errs...)
		}
	}
}

// attend does what is due of one request. What it does again changes nothing.
func (f *Follower) attend(ctx context.Context, x leave.Owed) error {
	var err error
	switch {
	case x.Ended:
	case x.TellStep:
		err = f.ask(ctx, x)
	case x.TellGuardian:
		err = f.answer(ctx, x)
	}
	if err != nil {
		return err
	}
	return f.o.View.Leave.Settle(ctx, x)
}

// idOf is the ID of a message, the same whenever the same is told again.
func idOf(what string, id g.LeaveRequestID) g.MessageID {
	sum := sha256.Sum256([]byte(what + " " + string(id)))
	return g.MessageID("msg_" + hex.EncodeToString(sum[:12]))
}

// ask tells those who answer the step that waits, each with a link of their own.
func (f *Follower) ask(ctx context.Context, x leave.Owed) error {
	users, err := f.o.View.Leave.Answerers(ctx, x.LeaveRequest)
	if err != nil || len(users) == 0 {
		return err
	}
	m, zone, err := f.message(ctx, x)
	if err != nil {
		return err
	}
	p, err := f.o.View.People.ToChange(ctx, x.Person)
	if err != nil {
		return gone(err)
	}
	step := x.Waiting()
	m.ID, m.Kind = idOf("ask "+strconv.Itoa(step), x.ID), "leave_ask"
	m.Params["class"] = p.Class
	m.Params["kind"], m.Params["kind_zh"] = kindWords(x.Kind)
	m.Params["days"] = strconv.Itoa(leave.Days(x.From, x.To, zone))
	until := x.To.Add(7 * 24 * time.Hour)
	var to []messages.To
	for _, u := range users {
		one := messages.To{User: u.ID}
		if f.o.Base != "" {
			one.Params = map[string]string{"link": f.o.Base + f.o.Answer(x.ID, step, u.ID, until)}
		}
		to = append(to, one)
	}
	_, err = f.o.View.Messages.Send(ctx, m, to)
	return gone(err)
}

// answer tells the guardian what came of the request.
func (f *Follower) answer(ctx context.Context, x leave.Owed) error {
	m, _, err := f.message(ctx, x)
	if err != nil {
		return err
	}
	m.ID, m.Kind = idOf("answer", x.ID), "leave_answer"
	m.Params["answer"], m.Params["answer_zh"] = "approved", "已批准"
	if x.State == g.LeaveRefused {
		m.Params["answer"], m.Params["answer_zh"] = "refused", "未批准"
		for _, s := range x.Steps {
			if s.Reason != "" {
				m.Params["reason"] = s.Reason
			}
		}
	}
	page, err := f.o.View.Guardians.Page(ctx, x.School)
	if err != nil {
		return err
	}
	if page.On && f.o.Base != "" {
		m.Params["link"] = f.o.Base + "/family/" + page.Code
	}
	_, err = f.o.View.Messages.Send(ctx, m, []messages.To{{Person: x.Guardian}})
	return gone(err)
}

// message is what both say. It has no reason for the leave: that is read on the page.
func (f *Follower) message(ctx context.Context, x leave.Owed) (messages.Message, *time.Location, error) {
	school, err := f.o.View.Places.School(ctx, x.School)
	if err != nil {
		return messages.Message{}, nil, err
	}
	names, err := f.o.View.People.Names(ctx, []g.PersonID{x.Person})
	return messages.Message{
		School: x.School,
		Lane:   messages.Notice,
		Params: map[string]string{
			"who":    names[x.Person],
			"time":   span(x.From, x.To, school.Location()),
			"school": school.Name,
		},
	}, school.Location(), err
}

// gone is nil where somebody who would be told is gone meanwhile.
func gone(err error) error {
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	return err
}

func kindWords(k g.LeaveKind) (en, zh string) {
	switch k {
	case g.LeaveSick:
		return "sick", "病假"
	case g.LeavePersonal:
		return "personal", "事假"
	}
	return "other", "其他"
}

// span is from when to when, in the school's time zone; whole days are days alone.
func span(from, to time.Time, zone *time.Location) string {
	from, to = from.In(zone), to.In(zone)
	midnight := func(t time.Time) bool { return t.Format(time.TimeOnly) == "00:00:00" }
	if !midnight(from) || !midnight(to) {
		return from.Format("2006-01-02 15:04") + " – " + to.Format("2006-01-02 15:04")
	}
	first, last := from.Format(time.DateOnly), to.AddDate(0, 0, -1).Format(time.DateOnly)
	if first == last {
		return first
	}
	return first + " – " + last
}
