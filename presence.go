package gatehouse

// Presence says whether somebody is in the school.
type Presence string

// The answers.
const (
	PresenceIn      Presence = "in"
	PresenceOut     Presence = "out"
	PresenceUnknown Presence = "unknown" // nobody can say
)

// Presences lists every answer.
func Presences() []Presence { return []Presence{PresenceIn, PresenceOut, PresenceUnknown} }

// PresenceSign is the kind of the last thing that is known of where somebody is.
type PresenceSign string

// The signs.
const (
	SignNone    PresenceSign = "none"    // not seen since the day began
	SignPassed  PresenceSign = "passed"  // went in or out at a gate
	SignSeen    PresenceSign = "seen"    // was seen inside
	SignUnclear PresenceSign = "unclear" // was seen at a gate after going out: nobody can say which way
)

// PresenceSigns lists every sign.
func PresenceSigns() []PresenceSign {
	return []PresenceSign{SignNone, SignPassed, SignSeen, SignUnclear}
}
