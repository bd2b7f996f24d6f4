package post

import (
	"context"
	"net/http"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Channel is one way to send, with its settings. Send may be called by several goroutines at a time.
// One that keeps connections may be an io.Closer: it is closed once, when its settings have changed or
// the queue ends, and must let end what is being sent.
type Channel interface {
	// Send tries once. It returns soon after ctx ends.
	Send(ctx context.Context, l Letter) Outcome
}

// Letter is what a channel sends in one attempt.
type Letter struct {
	ID       string // the same in each attempt; letters, digits, '_' and '-'
	To       string // "": the channel's own address
	Subject  string // one line
	Text     string
	Language string // en or zh-CN
	Link     string // where it is answered or read; ""
	Stop     string // where the reader ends such messages; ""
	Urgent   bool
	Now      time.Time // of this attempt
	Made     time.Time // the same in each attempt
}

// Outcome is what came of an attempt.
type Outcome struct {
	Verdict Verdict
	Code    string        // what the other side answered, e.g. "smtp 550"
	Err     error         // nil where it took the letter
	Pause   time.Duration // how long the other side asks to wait; 0: it does not say
	Peer    string        // how the other side names the letter in later reports
}

// Verdict says what is to follow.
type Verdict int

const (
	Taken   Verdict = iota // the other side has it
	Arrived                // and says that it reached the recipient
	Later                  // this letter is tried again
	Away                   // nothing can be sent by this channel now: all of it rests
	Refused                // this letter will never be taken
	Lost                   // the address is gone: it is not used again
	// Unsure: the other side has all of it and did not say whether it took it. It is tried once more;
	// where that ends so again it counts as sent, since each further attempt may be a copy.
	Unsure
)

// Settings are a channel's, by name.
type Settings struct {
	Values, Secrets map[string]string
	Private         bool // private addresses may be connected to (setting webhooks.private)

	// Report takes what the other side says later of letters that it took, and does not block; false: it
	// has no room now, and the other side is to say it again. nil: nobody takes reports, such as where
	// settings are only checked.
	Report func([]Report) bool
}

// Report is what the other side of a channel says of a letter later.
type Report = messages.DeliveryReport

// Posted is a report as the other side posts it.
type Posted struct {
	Header http.Header
	Body   []byte // at most 256 KiB
	Now    time.Time
}

// Kind is a kind of channel: its settings, and how one is opened. Open refuses settings with an
// error that names the field.
type Kind struct {
	Name      string
	Fields    []Field
	PerMinute int // how many letters the other side takes a minute; 0: any number
	// how long one attempt may take; 0: 15 s for alarms, else 30 s
	Lasts time.Duration
	// Make fills in what a new channel makes by itself, such as a key; nil: nothing.
	Make func(Settings) error
	Open func(Settings) (Channel, error)
	// Reports reads a report that the other side posts; nil: it posts none. It refuses, with Unauthenticated,
	// what is not signed as the settings ask.
	Reports func(Settings, Posted) ([]Report, error)
	Taken   string // what a report that was taken is answered with; "": nothing
}

// Field is one setting of a kind of channel.
type Field = messages.ChannelField
