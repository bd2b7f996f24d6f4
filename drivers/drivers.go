// Package drivers is the contract between the gateway and the programs that speak to
// equipment. A vendor implements Driver, calls Serve from main, and ships the program; the
// gateway starts it, verifies it, restarts it and takes its observations over gRPC.
//
// The package decides nothing about schools, people or rules, and a driver never learns
// them: it is given one device's address and secret per Connect, and an id and no more of
// whoever may pass.
package drivers

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// ContractVersion is the version of this contract, and OldestVersion the oldest that is still
// served. Gateway and program agree on the newest that both know: a driver built with this package
// runs under a gateway of the version before, and one of the version before under this gateway.
const (
	ContractVersion = 2
	OldestVersion   = 1
)

// Driver speaks one protocol or the language of one vendor. Its methods may be called from
// several goroutines.
type Driver interface {
	// Describe says what the driver is called, and what it needs to know of a device.
	Describe() Description

	// Connect serves one device until ctx ends: dial, read, emit. It returns nil when ctx
	// ended, and an error when the device could not be reached or broke off; Serve then
	// reports the device offline with that error and calls Connect again after a pause that
	// grows from 1 s to 1 min. A Connect that has emitted anything has connected: the
	// device counts as online from its first observation.
	Connect(ctx context.Context, d Device, emit Emit) error
}

// Emit hands observations to the gateway and returns nil once they are on its disk, so that
// a driver may then acknowledge them to its device. It blocks while the window (1,024
// observations per driver program) is full. A refused observation is not an error: the
// gateway journals it as rejected and shows why. An error means that the observations were
// not kept and should be emitted again. Emit sets Device where it is empty.
type Emit func(ctx context.Context, observations ...gatehouse.Observation) error

// Device is what a driver is told of a device.
type Device struct {
	ID      gatehouse.DeviceID
	Serial  string
	Profile gatehouse.Profile
	Address map[string]string // the fields that Describe asked for
	Secret  map[string]string // password, key …: those of this device alone; never log them
	Reach   Reach             // where its address may lead: dial with Reach.Dialer

	link *worker // where Ask leads; nil: to nobody
}

// Description is what a driver says of itself.
type Description struct {
	Name     string // program's own name, e.g. "modbus"
	Title    string // for people
	TitleZH  string
	Version  string
	Settings []Field             // what Configure wants; none: no Configure
	Address  []Field             // what Connect needs of each device
	Profiles []gatehouse.Profile // profiles that it brings along, for equipment it knows
	// Template is true where a device's profile is written by the operator (Modbus, MQTT):
	// the console then asks for properties as well.
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
	Secret   bool // shown as dots, kept encrypted, handed over in Device.Secret
	// Kind, bounds and options let whoever asks for the field check and show it; the driver
	// checks it again. A kind that a gateway does not know counts as text.
	Kind     FieldKind
	Min, Max float64 // of an int; of a duration in seconds; both 0: no bounds
	Proves   bool    // where it is set, a device proves with it that it is itself
	// of a choice: all that it may be; of a host or url: the schemes that it may have
	Options []string
}

// FieldKind is what a field holds.
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

// SchemeSerial is the scheme, among a host's Options, of a serial line: rtu:///dev/ttyUSB0. A
// gateway that confines its drivers lets those that name it open serial lines.
const SchemeSerial = "rtu"

// Configurer is a Driver with settings of its own. Configure is called once, before any
// Connect, and again after each restart of the program.
type Configurer interface {
	Configure(ctx context.Context, settings map[string]string) error
}

// Prober is a Driver that can try a device out before it is registered: the console's test
// button. The error speaks to the person who typed the address.
type Prober interface {
	Probe(ctx context.Context, d Device) (Probe, error)
}

// Assessor is a Driver that can say, of what it is told of a device, how the device proves that
// it is itself. Serve asks before each Connect and puts the answer into every status of the
// device that says nothing of it. Say gatehouse.WeakNone only where you have looked; "" is that
// you cannot tell, and so is a driver that is no Assessor. Weak is what a setting could mend: a
// protocol that knows no passwords at all is no weakness of each device that speaks it.
type Assessor interface {
	Assess(d Device) gatehouse.Weakness
}

// Probe is what a trial found.
type Probe struct {
	Message  string                     // e.g. "H.264 1280x720, 25 frames/s"
	Values   map[string]gatehouse.Value // first values, where there are any
	Snapshot []byte                     // JPEG, for cameras
}

// Commander is a Driver that can be told to do something: an action of a device's profile,
// or, with an empty device, an action of the driver itself.
type Commander interface {
	Command(ctx context.Context, c Command) (Result, error)
}

// Command is one action with its input.
type Command struct {
	ID     string             // the same id again is the same command: do it once
	Device gatehouse.DeviceID // empty: the driver itself
	Action string
	Values map[string]gatehouse.Value
	Data   []byte // e.g. a photograph
}

// Result is what came of a command.
type Result struct {
	Message string
	Values  map[string]gatehouse.Value
	Data    []byte
	// Writes says of a command that sets properties what came of each, where it has tried any: an
	// error of the command itself is that it changed nothing. At most MaxWrites.
	Writes []Write
}

// Discoverer is a Driver that can look for devices. It reports until ctx ends or it is done.
type Discoverer interface {
	Discover(ctx context.Context, found func(Candidate)) error
}

// Candidate is a device that was found and is not registered yet.
type Candidate struct {
	Serial  string
	Title   string
	Address map[string]string
	Profile gatehouse.ProfileID
}

// Bounds that both sides keep.
const (
	Window      = 1024            // observations emitted and not yet on disk, per driver program
	MaxData     = 8 << 20         // bytes of Command.Data, Result.Data and a snapshot
	MaxProfiles = 100             // in a Description
	MaxProfile  = 64 << 10        // bytes of one of them, as JSON
	MaxFields   = 64              // Settings, and fields of an Address, in a Description
	MaxWrites   = 1000            // in a Result
	StopTimeout = 5 * time.Second // a driver that has not stopped by then is killed
)
