package notify

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Channel is one way to send. Its methods may be called by several goroutines at a time, Send
// for one target by one.
type Channel interface {
	// Write is the body of a message about an event, as it is queued and sent.
	Write(e *g.Event) ([]byte, error)

	// Trial is the body of a test message.
	Trial(w g.Webhook, id string, now time.Time) ([]byte, error)

	// Kind is the kind of event in a queued body, "" in a trial; false where the body is not this
	// channel's.
	Kind(body []byte) (kind g.EventKind, ok bool)

	// Send tries once. It returns soon after ctx ends, and bounds by itself how long it waits
	// for the other side.
	Send(ctx context.Context, m Message) Outcome
}

// Message is what a channel sends in one attempt.
type Message struct {
	ID      string   // the event's; the same in each attempt
	Subject string   // whose messages come in order; "" where there is none
	Seq     uint64   // rises from one message of a subject to the next
	To      string   // the target's address
	Secrets []string // shared with the target, the newest first
	Body    []byte
	Now     time.Time // of this attempt
}

// Outcome is what came of an attempt. Without an error the message was delivered.
type Outcome struct {
	Status int // what the other side answered, in the channel's own numbers; 0: nothing
	Err    error
	Fault  Fault         // whose the error is; of no meaning without one
	Pause  time.Duration // how long the other side asks to wait; 0: it does not say
}

// Fault says whose a failure is, so that the queue knows what has to wait with it.
type Fault int

const (
	Refused Fault = iota // the message's: other subjects go on
	Unclear              // the message's or the target's: a message of another subject will tell
	Away                 // the target's, which says so itself: everything for it waits
	Gone                 // the target wants nothing more: it is disabled
)
