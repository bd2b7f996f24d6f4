package gatehouse

import "time"

// Retelling is why an alert was told again.
type Retelling string

// The reasons.
const (
	FiredAgain Retelling = "fired_again" // after it was over
	AckRanOut  Retelling = "ack_ran_out" // still there when the acknowledgement's time was up
	Withdrawn  Retelling = "withdrawn"   // a person took the acknowledgement back
	Released   Retelling = "released"    // who had it in hand may handle alerts no more
	Risen      Retelling = "risen"       // it became more severe
	Returned   Retelling = "returned"    // what had hidden it ended, and nobody has it in hand
)

// Retellings lists them.
func Retellings() []Retelling {
	return []Retelling{FiredAgain, AckRanOut, Withdrawn, Released, Risen, Returned}
}

// MaxAck is the longest time for which an alert may be acknowledged.
const MaxAck = 24 * time.Hour

// AckFor is how long an acknowledgement of an alert of this severity lasts if nobody says otherwise.
func (s Severity) AckFor() time.Duration {
	switch s {
	case Critical:
		return 5 * time.Minute
	case Major:
		return 30 * time.Minute
	case Warning:
		return 4 * time.Hour
	}
	return MaxAck
}

// AtLeast reports whether s is at least as severe as other.
func (s Severity) AtLeast(other Severity) bool { return s.rank() >= other.rank() }

func (s Severity) rank() int {
	switch s {
	case Critical:
		return 3
	case Major:
		return 2
	case Warning:
		return 1
	}
	return 0
}

// Unresolved reports whether the alert is open or acknowledged, on the wall or hidden.
func (a Alert) Unresolved() bool { return a.State == AlertOpen || a.State == AlertAcknowledged }

// OnWall reports whether somebody still has to do something about the alert.
func (a Alert) OnWall() bool { return a.Unresolved() && a.Hidden.Suppression == "" }

// Unanswered reports whether nobody has the alert in hand, and nothing hides it.
func (a Alert) Unanswered() bool { return a.State == AlertOpen && a.Hidden.Suppression == "" }
