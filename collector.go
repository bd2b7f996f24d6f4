package gatehouse

import "time"

// Collector is somebody who may collect a pupil, beside the pupil's guardians.
type Collector struct {
	ID     CollectorID `json:"id"`
	School SchoolID    `json:"school"`
	Pupil  PersonID    `json:"pupil"`
	From   time.Time   `json:"from"`
	To     time.Time   `json:"to"`

	CollectorDetails
}

// CollectorDetails are what is kept encrypted under the pupil's key.
type CollectorDetails struct {
	Name     string `json:"name"`
	Relation string `json:"relation,omitempty"` // "grandmother"
	// Phone and Card are compared at the gate; shown are their last digits alone.
	Phone string    `json:"phone,omitempty"`
	Card  string    `json:"card,omitempty"`
	By    string    `json:"by"` // who entered it
	Added time.Time `json:"added"`
}

// Collected is somebody who came to the gate for a pupil.
type Collected struct {
	ID     HandoverID `json:"id"`
	School SchoolID   `json:"school"`
	Pupil  PersonID   `json:"pupil"`
	At     time.Time  `json:"at"`

	CollectedDetails
}

// CollectedDetails are what is kept encrypted under the pupil's key.
type CollectedDetails struct {
	Collector CollectorID `json:"collector,omitempty"` // who is listed
	Guardian  PersonID    `json:"guardian,omitempty"`  // or the pupil's guardian
	Name      string      `json:"name"`                // who came
	Stranger  bool        `json:"stranger,omitempty"`  // they were not listed
	Given     bool        `json:"given"`               // the pupil went with them
	Note      string      `json:"note,omitempty"`      // of a stranger: what was done
	By        string      `json:"by"`                  // who stood at the gate
}

// StrangerRule is the rule ID of the gateway's alert that somebody who is not listed came for a pupil.
const StrangerRule RuleID = "collect:stranger"
