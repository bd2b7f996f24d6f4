package gatehouse

import "time"

// MusterID is mus_…: one time at which everybody was looked for.
type MusterID string

// Muster is one time at which everybody in a school, or in one of its buildings, was looked for: an
// evacuation, or a drill of one. What it found stays.
type Muster struct {
	ID       MusterID   `json:"id"`
	School   SchoolID   `json:"school"`
	Building BuildingID `json:"building,omitempty"` // "": the whole school
	Drill    bool       `json:"drill"`
	Place    string     `json:"place,omitempty"` // where people gather
	Started  time.Time  `json:"started"`
	By       string     `json:"by"` // who started it
	Closed   time.Time  `json:"closed,omitzero"`
	ClosedBy string     `json:"closed_by,omitempty"`
	Report   string     `json:"report,omitempty"` // what whoever closed it says
	// Counts are those of when it was closed; of one that is open they are reckoned as it is read.
	Counts MusterCounts `json:"counts"`
}

// MusterEntry is where somebody was when a muster began, as far as anybody could say.
type MusterEntry struct {
	Person  PersonID       `json:"person"`
	Kind    PersonKind     `json:"kind"`
	Class   string         `json:"class,omitempty"`
	Boarder bool           `json:"boarder,omitempty"`
	Where   Presence       `json:"where"`
	Sure    MusterSureness `json:"sure"`
	Why     MusterReason   `json:"why"`
	Zone    ZoneID         `json:"zone,omitempty"` // the last place
	At      time.Time      `json:"at,omitzero"`    // when they were there
	// Others is how many came with a visitor and have no code of their own.
	Others int `json:"others,omitempty"`
	// Since says that they were seen since the muster began.
	Since bool `json:"since,omitempty"`
}

// Sought says whether somebody has to be found: whoever is in, or of whom nobody can say.
func (e MusterEntry) Sought() bool { return e.Where != PresenceOut }

// MusterSureness says how far it can be relied on where somebody was.
type MusterSureness string

// The degrees.
const (
	MusterCertain  MusterSureness = "certain"
	MusterLikely   MusterSureness = "likely"
	MusterDoubtful MusterSureness = "doubtful"
)

// MusterSurenesses lists the degrees, the surest first.
func MusterSurenesses() []MusterSureness {
	return []MusterSureness{MusterCertain, MusterLikely, MusterDoubtful}
}

// MusterReason says why a muster takes somebody to be where it says.
type MusterReason string

// The reasons.
const (
	MusterPassedIn  MusterReason = "passed_in"   // came in at a gate
	MusterPassedOut MusterReason = "passed_out"  // went out at a gate
	MusterSeen      MusterReason = "seen"        // was seen inside
	MusterUnclear   MusterReason = "unclear"     // was seen at a gate after going out
	MusterAnswered  MusterReason = "answered"    // is said to be there by the attendance
	MusterAbsent    MusterReason = "absent"      // is absent by the attendance, with nobody's word for why
	MusterAtHome    MusterReason = "said_absent" // was said to be absent by somebody who called the roll
	MusterOnLeave   MusterReason = "on_leave"
	MusterOnSite    MusterReason = "on_site"     // a visitor who has come and not left
	MusterNotSeen   MusterReason = "not_seen"    // is expected and was not seen today
	MusterNotDue    MusterReason = "not_due"     // is not expected and was not seen today
	MusterElsewhere MusterReason = "elsewhere"   // in another building
	MusterSomewhere MusterReason = "somewhere"   // in the school, nobody knows in which building
	MusterAdded     MusterReason = "not_on_list" // was found and stood on no list
)

// MusterReasons lists every reason.
func MusterReasons() []MusterReason {
	return []MusterReason{
		MusterPassedIn, MusterPassedOut, MusterSeen, MusterUnclear, MusterAnswered, MusterAbsent,
		MusterAtHome, MusterOnLeave, MusterOnSite, MusterNotSeen, MusterNotDue, MusterElsewhere,
		MusterSomewhere, MusterAdded,
	}
}

// MusterTick is what somebody says of one person at the place where people gather. A tick is never
// changed: what was ticked by mistake is taken back by another one.
type MusterTick struct {
	ID       string    `json:"id"` // made where it was ticked, so that it can be sent again
	Person   PersonID  `json:"person"`
	Word     TickWord  `json:"word"`
	At       time.Time `json:"at"`       // by the clock of the telephone
	By       string    `json:"by"`       // who
	Received time.Time `json:"received"` // when it reached the gateway
}

// TickWord is what a tick says.
type TickWord string

// The words.
const (
	TickSafe     TickWord = "safe"     // is here
	TickAway     TickWord = "away"     // is known to be elsewhere, and safe
	TickMissing  TickWord = "missing"  // was called, and is not here
	TickMistaken TickWord = "mistaken" // takes back the last that the same person ticked
)

// TickWords lists every word.
func TickWords() []TickWord { return []TickWord{TickSafe, TickAway, TickMissing, TickMistaken} }

// MusterState is how far the search for one person is.
type MusterState string

// The states.
const (
	MusterWaiting   MusterState = "waiting"    // nobody has said anything
	MusterMissing   MusterState = "missing"    // was called, and is not here
	MusterSafe      MusterState = "safe"       // is here
	MusterAway      MusterState = "away"       // is known to be elsewhere, and safe
	MusterNotSought MusterState = "not_sought" // was out when it began
)

// MusterStates lists every state, what needs somebody first.
func MusterStates() []MusterState {
	return []MusterState{MusterMissing, MusterWaiting, MusterSafe, MusterAway, MusterNotSought}
}

// MusterCounts says how far a muster is. Who came with a visitor is counted with them.
type MusterCounts struct {
	Sought  int `json:"sought"`  // have to be found: in, or nobody can say
	Safe    int `json:"safe"`    // of all, ticked as here
	Away    int `json:"away"`    // of all, ticked as safe elsewhere
	Missing int `json:"missing"` // of all, called and not here
	Waiting int `json:"waiting"` // sought, and nobody has said anything
	Out     int `json:"out"`     // was out when it began, and nobody has said anything else
}
