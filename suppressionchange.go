package gatehouse

import "time"

// SuppressionDeed says what became of a shelf or maintenance window.
type SuppressionDeed string

// What becomes of a shelf or window. A weekly window begins and ends each time.
const (
	SuppressionPlanned SuppressionDeed = "planned" // it was made and begins later
	SuppressionBegan   SuppressionDeed = "began"
	SuppressionEdited  SuppressionDeed = "edited" // somebody changed what it hides, or for how long
	SuppressionEnded   SuppressionDeed = "ended"  // by itself, by a person, or cancelled before it began
)

// SuppressionDeeds lists what may become of a shelf or window.
func SuppressionDeeds() []SuppressionDeed {
	return []SuppressionDeed{SuppressionPlanned, SuppressionBegan, SuppressionEdited, SuppressionEnded}
}

// SuppressionChange is news of a shelf or window. What it is for is not in it: it is read by the ID.
type SuppressionChange struct {
	Suppression SuppressionID   `json:"suppression"`
	Kind        SuppressionKind `json:"kind"`
	Deed        SuppressionDeed `json:"deed"`
	Reason      string          `json:"reason"`
	From        time.Time       `json:"from"`
	Until       time.Time       `json:"until"`           // as it stands: an end before its time counts
	Alert       AlertID         `json:"alert,omitempty"` // of a shelf
	By          UserID          `json:"by,omitempty"`    // who made it, or ended it by hand
	ByName      string          `json:"by_name,omitempty"`
	Version     int             `json:"version"`
}
