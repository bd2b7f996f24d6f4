package gatehouse

import "slices"

// Weakness is the worst that is known of how a device proves that it is itself: what lets
// somebody else in the network speak in its place, and can be mended by a setting.
type Weakness string

// The weaknesses, the worst first. "" is that nobody has said: neither weak nor sound.
const (
	// its serial number, which others can read, is all that it shows
	WeakSerialOnly Weakness = "serial_only"
	// whoever asks is let in: it asks for no password, or none is given
	WeakNoPassword Weakness = "no_password"
	WeakPlainText  Weakness = "plain_text" // its password crosses the network where it can be read
	WeakNone       Weakness = "none"       // its driver has looked, and knows of none
)

// Weaknesses lists what may be said, the worst first.
func Weaknesses() []Weakness {
	return []Weakness{WeakSerialOnly, WeakNoPassword, WeakPlainText, WeakNone}
}

// Known says whether w is one of Weaknesses.
func (w Weakness) Known() bool { return slices.Contains(Weaknesses(), w) }

// Weak says whether w is something to mend.
func (w Weakness) Weak() bool { return w != "" && w != WeakNone }
