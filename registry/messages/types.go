package messages

import (
	"encoding/json"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Lane says how urgent a message is. Each lane has workers of its own, so that none waits for
// another's.
type Lane string

// The lanes.
const (
	Alarm  Lane = "alarm"  // passes quiet hours and wishes
	Notice Lane = "notice" // to a few people
	Bulk   Lane = "bulk"   // to many
)

// Lanes lists them, the most urgent first.
func Lanes() []Lane { return []Lane{Alarm, Notice, Bulk} }

// Way is the root's, which chains name as well.
type Way = g.Way

// The ways.
const (
	Email Way = "email"
	SMS   Way = "sms"
	Push  Way = "push"  // a browser that subscribed
	Voice Way = "voice" // a telephone that is called
	Chat  Way = "chat"  // a group or topic: the address is the channel's own
)

// Ways lists them.
func Ways() []Way { return []Way{Email, SMS, Push, Voice, Chat} }

// Step is tried as a whole: all of its ways at once. The next step follows at once where nothing of
// this one can be sent or all of it failed, and after AfterSeconds where it was not read; 0 waits for
// no reading.
type Step struct {
	Ways         []Way `json:"ways"`
	AfterSeconds int   `json:"after_seconds,omitempty"`
}

// UnmarshalJSON also reads what earlier versions kept: the time in nanoseconds, as "after".
func (s *Step) UnmarshalJSON(b []byte) error {
	type plain Step
	kept := struct {
		*plain
		After time.Duration `json:"after"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(b, &kept); err != nil {
		return err
	}
	if kept.After > 0 {
		s.AfterSeconds = int(kept.After / time.Second)
	}
	return nil
}

// To is one recipient: a user, a person, or a channel whose address is its own. Exactly one is set.
type To struct {
	User    g.UserID    `json:"user,omitempty"`
	Person  g.PersonID  `json:"person,omitempty"`
	Channel g.ChannelID `json:"channel,omitempty"`

	// Role is for what a user is told, if for that: without it they are not told any more.
	Role g.Role `json:"-"`

	// Params are of this recipient only, such as a signed link; they precede the message's.
	Params map[string]string `json:"params,omitempty"`
}

// who identifies the recipient within a message.
func (t To) who() string {
	switch {
	case t.User != "":
		return string(t.User)
	case t.Person != "":
		return string(t.Person)
	}
	return string(t.Channel)
}

// Message is what is told: a template's name with its parameters, and how.
type Message struct {
	ID      g.MessageID       `json:"id"`
	School  g.SchoolID        `json:"school"`
	Lane    Lane              `json:"lane"`
	Kind    string            `json:"kind"` // of Kinds
	Params  map[string]string `json:"params,omitempty"`
	Alert   g.AlertID         `json:"alert,omitempty"`
	Steps   []Step            `json:"steps,omitempty"` // empty: DefaultSteps of the lane
	Asked   string            `json:"asked"`           // who asked for it
	Created time.Time         `json:"created"`
	Expires time.Time         `json:"expires"` // what is not sent by then is not sent
	// why nothing more is sent of it, and since when
	Stopped time.Time `json:"stopped,omitzero"`
	Why     string    `json:"why,omitempty"`
	// Again is the message that this one repeats for those who had not read it.
	Again g.MessageID `json:"again,omitempty"`
}

// DefaultSteps are a message's steps where it names none.
func DefaultSteps(l Lane) []Step {
	switch l {
	case Alarm:
		return []Step{
			{Ways: []Way{Push, Email, Chat}, AfterSeconds: 60},
			{Ways: []Way{SMS}, AfterSeconds: 120},
			{Ways: []Way{Voice}},
		}
	case Bulk:
		return []Step{{Ways: []Way{Push, Email, Chat}}, {Ways: []Way{SMS}}}
	}
	return []Step{{Ways: []Way{Push, Email, Chat}}, {Ways: []Way{SMS}}}
}

// State is what came of telling one recipient.
type State string

// The states. They rise, but for Failed and Stopped, which end it.
const (
	Waiting   State = "waiting"   // nothing was sent yet
	Queued    State = "queued"    // of one channel: to be sent
	Sent      State = "sent"      // the other side took it
	Delivered State = "delivered" // the other side says that it arrived
	Read      State = "read"
	Failed    State = "failed"
	Stopped   State = "stopped"
)

// States lists them.
func States() []State {
	return []State{Waiting, Queued, Sent, Delivered, Read, Failed, Stopped}
}

// Codes of what failed; channels add their own, such as "smtp 550".
const (
	NoAddress = "no_address" // no step has an address, or a channel for it
	NotWished = "not_wished" // a guardian who has not agreed to messages
	Expired   = "expired"
	LeftOut   = "stopped"
)

// Told is one recipient of a message with what came of it.
type Told struct {
	ID     int64      `json:"id"`
	User   g.UserID   `json:"user,omitempty"`
	Person g.PersonID `json:"person,omitempty"`
	// the channel, where it is the recipient
	Channel g.ChannelID `json:"channel,omitempty"`
	Name    string      `json:"name,omitempty"`
	State   State       `json:"state"`
	Code    string      `json:"code,omitempty"`
	Next    time.Time   `json:"next,omitzero"` // when the next step begins
	Read    time.Time   `json:"read,omitzero"`
	Ways    []Sending   `json:"ways" nullable:"false"`
}

// Sending is a message on its way to one recipient by one channel.
type Sending struct {
	ID        int64       `json:"id"`
	Channel   g.ChannelID `json:"channel"`
	Way       Way         `json:"way"`
	State     State       `json:"state"`
	Code      string      `json:"code,omitempty"`
	Error     string      `json:"error,omitempty"`
	Attempt   int         `json:"attempt"`
	Next      time.Time   `json:"next,omitzero"`
	Sent      time.Time   `json:"sent,omitzero"`
	Delivered time.Time   `json:"delivered,omitzero"`
	// the message in which it is told together with others
	Digest g.MessageID `json:"digest,omitempty"`
	// the address that it was for before the contact changed, most of it hidden
	Moved string `json:"moved,omitempty"`
}

// Counts says how many recipients of a message are in which state.
type Counts map[State]int

// Limits.
const (
	MaxRecipients = 35_000 // of one call of Send
	MaxParam      = 4000   // characters of a parameter
	MaxParams     = 32
	MaxSteps      = 6
	MaxAfter      = 24 * 60 * 60 // seconds
)
