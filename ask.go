package gatehouse

import "slices"

// Ask is a device's question that needs an answer at once: may the person with this credential
// pass, or eat? It is no Sighting: the device reports separately whether somebody went through.
type Ask struct {
	Device     DeviceID
	Method     Method    // one of the profile's sightings
	Credential string    // card number, text of the code or person's number
	Direction  Direction // "" if unknown
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
	}
	return nil
}

// MaxAskCredential limits Ask.Credential, in bytes.
const MaxAskCredential = 256

// Answer is the answer to an Ask: the gateway's, or the profile's if the gateway does not answer.
type Answer struct {
	Allow  bool
	Person PersonID // who may pass; "" if nobody may, or the profile decided
	Reason Reason   // why not, or why the profile decided; zero if the gateway allows it
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
	// Reason is why not, or why a threat level let somebody pass whatever they showed.
	Reason Reason `json:"reason,omitzero"`
	// Level is the threat level that stood, and Drill whether it was a drill's.
	Level    LevelID    `json:"level,omitempty"`
	Lockdown LockdownID `json:"lockdown,omitempty"`
	Drill    bool       `json:"drill,omitempty"`
}
