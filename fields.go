package gatehouse

import "time"

// UnknownField is a field that a device sends and its profile does not have.
type UnknownField struct {
	Device DeviceID `json:"device"`
	Name   string   `json:"name"`
	// number, boolean or string; "": not a scalar, or not known yet
	Kind    string    `json:"kind,omitempty"`
	Example string    `json:"example,omitempty"` // newest number or boolean; strings are not kept
	Count   int64     `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}
