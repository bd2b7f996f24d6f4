package sim

import (
	"fmt"
	"net"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Odd is what real equipment does that a standard does not say. Which kind does what is said
// beside each; nothing is what well-behaved equipment does.
type Odd struct {
	// modbus: closes the connection after each answer
	HangUp bool `yaml:"hang_up,omitempty"`
	// modbus: closes a connection on which nothing was asked for so long
	Idle time.Duration `yaml:"idle,omitempty"`
	// modbus: answers "busy" (exception 6) to each so manieth question; at least 2
	Busy int `yaml:"busy,omitempty"`
	// modbus: a question that touches one of these registers gets no answer
	Mute []string `yaml:"mute,omitempty"`
	// modbus: 0 for the transaction in every answer
	ZeroID bool `yaml:"zero_id,omitempty"`
	// modbus: single coils and registers (functions 5, 6) cannot be written
	WriteMany bool          `yaml:"write_many,omitempty"`
	Slow      time.Duration `yaml:"slow,omitempty"` // modbus: every answer is so late

	// mqtt: what it measures is so old when it says it; zkteco: the last line of what it kept
	Age time.Duration `yaml:"age,omitempty"`

	// zkteco: lines in its log when it starts, as after weeks offline
	Kept    int  `yaml:"kept,omitempty"`
	Letters bool `yaml:"letters,omitempty"` // zkteco: I and O for the status
	Forms   bool `yaml:"forms,omitempty"`   // zkteco: each passage in three forms
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

// tableOf is the table that a function reads or writes.
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

// mute says whether a question touches a register that never answers.
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

// refuses is the exception with which it answers whatever is asked; 0: none.
func (o Odd) refuses(fc byte, asked int) byte {
	switch {
	case o.Busy != 0 && asked%o.Busy == 0:
		return targetBusy
	case o.WriteMany && (fc == 5 || fc == 6):
		return illegalFunction
	}
	return 0
}

// patient bounds how long a connection may be silent.
func (o Odd) patient(c net.Conn) error {
	if o.Idle == 0 {
		return nil
	}
	return c.SetReadDeadline(time.Now().Add(o.Idle))
}
