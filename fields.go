package gatehouse

import "time"

// UnknownField is something that a device sends and that its profile does not know.
type UnknownField struct {
	Device DeviceID `json:"device"`
	Name   string   `json:"name"`
	// number, boolean or string; "": no single value, or none yet
	Kind    string    `json:"kind,omitempty"`
	Example string    `json:"example,omitempty"` // the newest number or truth; texts are not kept
	Count   int64     `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}
