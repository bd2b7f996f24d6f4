package gatehouse

import "time"

// Incident gathers alerts, with the procedure, the evidence and the hand-over.
type Incident struct {
	ID       IncidentID     `json:"id"`
	School   SchoolID       `json:"school"`
	Title    string         `json:"title"`
	TitleZH  string         `json:"title_zh,omitempty"`
	Severity Severity       `json:"severity"`
	State    IncidentState  `json:"state"`
	Alerts   []AlertID      `json:"alerts"`
	Steps    []IncidentStep `json:"steps,omitempty"` // of the procedure
	Handover Handover       `json:"handover"`
	Opened   time.Time      `json:"opened"`
	Closed   time.Time      `json:"closed,omitzero"`
	// the procedure that it began with, and its version then; a version of 0 is not kept anywhere
	Procedure        ProcedureID `json:"procedure,omitempty"`
	ProcedureVersion int         `json:"procedure_version,omitempty"`
	// whose version that is; empty: the gateway's files'
	ProcedureSchool SchoolID `json:"procedure_school,omitempty"`
	Drill           bool     `json:"drill,omitempty"`
	// where it is, as somebody said; its alerts may be elsewhere
	Zone ZoneID `json:"zone,omitempty"`
	// what a further alert must have in common to be gathered; empty: a person adds alerts
	Cause  string `json:"cause,omitempty"`
	Within int    `json:"within_s,omitempty"` // and how long after the alert before, seconds
	// when the newest alert that a rule found was gathered
	Latest      time.Time       `json:"latest,omitzero"`
	Contained   time.Time       `json:"contained,omitzero"`
	ContainedBy string          `json:"contained_by,omitempty"`
	ClosedBy    string          `json:"closed_by,omitempty"`
	Outcome     IncidentOutcome `json:"outcome,omitempty"`
	Conclusion  string          `json:"conclusion,omitempty"` // what it was, in words
	Reopened    int             `json:"reopened,omitempty"`   // how often
	ReopenedAt  time.Time       `json:"reopened_at,omitzero"`
	// the incident into which it was merged; Alerts are those that it had then
	MergedInto IncidentID `json:"merged_into,omitempty"`
	// in events only: what has just happened to it
	Happened []IncidentWhat `json:"happened,omitempty"`
	Version  int            `json:"version"`
}

// IncidentState is how far an incident is.
type IncidentState string

// The incident states.
const (
	IncidentOpen      IncidentState = "open"
	IncidentContained IncidentState = "contained" // it spreads no further; still to be dealt with
	IncidentClosed    IncidentState = "closed"
)

// IncidentStates lists them, in the order of an incident's life.
func IncidentStates() []IncidentState {
	return []IncidentState{IncidentOpen, IncidentContained, IncidentClosed}
}

// IncidentOutcome is what an incident turned out to be.
type IncidentOutcome string

// The outcomes.
const (
	OutcomeReal       IncidentOutcome = "real"
	OutcomeFalseAlarm IncidentOutcome = "false_alarm" // nothing was there
	OutcomeFault      IncidentOutcome = "fault"       // a device's
	OutcomeDrill      IncidentOutcome = "drill"
	OutcomeMerged     IncidentOutcome = "merged" // into another one; never chosen by hand
)

// IncidentOutcomes lists them.
func IncidentOutcomes() []IncidentOutcome {
	return []IncidentOutcome{
		OutcomeReal, OutcomeFalseAlarm, OutcomeFault, OutcomeDrill, OutcomeMerged,
	}
}

// How long after an incident was closed an alert opens it again.
const (
	ReopenSame  = 24 * time.Hour // an alert of it that fires again
	ReopenAlike = time.Hour      // a new alert of the same rule in the same room
)

// IncidentWhat is what happened to an incident.
type IncidentWhat string

