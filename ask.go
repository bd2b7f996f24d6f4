package gatehouse

import "slices"

// Ask is a device's question that wants an answer now: may whoever shows this pass, or eat? It is
// no Sighting: whether somebody went through, the device reports by itself.
type Ask struct {
	Device     DeviceID
	Method     Method    // one of the profile's sightings
	Credential string    // the card number, the code's text or the person's number that was shown
	Direction  Direction // "" where the device does not know it
}

// Check says whether the gateway can be asked so of a device with profile p.
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

// MaxAskCredential bounds the credential of an Ask, in bytes.
const MaxAskCredential = 256

// Answer is what the gateway says to an Ask, or the profile where the gateway does not answer.
type Answer struct {
	Allow  bool
	Person PersonID // who may pass; "" where nobody may, or the profile answers
	Reason Reason   // why not, or why all the same; zero where the gateway allows it
}

// NoAnswer is what a device does where the gateway does not answer its Ask in time.
type NoAnswer string

// The rules. Doors on the way out of a building allow, so that nobody is locked in.
const (
	NoAnswerDeny  NoAnswer = "deny"  // as "" does
	NoAnswerAllow NoAnswer = "allow" // and tells it as an occurrence of the kind OccurrenceUnanswered
)

// Unanswered is the profile's answer to an Ask that the gateway does not answer.
func (p Profile) Unanswered() Answer {
	return Answer{Allow: p.NoAnswer == NoAnswerAllow, Reason: Because(ReasonNoAskAnswer)}
}

// validateNoAnswer checks the rule, and that what it has to tell can be told.
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

// Decision is an Ask with its Answer, as it is journalled.
type Decision struct {
	Method    Method    `json:"method"`
	Direction Direction `json:"direction,omitempty"`
	Allow     bool      `json:"allow"`
	Person    PersonID  `json:"person,omitempty"` // whose credential it is; "" is nobody's
	// Credential is what was shown, where it is nobody's: its last 4 characters.
	Credential string `json:"credential,omitempty"`
	Reason     Reason `json:"reason,omitzero"` // why not
}
