package gatehouse

import (
	"slices"
	"time"
)

// DeviceRule is the prefix of the rule IDs of the gateway's own alerts about one device, e.g.
// "device:flapping". Rules of a school cannot have it.
const DeviceRule = "device:"

// ByRule is the prefix of DeviceCommand.By for a rule's command; its ID follows.
const ByRule = "rule "

// NotConnected is the Reason of a driver's error about a device with which it has no connection:
// the command was not sent, and can be sent later.
const NotConnected = "not_connected"

// CommandState is the progress of a command.
type CommandState string

// The states of a command: accepted -> sent -> one of the others, which are final. A command that
// was sent without an answer is sent again only if its action is idempotent.
const (
	// the gateway keeps it, and sends it once the device is there
	CommandAccepted CommandState = "accepted"
	// on its way to the device, which has not answered yet
	CommandSent CommandState = "sent"
	// the device has received it, but does not report whether it executed it
	CommandDelivered CommandState = "delivered"
	CommandApplied   CommandState = "applied" // its driver reports that it is done
	CommandRefused   CommandState = "refused" // not done: see Reason
	// it was not sent in time, and will not be
	CommandExpired CommandState = "expired"
	// it was sent, and the answer was lost: it may have been done
	CommandUnknown CommandState = "unknown"
)

// CommandStates lists every state, in the order of a command's life.
func CommandStates() []CommandState {
	return []CommandState{
		CommandAccepted, CommandSent, CommandDelivered, CommandApplied, CommandRefused,
		CommandExpired, CommandUnknown,
	}
}

// Final reports whether a command in this state keeps it.
func (s CommandState) Final() bool { return s != CommandAccepted && s != CommandSent }

// DeviceCommand is a command to a device, with its progress.
type DeviceCommand struct {
	ID     string       `json:"id"`
	School SchoolID     `json:"school,omitempty"`
	Device DeviceID     `json:"device"`
	Action string       `json:"action"`
	State  CommandState `json:"state"`
	// why it was refused, expired or is unknown, or what the driver said
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"` // who: a person, a key, or "rule " and the rule's ID
	Made    time.Time `json:"made"`
	Due     time.Time `json:"due"` // expires then, unless it was sent
	Changed time.Time `json:"changed"`

	// Times are the states that it has come to, in order.
	Times []CommandTime `json:"times,omitempty"`
	// Alert and Lockdown are what it was given for, if anything.
	Alert    AlertID    `json:"alert,omitempty"`
	Lockdown LockdownID `json:"lockdown,omitempty"`
	Drill    bool       `json:"drill,omitempty"` // it was given in a drill
	Tries    int        `json:"tries,omitempty"` // how often it was sent

	// Said is Reason for other languages, see Text.Keep; not part of events.
	Said []byte `json:"-"`
}

// CommandTime is when a command came to a state.
type CommandTime struct {
	State CommandState `json:"state"`
	At    time.Time    `json:"at"`
	// Lost is for one that waits again: it was sent, and nobody knows what became of it.
	Lost bool `json:"lost,omitempty"`
}

// Lost reports whether an answer to the command was lost: it may have been done.
func (c DeviceCommand) Lost() bool {
	return slices.ContainsFunc(c.Times, func(t CommandTime) bool { return t.Lost })
}
