package gatehouse

import "time"

// LeaveRequest is leave that a guardian asks for a pupil, from the question to what came of it. While
// it is approved it is a Leave of the same ID, which excuses the pupil.
type LeaveRequest struct {
	ID       LeaveRequestID `json:"id"`
	School   SchoolID       `json:"school"`
	Person   PersonID       `json:"person"`   // the pupil
	Guardian PersonID       `json:"guardian"` // who asks
	State    LeaveState     `json:"state"`
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`

	LeaveRequestDetails
}

// LeaveRequestDetails are what is kept encrypted under the pupil's key.
type LeaveRequestDetails struct {
	Kind    LeaveKind   `json:"kind"`
	Reason  string      `json:"reason,omitempty"` // not in lists
	Note    string      `json:"note,omitempty"`   // a sick note, as text; not in lists
	Asked   time.Time   `json:"asked"`
	Decided time.Time   `json:"decided,omitzero"`       // approved, refused or withdrawn
	Steps   []LeaveStep `json:"steps" nullable:"false"` // who answers, one after the other
}

// LeaveStep is one of those who answer a request.
type LeaveStep struct {
	Name     string    `json:"name,omitempty"`         // "": the class teacher
	Users    []UserID  `json:"users" nullable:"false"` // any of them answers; empty: who may write attendance
	Answered time.Time `json:"answered,omitzero"`
	Approved bool      `json:"approved,omitempty"`
	By       string    `json:"by,omitempty"`     // who answered
	Reason   string    `json:"reason,omitempty"` // of a refusal
}

// Waiting is the number of the step whose answer is waited for; len(Steps) where none is.
func (r LeaveRequest) Waiting() int {
	for i, s := range r.Steps {
		if s.Answered.IsZero() {
			return i
		}
	}
	return len(r.Steps)
}

// LeaveKind says what a leave is for.
type LeaveKind string

// The kinds of leave.
const (
	LeaveSick     LeaveKind = "sick"
	LeavePersonal LeaveKind = "personal"
	LeaveOther    LeaveKind = "other"
)

// LeaveKinds lists every kind.
func LeaveKinds() []LeaveKind { return []LeaveKind{LeaveSick, LeavePersonal, LeaveOther} }

// LeaveState says how far a request is.
type LeaveState string

// The states.
const (
	LeaveAsked     LeaveState = "asked"
	LeaveApproved  LeaveState = "approved"
	LeaveRefused   LeaveState = "refused"
	LeaveWithdrawn LeaveState = "withdrawn" // by the guardian
)

// LeaveStates lists every state.
func LeaveStates() []LeaveState {
	return []LeaveState{LeaveAsked, LeaveApproved, LeaveRefused, LeaveWithdrawn}
}

// LeaveChain is who answers the requests of a school: the class teachers first, then each step that
// holds, in order.
type LeaveChain struct {
	School  SchoolID         `json:"school"`
	Classes []ClassTeachers  `json:"classes" nullable:"false"`
	Steps   []LeaveChainStep `json:"steps" nullable:"false"`
	Changed time.Time        `json:"changed,omitzero"`
}

// ClassTeachers are the users who answer first for a class.
type ClassTeachers struct {
	Class string   `json:"class"`
	Users []UserID `json:"users" nullable:"false"`
}

// LeaveChainStep is a further step of the chain.
type LeaveChainStep struct {
	Name     string      `json:"name"` // "Head of year"
	Users    []UserID    `json:"users" nullable:"false"`
	OverDays int         `json:"over_days"`         // holds for leave of more days
	Kinds    []LeaveKind `json:"kinds,omitempty"`   // of these kinds alone; empty: of all
	Classes  []string    `json:"classes,omitempty"` // of these classes alone; empty: of all
}

// GuardianPage is a school's public page on which guardians see what is known of their children.
type GuardianPage struct {
	School   SchoolID  `json:"school"`
	On       bool      `json:"on"`
	Code     string    `json:"-"` // the secret part of its link; "": it was never on
	Notice   string    `json:"notice,omitempty"`
	NoticeZH string    `json:"notice_zh,omitempty"`
	Changed  time.Time `json:"changed,omitzero"`
}
