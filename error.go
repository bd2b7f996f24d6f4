package gatehouse

import (
	"errors"
	"fmt"
)

// Code classifies an Error for programs; one table in package api maps codes to HTTP statuses.
type Code string

// The codes. They are part of the API and never change their meaning.
const (
	// the input is wrong; the message names the place and the fix
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated" // not signed in, or the credential is wrong
	Forbidden       Code = "forbidden"       // signed in, but without the permission
	NotFound        Code = "not_found"       // nothing with that ID in this scope
	Conflict        Code = "conflict"        // it exists already, or has changed meanwhile
	// it does not match If-Match: somebody has changed it meanwhile
	Changed     Code = "changed"
	Gone        Code = "gone"         // it cannot be continued: begin again
	Unavailable Code = "unavailable"  // a required part is down or full; try again
	TooLarge    Code = "too_large"    // over a documented limit
	RateLimited Code = "rate_limited" // too many; Retry-After says when
)

// Error is an error for people: Message says what is wrong, where, and how to fix it, and is safe
// to show. Field names the input field, if any ("devices[3].zone").
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`

	// Reason is a machine-readable reason, used where a code has several causes that are worded in
	// the reader's language. Have and Need are its numbers, if any: the actual amount, and the
	// required or allowed one.
	Reason string  `json:"reason,omitempty"`
	Have   float64 `json:"have,omitempty"`
	Need   float64 `json:"need,omitempty"`

	// Text is the source of Message, for translation; nil if the error came from elsewhere and is
	// available in English only.
	Text *Text `json:"-"`

	// Params are the parameters of Reason's text.
	Params map[string]string `json:"params,omitempty"`
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// Errorf makes an Error. The format must be a literal, since it is the key in the catalogue of
// texts; arguments that are English words must be Texts.
func Errorf(code Code, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{
		Code:    code,
		Message: message,
		Text: &Text{
			Format:  format,
			Args:    args,
			english: message,
		},
	}
}

// FieldErrorf makes an Invalid Error that names the field.
func FieldErrorf(field, format string, args ...any) *Error {
	return Errorf(Invalid, format, args...).At(field)
}

// At sets the field and returns the error.
func (e *Error) At(field string) *Error {
	e.Field = field
	return e
}

// Because sets the reason and returns the error.
func (e *Error) Because(reason string) *Error {
	e.Reason = reason
	return e
}

// ErrorCode is the code of the first Error in err's chain, or "" if there is none.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
