package gatehouse

import "time"

// Visit is somebody's visit to a school, from its registration to when they are gone.
type Visit struct {
	ID     VisitID    `json:"id"`
	School SchoolID   `json:"school"`
	State  VisitState `json:"state"`
	From   time.Time  `json:"from"` // meant from
	To     time.Time  `json:"to"`   // meant until

	VisitDetails

	// Overdue says that they are on site although the time is over.
	Overdue bool `json:"overdue"`
}

// VisitDetails are what is kept encrypted.
type VisitDetails struct {
	Name    string `json:"name"`
	Phone   string `json:"phone,omitempty"` // not in lists
	Company string `json:"company,omitempty"`
	Plate   string `json:"plate,omitempty"`
	Group   int    `json:"group"` // how many they are
	Host    string `json:"host"`  // whom they visit
	Purpose string `json:"purpose"`

	Registered time.Time `json:"registered"`
	Arrived    time.Time `json:"arrived,omitzero"`
	Left       time.Time `json:"left,omitzero"`
	Reason     string    `json:"reason,omitempty"` // why it was refused
	By         string    `json:"by"`               // who did the last of it
}

// VisitState says how far a visit is.
type VisitState string

// The states.
const (
	VisitAsked    VisitState = "asked"    // nobody has approved it
	VisitExpected VisitState = "expected" // approved
	VisitRefused  VisitState = "refused"
	VisitOnSite   VisitState = "on_site"
	VisitGone     VisitState = "gone"
)

// VisitStates lists every state.
func VisitStates() []VisitState {
	return []VisitState{VisitAsked, VisitExpected, VisitRefused, VisitOnSite, VisitGone}
}

// Follows reports whether a visit can go from s to next: approval or refusal of what was asked,
// arrival of who is expected, or a late refusal, and leaving.
func (s VisitState) Follows(next VisitState) bool {
	switch s {
	case VisitAsked:
		return next == VisitExpected || next == VisitRefused
	case VisitExpected:
		return next == VisitOnSite || next == VisitRefused
	case VisitOnSite:
		return next == VisitGone
	}
	return false
}
