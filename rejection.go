package gatehouse

import (
	"errors"
	"strings"
	"time"
)

// RejectionCode says why an observation was not admitted, for programs. The codes never change their
// meaning; Reason says it to people.
type RejectionCode string

// The codes of rejections.
const (
	RejectedUnknownDevice RejectionCode = "unknown_device" // it is not registered
	RejectedOtherDriver   RejectionCode = "other_driver"   // it belongs to another driver
	RejectedDisabled      RejectionCode = "disabled"       // the device is
	RejectedClockAhead    RejectionCode = "clock_ahead"    // its time lies too far ahead: Clock says it
	RejectedClockBehind   RejectionCode = "clock_behind"   // its time is too old: Clock says it
	RejectedMisfit        RejectionCode = "misfit"         // values do not fit: Properties says which
	RejectedEmpty         RejectionCode = "empty"          // it says nothing, or more than one thing
	RejectedState         RejectionCode = "state"          // no state, or none that there is
	RejectedSighting      RejectionCode = "sighting"       // the profile sees nobody so
	RejectedOccurrence    RejectionCode = "occurrence"     // no event of the profile, or not its data
	RejectedUnreadable    RejectionCode = "unreadable"     // its driver could not read it
	RejectedPayload       RejectionCode = "payload"        // an MQTT message that is none
	RejectedTopic         RejectionCode = "topic"          // of another device
)

// RejectionCodes lists every code.
func RejectionCodes() []RejectionCode {
	return []RejectionCode{
		RejectedUnknownDevice, RejectedOtherDriver, RejectedDisabled, RejectedClockAhead,
		RejectedClockBehind, RejectedMisfit, RejectedEmpty, RejectedState, RejectedSighting,
		RejectedOccurrence, RejectedUnreadable, RejectedPayload, RejectedTopic,
	}
}

// as gives the error the code of a rejection, and answers it.
func (e *Error) as(code RejectionCode) *Error { return e.Because(string(code)) }

// Rejected is err with the code of a rejection where it has none.
func Rejected(code RejectionCode, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Reason == "" {
		e.Because(string(code))
	}
	return err
}

// ClockError refuses an observation for its time.
type ClockError struct {
	Clock time.Time // the device's
	Why   *Error
}

// Error says why, for people.
func (e *ClockError) Error() string { return e.Why.Error() }

// Unwrap is the error without the time.
func (e *ClockError) Unwrap() error { return e.Why }

// Rejection says what was not admitted, and why. Excerpt is at most 256 bytes of what arrived,
// never a credential, a face or a name.
type Rejection struct {
	Reason  string `json:"reason"`
	Source  string `json:"source"` // topic, driver or address it came from
	Excerpt string `json:"excerpt,omitempty"`
	// Properties are the values of a reading that did not fit; none where it was refused as a
	// whole.
	Properties []string `json:"properties,omitempty"`
	Partial    bool     `json:"partial,omitempty"` // all else of the message was admitted
	// Sealed is what was refused, where it may be about people: at most MaxRaw bytes of it, for
	// the registry alone to open.
	Sealed []byte `json:"-"`

	// Code is why, as a word for programs; "" in events of before the codes.
	Code RejectionCode `json:"code,omitempty"`
	// Clock is the device's time, where that is why, to the microsecond.
	Clock time.Time `json:"clock,omitzero"`
	// Said is Reason for readers of another language, as Text.Keep writes it; nil where there is
	// the English alone.
	Said []byte `json:"-"`
}

// Explain puts into the rejection why it is one.
func (r *Rejection) Explain(why error) {
	r.Reason = why.Error()
	r.Said = TextOf(why).Keep()
	var e *Error
	if errors.As(why, &e) {
		r.Code = RejectionCode(e.Reason)
	}
	var clock *ClockError
	if errors.As(why, &clock) && clock.Clock.Year() >= 1 && clock.Clock.Year() <= 9999 {
		r.Clock = clock.Clock.UTC().Truncate(time.Microsecond)
	}
}

// impossibleTime begins the reason of an observation that was refused for its time.
const impossibleTime = "the time "

// ImpossibleTime is the time for which the observation was refused; false where it was
// refused for something else. Events of before the codes have it in their sentence alone.
func (r Rejection) ImpossibleTime() (time.Time, bool) {
	if r.Code != "" {
		return r.Clock, !r.Clock.IsZero()
	}
	rest, ok := strings.CutPrefix(r.Reason, impossibleTime)
	if !ok {
		return time.Time{}, false
	}
	text, _, _ := strings.Cut(rest, " ")
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}
