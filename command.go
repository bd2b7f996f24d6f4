package gatehouse

import "time"

// DeviceRule is the prefix of the rule IDs of the gateway's own alerts about one device, e.g.
// "device:flapping". Rules of a school cannot have it.
const DeviceRule = "device:"

// CommandState is the progress of a command.
type CommandState string

// The states of a command. The last three are final.
const (
	// the device is unreachable; it gets the command if it returns in time
	CommandQueued CommandState = "queued"
	// on its way to the device, which has not taken it yet
	CommandSent CommandState = "sent"
	// the device has received it, but does not report whether it executed it
	CommandDelivered CommandState = "delivered"
	CommandConfirmed CommandState = "confirmed" // its driver reports that it is done
	CommandFailed    CommandState = "failed"    // refused, or outcome unknown: see Reason
	// the device did not receive it in time, and will not get it any more
	CommandExpired CommandState = "expired"
)

// DeviceCommand is a command to a device, with its progress.
type DeviceCommand struct {
	ID     string       `json:"id"`
	Device DeviceID     `json:"device"`
	Action string       `json:"action"`
	State  CommandState `json:"state"`
	// why it failed or expired, or what the driver said
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"` // who: a person, a key, or "rule " and the rule's ID
	Made    time.Time `json:"made"`
	Due     time.Time `json:"due"` // expires then, unless the device has received it
	Changed time.Time `json:"changed"`
}
