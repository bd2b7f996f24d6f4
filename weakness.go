package gatehouse

import "slices"

// Weakness is the worst known flaw in how a device authenticates, which lets others in the network
// impersonate it and can be fixed by configuration.
type Weakness string

// The weaknesses, worst first. "" means unknown.
const (
	// it only presents its serial number, which others can read
	WeakSerialOnly Weakness = "serial_only"
	// it needs no password, or none is set
	WeakNoPassword Weakness = "no_password"
	WeakPlainText  Weakness = "plain_text" // its password crosses the network unencrypted
	WeakNone       Weakness = "none"       // its driver has checked, and knows of none
)

// Weaknesses lists every weakness, worst first, and WeakNone.
func Weaknesses() []Weakness {
	return []Weakness{WeakSerialOnly, WeakNoPassword, WeakPlainText, WeakNone}
}

// Known reports whether w is one of Weaknesses.
func (w Weakness) Known() bool { return slices.Contains(Weaknesses(), w) }

// Weak reports whether w should be fixed.
func (w Weakness) Weak() bool { return w != "" && w != WeakNone }
