package gatehouse

import (
	"slices"
	"time"
	"unicode/utf8"
)

// Ask is a device's question that needs an answer at once: may the person with this credential
// pass, or eat? It is no Sighting: the device reports separately whether somebody went through.
type Ask struct {
	Device     DeviceID
	Method     Method    // one of the profile's sightings
	Credential string    // card number, text of the code or person's number
	Direction  Direction // "" if unknown

	// Of a till (a device of type pos) alone: one meal that it serves.
	Time     time.Time // when, by the till's clock; zero: now
	Sequence uint64    // the till's number for this meal, never given twice; 0: it has none
	Override string    // why staff serve them whatever the answer is, at most MaxOverride characters
	Served   bool      // the meal was given while nobody answered: it is only told
}

// Check returns why the question is invalid for a device with profile p; nil: it is valid.
func (a Ask) Check(p Profile) error {
	switch {
	case !slices.Contains(p.Sightings, a.Method):
		return Errorf(Invalid, "profile %q sees nobody by %q; it allows %v", p.ID, a.Method,
			p.Sightings)
	case a.Credential == "" || len(a.Credential) > MaxAskCredential:
		return FieldErrorf("credential", "it has %d bytes: give 1 to %d", len(a.Credential),
			MaxAskCredential)
	case a.Direction != "" && a.Direction != In && a.Direction != Out:
		return FieldErrorf("direction", "%q is no direction; use in or out", a.Direction)
	case p.Type != TypePOS && (a.Served || a.Override != ""):
		return FieldErrorf("override", "only a till serves meals; profile %q is of type %s", p.ID, p.Type)
	case a.Served && a.Sequence == 0:
		return FieldErrorf("sequence",
			"a meal that is told needs its number, so that it counts once however often it is told")
	case utf8.RuneCountInString(a.Override) > MaxOverride:
		return FieldErrorf("override", "the reason has %d characters; at most %d are kept",
			utf8.RuneCountInString(a.Override), MaxOverride)
	}
	return nil
}

// MaxAskCredential limits Ask.Credential, in bytes.
const MaxAskCredential = 256

// MaxOverride limits Ask.Override, in characters.
const MaxOverride = 200

// Answer is the answer to an Ask: the gateway's, or the profile's if the gateway does not answer.
type Answer struct {
	Allow  bool
	Person PersonID // who may pass; "" if nobody may, or the profile decided
	Reason Reason   // why not, or why the profile decided; zero if the gateway allows it
	// What a till shows; nil for any other device, and where the gateway does not answer.
	Serving *Serving
}

// Serving is what a till shows to who serves: the meal, and of whoever eats as much as the moment
// needs.
type Serving struct {
	Meal, MealZH string    // "": no meal is served at that time
	Name, Class  string    // "": nobody is known by what was shown
	Note         string    // what they must not eat, or need
	Before       time.Time // when they had this meal already; zero: they had not
}

// NoAnswer is what a device does if the gateway does not answer its Ask in time.
type NoAnswer string

// The rules. Doors out of a building should allow, so that nobody is locked in.
const (
	NoAnswerDeny  NoAnswer = "deny"  // the default
	NoAnswerAllow NoAnswer = "allow" // and reports it as OccurrenceUnanswered
)

// Unanswered returns the profile's answer for when the gateway does not answer.
func (p Profile) Unanswered() Answer {
	return Answer{
		Allow:  p.NoAnswer == NoAnswerAllow,
		Reason: Because(ReasonNoAskAnswer),
	}
}

// validateNoAnswer checks the rule; allow needs an event to report unanswered passes.
func (p Profile) validateNoAnswer() error {
	switch p.NoAnswer {
	case "", NoAnswerDeny:
		return nil
	case NoAnswerAllow:
	default:
		return FieldErrorf("no_answer", "%q is no rule; use deny or allow", p.NoAnswer)
	}
	if _, ok := p.Events[string(OccurrenceUnanswered)]; !ok {
		return FieldErrorf("no_answer",
			"allow reports each unanswered pass as an event %q: give the profile one, or use deny",
			OccurrenceUnanswered)
	}
	return nil
}

// Decision is an Ask with its Answer as stored in the journal.
type Decision struct {
	Method    Method    `json:"method"`
	Direction Direction `json:"direction,omitempty"`
	Allow     bool      `json:"allow"`
	Person    PersonID  `json:"person,omitempty"` // the credential's owner; "" if nobody's
	// Credential is the last 4 characters of a credential that belongs to nobody.
	Credential string `json:"credential,omitempty"`
	// Reason is why not, or why somebody passed, or was served, whatever they showed.
	Reason Reason `json:"reason,omitzero"`
	// Level is the threat level that stood, and Drill whether it was a drill's.
	Level    LevelID    `json:"level,omitempty"`
	Lockdown LockdownID `json:"lockdown,omitempty"`
	Drill    bool       `json:"drill,omitempty"`
}
