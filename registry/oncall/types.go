package oncall

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Bounds of what a school keeps.
const (
	MaxRotas     = 100
	MaxChains    = 100
	MaxOverrides = 500 // of a rota, that are not over
)

// Member is somebody who can be named in a rota or a chain.
type Member struct {
	ID       g.UserID   `json:"id"`
	School   g.SchoolID `json:"school"`
	Name     string     `json:"name"`
	Role     g.Role     `json:"role"`
	Language string     `json:"-"`
	Able     bool       `json:"able"` // may handle the school's alerts now
}

// CallState says what becomes of an alert's chain.
type CallState string

// The states.
const (
	CallDue        CallState = "due"        // a step is to come
	CallAnswered   CallState = "answered"   // somebody has the alert in hand, or it is over
	CallUnanswered CallState = "unanswered" // nobody answered, and no step is left
	CallNone       CallState = "none"       // no chain is for the alert
)

// CallStates lists every state.
func CallStates() []CallState {
	return []CallState{CallDue, CallAnswered, CallUnanswered, CallNone}
}

// Call is how far the chain of an alert has come.
type Call struct {
	Alert   g.AlertID      `json:"alert"`
	School  g.SchoolID     `json:"school"`
	State   CallState      `json:"state"`
	Chain   g.EscalationID `json:"chain,omitempty"`
	Step    int            `json:"step"`  // the next, from 0
	Round   int            `json:"round"` // how often the steps were gone through
	Due     time.Time      `json:"due,omitzero"`
	Told    bool           `json:"-"` // somebody was told in this round
	Retold  int            `json:"-"` // the alert's count that the call is for
	Version int            `json:"-"` // of the alert that was seen last
	// the alert that tells the head of it, while nobody has answered
	Head g.AlertID `json:"head,omitempty"`
	// the highest number of the log, so that an entry is written once
	Logged int `json:"-"`
}

// CallEntry is one line of what an alert's chain did.
type CallEntry struct {
	At      time.Time      `json:"at"`
	Due     time.Time      `json:"due"` // when it was to be done
	Chain   g.EscalationID `json:"chain,omitempty"`
	Step    int            `json:"step"`
	Round   int            `json:"round"`
	What    CallWhat       `json:"what"`
	User    g.UserID       `json:"user,omitempty"`
	Name    string         `json:"name,omitempty"` // of the user, for people
	Rota    g.RotaID       `json:"rota,omitempty"` // by which the user is on duty, or which is empty
	Channel string         `json:"channel,omitempty"`
	Message string         `json:"message,omitempty"` // the id of what was sent

	// What is read with the log, and not kept in it: names, and what came of the message.
	RotaName    string         `json:"rota_name,omitempty"`
	ChannelName string         `json:"channel_name,omitempty"`
	State       messages.State `json:"state,omitempty"`
	Code        string         `json:"code,omitempty"`
	Read        time.Time      `json:"read,omitzero"`
	Ways        []CallWay      `json:"ways,omitempty"`
}

// CallWay is a message on its way to one person by one channel.
type CallWay struct {
	Channel     g.ChannelID    `json:"channel"`
	ChannelName string         `json:"channel_name,omitempty"` // empty: the channel is gone
	Way         messages.Way   `json:"way"`
	State       messages.State `json:"state"`
	Code        string         `json:"code,omitempty"` // why it failed
	Sent        time.Time      `json:"sent,omitzero"`
	Delivered   time.Time      `json:"delivered,omitzero"`
}

// CallWhat is what happened.
type CallWhat string

// What can happen in a step.
const (
	CallTold     CallWhat = "told"
	CallNoRights CallWhat = "no_rights" // the user may not handle alerts here any more
	CallNobody   CallWhat = "nobody"    // nobody is on duty in the rota
	CallGone     CallWhat = "gone"      // the rota or channel is there no more
	CallNoWay    CallWhat = "no_way"    // the message could not be handed over
	CallRanOut   CallWhat = "ran_out"   // the last step was not answered: the head is told
)

// CallWhats lists every one.
func CallWhats() []CallWhat {
	return []CallWhat{
		CallTold, CallNoRights, CallNobody, CallGone, CallNoWay, CallRanOut,
	}
}