// What can happen to an incident.
const (
	IncidentBegan     IncidentWhat = "opened"
	IncidentGathered  IncidentWhat = "gathered" // an alert, by a rule
	IncidentAdded     IncidentWhat = "added"    // an alert, by a person
	IncidentTaken     IncidentWhat = "removed"  // an alert, by a person
	IncidentTookIn    IncidentWhat = "took_in"  // another incident
	IncidentMerged    IncidentWhat = "merged"   // into another incident
	IncidentGaveBack  IncidentWhat = "gave_back"
	IncidentSeparated IncidentWhat = "separated" // from the incident that took it in
	IncidentTicked    IncidentWhat = "step_done"
	IncidentUnticked  IncidentWhat = "step_undone"
	IncidentGiven     IncidentWhat = "step_assigned"
	IncidentNoted     IncidentWhat = "noted"
	IncidentHeld      IncidentWhat = "contained"
	IncidentOver      IncidentWhat = "closed"
	IncidentAgain     IncidentWhat = "reopened"
	IncidentApproved  IncidentWhat = "approved" // the hand-over
	IncidentRefused   IncidentWhat = "refused"
)

// IncidentWhats lists them.
func IncidentWhats() []IncidentWhat {
	return []IncidentWhat{
		IncidentBegan, IncidentGathered, IncidentAdded, IncidentTaken, IncidentTookIn,
		IncidentMerged, IncidentGaveBack, IncidentSeparated, IncidentTicked, IncidentUnticked,
		IncidentGiven, IncidentNoted, IncidentHeld, IncidentOver, IncidentAgain, IncidentApproved,
		IncidentRefused,
	}
}

// IncidentStep is one step of the procedure, done or not.
type IncidentStep struct {
	Text   string    `json:"text"`
	TextZH string    `json:"text_zh,omitempty"`
	Done   bool      `json:"done"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// a question has answers, and is done when one of them was given
	Answers []StepAnswer `json:"answers,omitempty"`
	Answer  string       `json:"answer,omitempty"`
	// the answer that leads here, to a question before this step; nil: everybody does it
	Branch *StepBranch `json:"branch,omitempty"`
	// no answer leads here as things are
	Skipped bool `json:"skipped,omitempty"`
	// who does it: a role as the procedure says, and a person whom somebody named
	Owner      Role   `json:"owner,omitempty"`
	Person     UserID `json:"person,omitempty"`
	PersonName string `json:"person_name,omitempty"`
	// by when, from when it came up; zero: no time is set
	Within int       `json:"within_s,omitempty"` // seconds
	Due    time.Time `json:"due,omitzero"`
}

// StepAnswer is one answer to a question of a procedure.
type StepAnswer struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	TextZH string `json:"text_zh,omitempty"`
}

// StepBranch is an answer to a question.
type StepBranch struct {
	Step   int    `json:"step"` // the question's, from 0
	Answer string `json:"answer"`
}

// ArrangeSteps says of each step whether an answer leads to it, and by when it is due if it has
// just come up.
func ArrangeSteps(steps []IncidentStep, now time.Time) {
	for i := range steps {
		s := &steps[i]
		was := s.Skipped
		s.Skipped = false
		if b := s.Branch; b != nil && b.Step >= 0 && b.Step < i {
			q := steps[b.Step]
			s.Skipped = q.Skipped || !q.Done || q.Answer != b.Answer
		}
		switch {
		case s.Skipped:
			s.Due = time.Time{}
		case s.Within > 0 && (was || s.Due.IsZero()):
			s.Due = now.Add(time.Duration(s.Within) * time.Second)
		}
	}
}

// Handover is the state of an incident's export to the police. Nothing is ever sent without
// an approval by somebody of ApproverRole, nor while the link is off.
type Handover struct {
	Requested    bool      `json:"requested"` // the rule asks for a hand-over
	ApproverRole Role      `json:"approver_role,omitempty"`
	Approval     string    `json:"approval"` // "", waiting, approved, refused
	By           string    `json:"by,omitempty"`
	At           time.Time `json:"at,omitzero"`
	Comment      string    `json:"comment,omitempty"`
	Link         string    `json:"link"` // off, on
	Sent         bool      `json:"sent"`
	// in words, e.g. "the police link is off: nothing was sent"
	Note string `json:"note"`
}
