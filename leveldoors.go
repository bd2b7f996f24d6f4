package gatehouse

import "slices"

// DoorRule says who passes a door that asks the gateway while a threat level stands.
type DoorRule string

// The rules. Without one, whoever has a valid credential passes, as at any other time.
const (
	DoorsStaff      DoorRule = "staff"      // staff and the level's responders
	DoorsResponders DoorRule = "responders" // nobody but the level's responders
	DoorsFree       DoorRule = "free"       // everybody, whatever they show
)

// DoorRules lists every rule.
func DoorRules() []DoorRule { return []DoorRule{DoorsStaff, DoorsResponders, DoorsFree} }

// LevelDoors is who passes the doors that ask the gateway while a threat level stands. Doors that
// decide by themselves only follow what the level commands.
type LevelDoors struct {
	In  DoorRule `json:"in,omitempty"`  // "": as at any other time
	Out DoorRule `json:"out,omitempty"` // the same
	// Responders pass whatever the rule, with a credential that is valid.
	Responders []PersonID `json:"responders,omitempty"`
}

// MaxResponders limits LevelDoors.Responders.
const MaxResponders = 100

// Rule is the rule for a direction. A door that does not say which way somebody goes follows the
// rule of the way in, unless everybody may go out: nobody is locked in.
func (d LevelDoors) Rule(way Direction) DoorRule {
	if way == Out || way == "" && d.Out == DoorsFree {
		return d.Out
	}
	return d.In
}

// Decide says whether somebody passes, and why: why they may not, or may all the same. why is the
// reason against them at any other time, "" if there is none.
func (d LevelDoors) Decide(
	way Direction, person PersonID, kind PersonKind, why ReasonCode,
) (allow bool, reason ReasonCode) {
	rule := d.Rule(way)
	switch {
	case rule == DoorsFree:
		return true, ReasonLevelFree
	case rule == "" || why != "" || slices.Contains(d.Responders, person):
		return why == "", why
	case rule == DoorsStaff && kind == Staff:
		return true, ""
	case rule == DoorsStaff:
		return false, ReasonLevelStaff
	}
	return false, ReasonLevelResponders
}
