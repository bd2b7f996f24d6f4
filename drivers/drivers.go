// Package drivers is the contract between the gateway and the programs that speak to equipment. A
// vendor implements Driver, calls Serve from main, and ships the program; the gateway starts it,
// verifies it, restarts it and takes its observations over gRPC.
//
// The package decides nothing about schools, people or rules, and a driver never learns of them:
// each Connect gives it the address and the secret of one device, and the answer to an Ask names a
// person by id only; a till alone is told whom it serves, since who serves has to see it.
package drivers

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// ContractVersion is the current version of this contract and OldestVersion the oldest still
// served. Gateway and program agree on the newest version that both know: a driver built with this
// package also runs under a gateway that is one version older, and a driver one version older runs
// under this gateway.
const (
	ContractVersion = 2
	OldestVersion   = 1
)

// Driver speaks one protocol or the language of one vendor. Its methods may be called from
// several goroutines.
type Driver interface {
	// Describe returns the driver's name and the fields it needs to connect a device.
	Describe() Description

	// Connect serves one device until ctx ends: dial, read, emit. It returns nil when ctx ended,
	// and an error when the device could not be reached or the connection broke; Serve then reports
	// the device offline with that error and calls Connect again after a back-off of 1 s to 1 min.
	// A Connect that has emitted anything has connected: the device counts as online from its first
	// observation.
	Connect(ctx context.Context, d Device, emit Emit) error
}

// Emit hands observations to the gateway and returns nil once they are on its disk, so that a
// driver may then acknowledge them to its device. It blocks while the window (1,024 observations
// per driver program) is full. A refused observation is not an error: the gateway journals it as
// rejected, with the reason. An error means that the observations were not stored and should be
// emitted again. Emit fills in an empty Device field.
type Emit func(ctx context.Context, observations ...gatehouse.Observation) error

// Device is one device as the driver sees it.
type Device struct {
	ID      gatehouse.DeviceID
	Serial  string
	Profile gatehouse.Profile
	Address map[string]string // the fields that Describe asked for
	Secret  map[string]string // password, key …: of this device alone; never log them
	Reach   Reach             // which addresses it may connect to: dial with Reach.Dialer

	link *worker // nil: Ask reaches no gateway
}

// Description is what a driver says about itself.
type Description struct {
	Name     string // program's own name, e.g. "modbus"
	Title    string // for people
	TitleZH  string
	Version  string
	Settings []Field             // given to Configure; none: no Configure
	Address  []Field             // needed by Connect for each device
	Profiles []gatehouse.Profile // shipped profiles for equipment that the driver knows
	// Template is true if the operator writes the device's profile (Modbus, MQTT): the console then
	// asks for properties as well.
	Template bool
}

// Field is one setting that people fill in.
type Field struct {
	Key      string
	Title    string
	TitleZH  string
	Help     string
	HelpZH   string
	Default  string
	Required bool
	Secret   bool // masked in forms, stored encrypted, passed in Device.Secret
	// Kind, bounds and options let a form render and check the field; the driver checks the value
	// again. A gateway treats an unknown kind as text.
	Kind     FieldKind
	Min, Max float64 // for int; for duration in seconds; both 0: unbounded
	Proves   bool    // if set, the device authenticates itself with it
	// for choice: the allowed values; for host and url: the allowed schemes
	Options []string
}

// FieldKind is the type of a field's value.
type FieldKind = string

// The kinds of field.
const (
	FieldText     FieldKind = ""         // a line of text
	FieldHost     FieldKind = "host"     // host or host:port; with Options scheme://… as well
	FieldURL      FieldKind = "url"      // scheme://host…, the scheme one of Options
	FieldPort     FieldKind = "port"     // 1 to 65535
	FieldInt      FieldKind = "int"      // a whole number from Min to Max
	FieldDuration FieldKind = "duration" // such as 10ms, 5s or 1h30m, from Min to Max seconds
	FieldChoice   FieldKind = "choice"   // one of Options
	FieldTimezone FieldKind = "timezone" // such as Asia/Shanghai
	FieldNetwork  FieldKind = "network"  // an IP address, or a network such as 10.1.4.0/24
	FieldPath     FieldKind = "path"     // a file or folder on the gateway's machine
	FieldListen   FieldKind = "listen"   // address:port to listen on
)

// SchemeSerial is the scheme of a serial line, as in rtu:///dev/ttyUSB0. A gateway that sandboxes
// its drivers lets a driver open serial lines if a host field lists this scheme in its Options.
const SchemeSerial = "rtu"

// Configurer is a Driver with settings of its own. Configure is called before any Connect, once per
// start of the program.
type Configurer interface {
	Configure(ctx context.Context, settings map[string]string) error
}

// Prober is a Driver that can test a device before it is registered: the console's test button. The
// error is shown to the person who typed the address.
type Prober interface {
	Probe(ctx context.Context, d Device) (Probe, error)
}

// Assessor is a Driver that can say, from a Device alone, how strongly the device authenticates
// itself. Serve calls Assess before each Connect and adds the result to every status of the device
// that does not set Weak. Return gatehouse.WeakNone only after a real check; "" means unknown, as
// it does for a driver that is no Assessor. Report only a weakness that a setting can mend: a
// protocol without any passwords is not a weakness of each device that speaks it.
type Assessor interface {
	Assess(d Device) gatehouse.Weakness
}

// Probe is the result of testing a device.
type Probe struct {
	Message  string                     // e.g. "H.264 1280x720, 25 frames/s"
	Values   map[string]gatehouse.Value // first values, if any
	Snapshot []byte                     // JPEG, for cameras
}

// Commander is a Driver that takes commands: an action of a device's profile or, with an empty
// device, an action of the driver itself.
type Commander interface {
	Command(ctx context.Context, c Command) (Result, error)
}

// Command is one action with its input.
type Command struct {
	ID     string             // idempotency key: a repeated id must not act twice
	Device gatehouse.DeviceID // empty: the driver itself
	Action string
	Values map[string]gatehouse.Value
	Data   []byte // e.g. a photograph
}

// Result is the outcome of a command.
type Result struct {
	Message string
	Values  map[string]gatehouse.Value
	Data    []byte
	// Writes is the outcome of each property of a command that sets properties, if the driver has
	// tried any; an error of the command itself means that nothing was written. At most MaxWrites.
	Writes []Write
}

// Discoverer is a Driver that can search for devices. Discover calls found until ctx ends or the
// search is done.
type Discoverer interface {
	Discover(ctx context.Context, found func(Candidate)) error
}

// Candidate is a device that was found but is not registered yet.
type Candidate struct {
	Serial  string
	Title   string
	Address map[string]string
	Profile gatehouse.ProfileID
}

// Limits that both sides enforce.
const (
	Window      = 1024            // unacknowledged observations of a driver program
	MaxData     = 8 << 20         // bytes of Command.Data, of Result.Data, of Probe.Snapshot
	MaxProfiles = 100             // in a Description
	MaxProfile  = 64 << 10        // bytes of a profile as JSON
	MaxFields   = 64              // of Settings and of Address in a Description
	MaxWrites   = 1000            // in a Result
	MaxWatches  = 16              // viewers of live pictures of a driver program at a time
	MaxPicture  = 4 << 20         // bytes of Picture.Data
	StopTimeout = 5 * time.Second // a driver that has not stopped by then is killed
)
