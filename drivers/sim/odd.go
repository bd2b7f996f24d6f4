package sim

import (
	"fmt"
	"net"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Odd lists faults of real equipment that no standard describes, each for the kinds named beside
// it. The zero value is equipment without faults.
type Odd struct {
	// modbus: closes the connection after each response
	HangUp bool `yaml:"hang_up,omitempty"`
	// modbus: closes a connection without requests after this time
	Idle time.Duration `yaml:"idle,omitempty"`
	// modbus: answers every n-th request with "busy" (exception 6); at least 2
	Busy int `yaml:"busy,omitempty"`
	// modbus: requests for one of these registers get no response
	Mute []string `yaml:"mute,omitempty"`
	// modbus: transaction 0 in every response
	ZeroID bool `yaml:"zero_id,omitempty"`
	// modbus: single coils and registers (functions 5, 6) cannot be written
	WriteMany bool          `yaml:"write_many,omitempty"`
	Slow      time.Duration `yaml:"slow,omitempty"` // modbus: delay of every response

	// mqtt: age of values when they are published; zkteco: age of the last line in the initial log
	Age time.Duration `yaml:"age,omitempty"`

	// zkteco: lines in the log at the start, as after weeks offline
	Kept    int  `yaml:"kept,omitempty"`
	Letters bool `yaml:"letters,omitempty"` // zkteco: I and O for the status
	Forms   bool `yaml:"forms,omitempty"`   // zkteco: each passage in three formats
}

func (o Odd) modbus() bool {
	return o.HangUp || o.Idle != 0 || o.Busy != 0 || len(o.Mute) > 0 || o.ZeroID || o.WriteMany ||
		o.Slow != 0
}

const longestOdd = time.Minute

func (e Equipment) validateOdd(at string) error {
	o := e.Odd
	switch {
	case o.modbus() && e.Kind != KindModbus:
		return gatehouse.FieldErrorf(at, "only age is for %s; the others are for %s", KindMQTT,
			KindModbus)
	case o.modbus() && e.Behind != "":
		return gatehouse.FieldErrorf(at, "say it of %q, whose connection it shares", e.Behind)
	case o.Age != 0 && e.Kind != KindMQTT && e.Kind != KindZKTeco:
		return gatehouse.FieldErrorf(at+".age", "is for %s and %s only", KindMQTT, KindZKTeco)
	case o.Age < 0:
		return gatehouse.FieldErrorf(at+".age", "%s lies ahead; give how old it is, e.g. 168h",
			o.Age)
	case o.Idle < 0 || o.Idle > longestOdd:
		return gatehouse.FieldErrorf(at+".idle", "%s is out of range; up to %s", o.Idle, longestOdd)
	case o.Slow < 0 || o.Slow > longestOdd:
		return gatehouse.FieldErrorf(at+".slow", "%s is out of range; up to %s", o.Slow, longestOdd)
	case o.Busy != 0 && o.Busy < 2:
		return gatehouse.FieldErrorf(at+".busy", "%d leaves no question answered; at least 2",
			o.Busy)
	}
	if err := e.validateOddTerminal(at); err != nil {
		return err
	}
	for i, m := range o.Mute {
		if _, err := parseRegister("mute", Register{Register: m}); err != nil {
			return gatehouse.FieldErrorf(fmt.Sprintf("%s.mute[%d]", at, i),
				"%q is no register; write e.g. holding:100", m)
		}
	}
	return nil
}

// tableOf is the table that a function code reads or writes.
func tableOf(fc byte) string {
	return map[byte]string{
		1:  coil,
		5:  coil,
		15: coil,
		2:  discrete,
		3:  holding,
		6:  holding,
		16: holding,
		4:  input,
	}[fc]
}

// mute reports whether a request includes a register that never responds.
func (o Odd) mute(fc byte, addr, n int) bool {
	if fc == 5 || fc == 6 {
		n = 1
	}
	for _, m := range o.Mute {
		p, err := parseRegister("mute", Register{Register: m}) // checked before
		if err == nil && p.table == tableOf(fc) && int(p.addr) >= addr && int(p.addr) < addr+n {
			return true
		}
	}
	return false
}

// refuses is the exception to answer any request with; 0: none.
func (o Odd) refuses(fc byte, asked int) byte {
	switch {
	case o.Busy != 0 && asked%o.Busy == 0:
		return targetBusy
	case o.WriteMany && (fc == 5 || fc == 6):
		return illegalFunction
	}
	return 0
}

// patient sets the deadline of an idle connection.
func (o Odd) patient(c net.Conn) error {
	if o.Idle == 0 {
		return nil
	}
	return c.SetReadDeadline(time.Now().Add(o.Idle))
}
