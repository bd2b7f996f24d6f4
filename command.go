package gatehouse

import "time"

// DeviceRule begins the rule of an alert that the gateway raises about one device by itself,
// e.g. "device:flapping". No rule of a school can be called so.
const DeviceRule = "device:"

// CommandState is how far a command has come.
type CommandState string

// The states of a command. The last three are final.
const (
	// the device is away; it gets the command if it comes back in time
	CommandQueued CommandState = "queued"
	// on its way to the device, which has not taken it yet
	CommandSent CommandState = "sent"
	// the device has taken it; whether it did it, it does not say
	CommandDelivered CommandState = "delivered"
	CommandConfirmed CommandState = "confirmed" // its driver says that it is done
	CommandFailed    CommandState = "failed"    // refused, or nobody knows: see the reason
	// the device did not take it in time, and will not get it any more
	CommandExpired CommandState = "expired"
)

// DeviceCommand is one thing that a device was told to do, and what became of it.
type DeviceCommand struct {
	ID     string       `json:"id"`
	Device DeviceID     `json:"device"`
	Action string       `json:"action"`
	State  CommandState `json:"state"`
	// why it failed or expired, or what the driver said
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"` // who: a person, a key, or "rule " and the rule
	Made    time.Time `json:"made"`
	Due     time.Time `json:"due"` // it expires then, unless the device has taken it
	Changed time.Time `json:"changed"`
}
