package gatehouse

import (
	"strings"
	"time"
)

// LevelID identifies a threat level of a school.
type LevelID string

// The threat levels that every school has. A school adds levels of its own.
const (
	LevelLockdown LevelID = "lockdown" // an attacker: doors locked, everybody stays hidden
	LevelHold     LevelID = "hold"     // stay in the rooms: something in the corridors
	LevelShelter  LevelID = "shelter"  // weather, smoke outside: everybody inside
	LevelEvacuate LevelID = "evacuate" // fire: doors open, everybody out
)

// LockdownRule is the prefix of the rule IDs of alerts about a threat level, e.g.
// "lockdown:evacuate". Rules of a school cannot have it.
const LockdownRule = "lockdown:"

// OfLockdown reports whether the rule is that of an alert about a threat level.
func (r RuleID) OfLockdown() bool { return strings.HasPrefix(string(r), LockdownRule) }

// DuressRule is the rule ID of the silent alert that a user gave an all-clear under duress. That user
// is not shown it, nor is what only reads, such as a screen.
func DuressRule(id UserID) RuleID { return duressRules + RuleID(id) }

const duressRules = LockdownRule + "duress-"

// Silent reports whether the rule is that of an alert that somebody is not to see: see DuressRule.
func (r RuleID) Silent() bool { return strings.HasPrefix(string(r), string(duressRules)) }

// Unseen reports whether whoever acts in a scope is not to see the alerts of a rule.
func (s Scope) Unseen(r RuleID) bool {
	of, is := strings.CutPrefix(string(r), duressRules)
	if !is {
		return false
	}
	me, _, _ := strings.Cut(s.Actor, " ")
	return of == me || !s.Can(AlertsWrite)
}

// ThreatLevel is what a school does at a level above normal.
type ThreatLevel struct {
	ID       LevelID  `json:"id"`
	School   SchoolID `json:"school"`
	Title    string   `json:"title"`
	TitleZH  string   `json:"title_zh,omitempty"`
	Text     string   `json:"text,omitempty"` // what everybody is to do, shown in the banner
	TextZH   string   `json:"text_zh,omitempty"`
	Severity Severity `json:"severity"` // of its alert
	// Raise is commanded when the level is raised, Clear at the all-clear.
	Raise []LevelAction `json:"raise"`
	Clear []LevelAction `json:"clear"`
	// Doors is who passes the doors that ask the gateway.
	Doors LevelDoors `json:"doors,omitzero"`
	// Messages are sent when the level is raised, and at the all-clear.
	Messages []LevelMessage `json:"messages"`
	// Triggers are the occurrences at devices that raise the level by themselves.
	Triggers []LevelTrigger `json:"triggers"`
	Version  int            `json:"version"` // 0: as delivered, and not changed by the school
}

// LevelAction commands devices. Empty fields select all devices whose profile has the action.
type LevelAction struct {
	Action   string           `json:"action"`
	Values   map[string]Value `json:"values,omitempty"`
	Device   DeviceID         `json:"device,omitempty"`
	Zone     ZoneID           `json:"zone,omitempty"`
	Building BuildingID       `json:"building,omitempty"`
	Profile  ProfileID        `json:"profile,omitempty"`
	Type     DeviceType       `json:"type,omitempty"`
}

// LevelMessage is who is told of a level: everybody whom one of the first three names, each once.
type LevelMessage struct {
	Roles    []Role       `json:"roles,omitempty"`    // users of the school
	Kinds    []PersonKind `json:"kinds,omitempty"`    // people, such as all staff
	Channels []ChannelID  `json:"channels,omitempty"` // such as the robot of a group
	// Only for a level that was raised in one of these; both empty: wherever it was. One of which
	// nobody said where it is concerns every place.
	Buildings []BuildingID `json:"buildings,omitempty"`
	Zones     []ZoneID     `json:"zones,omitempty"`
}

// LevelTrigger is an occurrence that raises a threat level: a panic button, a duress code. Empty
// fields fit all devices of the school.
type LevelTrigger struct {
	Kind   OccurrenceKind   `json:"kind"`
	Device DeviceID         `json:"device,omitempty"`
	Zone   ZoneID           `json:"zone,omitempty"`
	Data   map[string]Value `json:"data,omitempty"` // that came with it, e.g. what: panic
	Drill  bool             `json:"drill,omitempty"`
}

// PastLevel is a command to a device that a threat level held against it.
type PastLevel struct {
	Device DeviceID  `json:"device"`
	Action string    `json:"action"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// Lockdown is one time at which a school's threat level was not normal.
type Lockdown struct {
	ID      LockdownID `json:"id"`
	School  SchoolID   `json:"school"`
	Level   LevelID    `json:"level"`
	Title   string     `json:"title"`
	TitleZH string     `json:"title_zh,omitempty"`
	Text    string     `json:"text,omitempty"`
	TextZH  string     `json:"text_zh,omitempty"`
	Drill   bool       `json:"drill"`
	Zone    ZoneID     `json:"zone,omitempty"` // where; empty: nobody said
	Note    string     `json:"note,omitempty"` // by who raised it
	Raised  time.Time  `json:"raised"`
	// RaisedBy is a user's ID, or empty if a key or a rule raised it; its maker's for a key.
	RaisedBy     UserID  `json:"raised_by,omitempty"`
	RaisedByName string  `json:"raised_by_name"`
	Alert        AlertID `json:"alert"`
	// the incident that it is dealt with in; empty for one of an earlier version
	Incident IncidentID `json:"incident,omitempty"`
	Commands int        `json:"commands"` // how many were given when it was raised
	Spared   int        `json:"spared"`   // how many a drill did not give: they are irreversible
	// Doors is who passes while it stands, without the names of its responders.
	Doors LevelDoors `json:"doors,omitzero"`
	// Past are the commands that went to devices which it holds, and why: the newest 100.
	Past []PastLevel `json:"past,omitempty"`
	// Idle are the level's actions that no device was there for: nothing was commanded by them.
	Idle    []string  `json:"idle,omitempty"`
	Cleared time.Time `json:"cleared,omitzero"`
	// ClearedBy is never RaisedBy; empty if another level took its place.
	ClearedBy     UserID     `json:"cleared_by,omitempty"`
	ClearedByName string     `json:"cleared_by_name,omitempty"`
	ClearNote     string     `json:"clear_note,omitempty"`
	Next          LockdownID `json:"next,omitempty"` // took its place before it was cleared
	Version       int        `json:"version"`
}
