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
	// Names are those of the others of a group who have a code of their own.
	Names   []string `json:"names,omitempty"`
	Host    string   `json:"host"` // whom they visit, as typed
	Purpose string   `json:"purpose"`

	Escort bool   `json:"escort,omitempty"` // they go nowhere alone
	Places string `json:"places,omitempty"` // where they may go, in words
	// Zones are where they may go; seen elsewhere than there and at gates raises an alert. None: they
	// may go everywhere.
	Zones []ZoneID `json:"zones,omitempty"`

	Public bool `json:"public,omitempty"` // they registered themselves, on the public page
	Barred bool `json:"barred,omitempty"` // they are on the barred list: only security lets them in
	// HostAsked is when the host was asked by a message; zero: nobody was found by what was typed.
	HostAsked time.Time `json:"host_asked,omitzero"`

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

// These are the rule IDs of the gateway's alerts about visitors: one has not left in time, one on the
// barred list has registered or stands at a gate, and one is where they may not go.
const (
	OverstayRule RuleID = "visits:overstay"
	BarredRule   RuleID = "visits:barred"
	StrayRule    RuleID = "visits:stray"
)

// VisitPage is a school's public page on which visitors register themselves.
type VisitPage struct {
	School SchoolID `json:"school"`
	On     bool     `json:"on"`
	Code   string   `json:"-"` // the secret part of its link; "": it was never on
	// Notice says what becomes of the data, above what the page says itself.
	Notice   string    `json:"notice,omitempty"`
	NoticeZH string    `json:"notice_zh,omitempty"`
	Changed  time.Time `json:"changed,omitzero"`
}

// Barred is somebody whom a school does not let in. They are found again by name and telephone
// number, or by the number of their identity card, which is kept as a keyed hash alone.
type Barred struct {
	ID     BarredID  `json:"id"`
	School SchoolID  `json:"school"`
	Name   string    `json:"name"`
	Phone  string    `json:"phone,omitempty"`
	WithID bool      `json:"with_id"` // found by the number of an identity card as well
	Reason string    `json:"reason"`
	By     string    `json:"by"` // who entered it
	Added  time.Time `json:"added"`
	Ends   time.Time `json:"ends"`
}
