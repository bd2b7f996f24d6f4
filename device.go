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
	// what the driver needs to find it: host, port, unit, url …; no secrets
	Address map[string]string `json:"address,omitempty"`
	Enabled bool              `json:"enabled"`
	Created time.Time         `json:"created"`
}

// DriverMQTTFront is the driver name of devices that connect to the gateway's own MQTT listener.
const DriverMQTTFront DriverName = "mqtt-front"

// DeviceState is what the gateway knows of a device's reachability.
type DeviceState string

// The device states.
const (
	StateUnknown DeviceState = "unknown" // registered, never heard of
	StateOnline  DeviceState = "online"  // heard of lately
	StateOffline DeviceState = "offline" // its driver cannot reach it, or it fell silent
	StateFault   DeviceState = "fault"   // reachable, and says that something is wrong
	// it comes and goes: one state until it has kept still for a while
	StateFlapping DeviceState = "flapping"
	// its driver is not running; nothing is known of the device
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

// Twin holds what a device last reported and what it was last asked to be.
type Twin struct {
	Device DeviceID    `json:"device"`
	State  DeviceState `json:"state"`
	Reason string      `json:"reason,omitempty"` // why it is not online
	// what reason says, for programs and other languages
	Causes []Reason `json:"causes,omitempty"`
	// what its driver last said of how it proves itself
	Weak     Weakness             `json:"weak,omitempty"`
	LastSeen time.Time            `json:"last_seen,omitzero"`
	Seq      uint64               `json:"seq"` // journal sequence of the newest event in it
	Reported map[string]TwinValue `json:"reported,omitempty"`
	Desired  map[string]TwinValue `json:"desired,omitempty"`
}

// TwinValue is one value with the time at which it was measured or wished for.
type TwinValue struct {
	Value Value     `json:"value"`
	Time  time.Time `json:"time"`
}
