package gatehouse

import (
	"errors"
	"fmt"
)

// Code classes an Error for machines; one table in package api maps codes to HTTP statuses.
type Code string

// The codes. They are part of the API and never change their meaning.
const (
	// the input is wrong; the message names the place and the mend
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated" // nobody is signed in, or the credential is wrong
	Forbidden       Code = "forbidden"       // signed in, but without the right
	NotFound        Code = "not_found"       // nothing by that name in this scope
	Conflict        Code = "conflict"        // it exists already, or has changed meanwhile
	// what If-Match names is not what is there: somebody changed it meanwhile
	Changed     Code = "changed"
	Gone        Code = "gone"         // what was begun cannot go on: begin again
	Unavailable Code = "unavailable"  // a part that is needed is down or full; try again
	TooLarge    Code = "too_large"    // over a stated bound
	RateLimited Code = "rate_limited" // too many; Retry-After says when
)

// Error is an error for people: Message says what is wrong, where, and how to mend it, and
// is safe to show. Field names the input's field where there is one ("devices[3].zone").
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`

	// Reason is what is wrong as a word for machines, where there are several ways to be wrong and
	// the reader's language has words for each. Have and Need are its numbers, where it has any:
	// how much there is, and how much has to be, or may be.
	Reason string  `json:"reason,omitempty"`
	Have   float64 `json:"have,omitempty"`
	Need   float64 `json:"need,omitempty"`

	// Text is what Message was made from, for readers of another language; nil where the error
	// came from elsewhere and has its English words only.
	Text *Text `json:"-"`

	// Params are what stands in the words of a Reason that has any.
	Params map[string]string `json:"params,omitempty"`
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// Errorf makes an Error of a code. The format is a literal, which names it in the catalogue of
// texts, and an argument that is a word of English is a Text itself.
func Errorf(code Code, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{
		Code:    code,
		Message: message,
		Text:    &Text{Format: format, Args: args, english: message},
	}
}

// FieldErrorf makes an Invalid Error that names the field.
func FieldErrorf(field, format string, args ...any) *Error {
	return Errorf(Invalid, format, args...).At(field)
}

// At gives the error the input's field at fault, and answers it.
func (e *Error) At(field string) *Error {
	e.Field = field
	return e
}

// Because gives the error a reason, and answers it.
func (e *Error) Because(reason string) *Error {
	e.Reason = reason
	return e
}

// ErrorCode is the code of the first Error in err's chain, or "" where there is none.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
