package gatehouse

import "time"

// Device is one thing, with a profile, a zone, a driver and a credential of its own.
type Device struct {
	ID      DeviceID  `json:"id"`
	School  SchoolID  `json:"school"`
	Zone    ZoneID    `json:"zone,omitempty"`
	Profile ProfileID `json:"profile"`
	// DriverMQTTFront for devices that speak MQTT to the gateway itself
	Driver DriverName `json:"driver"`
	Name   string     `json:"name"`
	Serial string     `json:"serial,omitempty"`
	// what the driver needs to reach it: host, port, unit, url …; no secrets
	Address map[string]string `json:"address,omitempty"`
	Enabled bool              `json:"enabled"`
	// what it hangs on: a switch, a gateway or a power supply that is a device of the same school
	Behind  DeviceID  `json:"behind,omitempty"`
	Created time.Time `json:"created"`
}

// MaxBehind is over how many devices one may hang on another.
const MaxBehind = 8

// DriverMQTTFront is the driver name of devices that connect to the gateway's own MQTT listener.
const DriverMQTTFront DriverName = "mqtt-front"

// DeviceState is what the gateway knows about whether it can reach a device.
type DeviceState string

// The device states.
const (
	StateUnknown DeviceState = "unknown" // registered, never heard
	StateOnline  DeviceState = "online"  // heard recently
	StateOffline DeviceState = "offline" // its driver cannot reach it, or it was silent too long
	StateFault   DeviceState = "fault"   // reachable, but reports a fault
	// alternates between online and offline; kept until it has been stable for a while
	StateFlapping DeviceState = "flapping"
	// its driver does not run, so its state is unknown
	StateDriverDown DeviceState = "driver_down"
	StateDisabled   DeviceState = "disabled"
)

// DeviceStates lists every state.
func DeviceStates() []DeviceState {
	return []DeviceState{
		StateUnknown,
		StateOnline,
		StateOffline,
		StateFault,
		StateFlapping,
		StateDriverDown,
		StateDisabled,
	}
}

// Twin holds the values that a device last reported and those that it should have.
type Twin struct {
	Device DeviceID    `json:"device"`
	State  DeviceState `json:"state"`
	Reason string      `json:"reason,omitempty"` // why it is not online
	// reason in machine-readable form
	Causes []Reason `json:"causes,omitempty"`
	// how it proves itself, as its driver last reported
	Weak     Weakness             `json:"weak,omitempty"`
	LastSeen time.Time            `json:"last_seen,omitzero"`
	Seq      uint64               `json:"seq"` // journal sequence of the newest event in it
	Reported map[string]TwinValue `json:"reported,omitempty"`
	Desired  map[string]TwinValue `json:"desired,omitempty"`
}

// TwinValue is a value with the time at which it was measured or requested.
type TwinValue struct {
	Value Value     `json:"value"`
	Time  time.Time `json:"time"`
}
