package gatehouse

import "time"

// Suppression keeps alerts off the wall for a time: an operator's shelf (in the words of
// ISA-18.2, shelving), or a maintenance window (suppression by design). What it hides is kept and
// shown with the reason; what still holds at its end is told then.
//
// A window hides the alerts that fit each of its lists that is not empty. A shelf hides one alert,
// and what the same rule finds at the same device or, without one, in the same zone.
type Suppression struct {
	ID     SuppressionID   `json:"id"`
	School SchoolID        `json:"school"`
	Kind   SuppressionKind `json:"kind"`
	Reason string          `json:"reason"`
	By     UserID          `json:"by,omitempty"`
	ByName string          `json:"by_name,omitempty"`
	Made   time.Time       `json:"made"`
	From   time.Time       `json:"from"`
	Until  time.Time       `json:"until"` // excluded
	Weekly *WeeklyHours    `json:"weekly,omitempty"`
	// the worst severity that it hides: what becomes worse is told
	UpTo       Severity     `json:"up_to"`
	Alert      AlertID      `json:"alert,omitempty"` // of a shelf
	Rules      []RuleID     `json:"rules" nullable:"false"`
	Devices    []DeviceID   `json:"devices" nullable:"false"`
	Zones      []ZoneID     `json:"zones" nullable:"false"`
	Buildings  []BuildingID `json:"buildings" nullable:"false"`
	Properties []string     `json:"properties" nullable:"false"`
	// only what is about the devices themselves, such as faults: what they watch rings
	OwnOnly bool `json:"own_only,omitempty"`
	// when it was ended before its time, or cancelled before it began
	Ended     time.Time `json:"ended,omitzero"`
	Ender     UserID    `json:"ender,omitempty"`
	EnderName string    `json:"ender_name,omitempty"`
	Changed   time.Time `json:"changed"` // when it was last written by somebody
	Version   int       `json:"version"`
}

// WeeklyHours are the hours of each week in which a window takes place, local in the school's time
// zone: from Start on one of the Days to End, which is on the next day where it is not after Start.
type WeeklyHours struct {
	Days  []Weekday `json:"days,omitempty"` // empty: each
	Start string    `json:"start"`          // HH:MM
	End   string    `json:"end"`            // HH:MM
}

// SuppressionKind says who suppresses: an operator one alert, or a plan many.
type SuppressionKind string

// The kinds.
const (
	Shelf  SuppressionKind = "shelf"
	Window SuppressionKind = "window"
)

// SuppressionKinds lists both.
func SuppressionKinds() []SuppressionKind { return []SuppressionKind{Shelf, Window} }

// Bounds of suppressions. What is critical may be somebody's life: it is hidden for shorter, and by
// fewer people.
const (
	MaxShelf          = 24 * time.Hour
	MaxCriticalShelf  = time.Hour
	MaxWindow         = 30 * 24 * time.Hour
	MaxWeekly         = 366 * 24 * time.Hour
	MaxCriticalWindow = 24 * time.Hour
)

// MaxShelf is the longest time for which an alert of this severity is shelved.
func (s Severity) MaxShelf() time.Duration {
	if s == Critical {
		return MaxCriticalShelf
	}
	return MaxShelf
}

// End is when the suppression is over, whatever was planned.
func (s Suppression) End() time.Time {
	if !s.Ended.IsZero() && s.Ended.Before(s.Until) {
		return s.Ended
	}
	return s.Until
}

// Hiding is what keeps an alert off the wall. An alert that was resolved meanwhile keeps it, as the
// reason why nobody was told.
type Hiding struct {
	Suppression SuppressionID   `json:"suppression"`
	Kind        SuppressionKind `json:"kind"`
	Reason      string          `json:"reason"`
	By          UserID          `json:"by,omitempty"`
	ByName      string          `json:"by_name,omitempty"`
	Since       time.Time       `json:"since"`
	Until       time.Time       `json:"until"`
	// when its end or reason was set: this one is of then
	Set time.Time `json:"set,omitzero"`
}
