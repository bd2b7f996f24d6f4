package gatehouse

import (
	"errors"
	"strings"
	"time"
)

// RejectionCode says why an observation was not admitted, for programs; Rejection.Reason says it to
// people. The meaning of a code never changes.
type RejectionCode string

// The rejection codes.
const (
	RejectedUnknownDevice RejectionCode = "unknown_device" // the device is not registered
	RejectedOtherDriver   RejectionCode = "other_driver"   // the device belongs to another driver
	RejectedDisabled      RejectionCode = "disabled"       // the device is disabled
	RejectedClockAhead    RejectionCode = "clock_ahead"    // its time is too far ahead: see Clock
	RejectedClockBehind   RejectionCode = "clock_behind"   // too old; both Partial: only the time
	RejectedMisfit        RejectionCode = "misfit"         // values do not fit: see Properties
	RejectedEmpty         RejectionCode = "empty"          // empty, or with more than one content
	RejectedState         RejectionCode = "state"          // no state, or an unknown one
	RejectedSighting      RejectionCode = "sighting"       // the profile lacks the method
	RejectedOccurrence    RejectionCode = "occurrence"     // no event of the profile, or not its data
	RejectedUnreadable    RejectionCode = "unreadable"     // its driver could not read it
	RejectedPayload       RejectionCode = "payload"        // an invalid MQTT message
	RejectedTopic         RejectionCode = "topic"          // the MQTT topic of another device
)

// RejectionCodes lists every code.
func RejectionCodes() []RejectionCode {
	return []RejectionCode{
		RejectedUnknownDevice, RejectedOtherDriver, RejectedDisabled, RejectedClockAhead,
		RejectedClockBehind, RejectedMisfit, RejectedEmpty, RejectedState, RejectedSighting,
		RejectedOccurrence, RejectedUnreadable, RejectedPayload, RejectedTopic,
	}
}

// as sets the code of a rejection and returns the error.
func (e *Error) as(code RejectionCode) *Error { return e.Because(string(code)) }

// Rejected sets the code of a rejection on err if it is an Error without a reason, and returns err.
func Rejected(code RejectionCode, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Reason == "" {
		e.Because(string(code))
	}
	return err
}

// ClockError refuses an observation because of its time, or only the time: see Admission.Clock.
type ClockError struct {
	Clock time.Time // the time that the device gave
	Why   *Error
}

// Error implements error.
func (e *ClockError) Error() string { return e.Why.Error() }

// Unwrap returns the refusal without the time.
func (e *ClockError) Unwrap() error { return e.Why }

// Rejection records what was not admitted and why. Excerpt is at most 256 bytes of what arrived,
// never a credential, a face or a name.
type Rejection struct {
	Reason  string `json:"reason"`
	Source  string `json:"source"` // topic, driver or address it came from
	Excerpt string `json:"excerpt,omitempty"`
	// Properties are the values of a reading that did not fit; empty if the reading was refused as
	// a whole.
	Properties []string `json:"properties,omitempty"`
	Partial    bool     `json:"partial,omitempty"` // the rest of the message was admitted
	// Sealed is what was refused, at most MaxRaw bytes, if it may concern people; only the registry
	// can open it.
	Sealed []byte `json:"-"`

	// Code is the reason for programs; "" in older events.
	Code RejectionCode `json:"code,omitempty"`
	// Clock is the device's time if that is the reason, to the microsecond.
	Clock time.Time `json:"clock,omitzero"`
	// Said is Reason as a translatable text, encoded by Text.Keep; nil if there is only the
	// English.
	Said []byte `json:"-"`
}

// Explain sets the reason, its code and its details from an error.
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

// impossibleTime is the beginning of the reason of an observation refused for its time.
const impossibleTime = "the time "

// ImpossibleTime returns the time for which the observation was refused; false if it was refused
// for another reason. Older events have the time in their sentence only.
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
