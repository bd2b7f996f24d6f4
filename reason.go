package gatehouse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reason says why a device is in a state, or why it did not do something: a code, by which programs
// decide and of which each language has a text, with the text's parameters. Vendors may define
// codes; for those the gateway shows the accompanying sentence.
type Reason struct {
	Code   ReasonCode        `json:"code"`
	Params map[string]string `json:"params,omitempty"`
}

// ReasonCode names a kind of reason. The codes of ReasonTexts never change their meaning.
type ReasonCode string

// Because makes a Reason. Params are pairs of a name and a value of any type.
func Because(code ReasonCode, params ...any) Reason {
	r := Reason{Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if r.Params == nil {
			r.Params = map[string]string{}
		}
		r.Params[fmt.Sprint(params[i])] = fmt.Sprint(params[i+1])
	}
	return r
}

// String is the reason as an English sentence, or the code if ReasonTexts does not have it.
func (r Reason) String() string {
	english, ok := reasonTexts[r.Code]
	if !ok {
		return string(r.Code)
	}
	return r.In(english)
}

// In replaces each param's name in braces by its value.
func (r Reason) In(sentence string) string {
	pairs := make([]string, 0, 2*len(r.Params))
	for name, value := range r.Params {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

// Err is the reason as an Error, which a driver's Connect or Command may return.
func (r Reason) Err(code Code) *Error {
	return &Error{
		Code:    code,
		Message: r.String(),
		Reason:  string(r.Code),
		Params:  r.Params,
	}
}

// ReasonOf is the reason of the first Error in err's chain if it has one; otherwise it is
// ReasonOther with err's message.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) && e.Reason != "" {
		return Reason{
			Code:   ReasonCode(e.Reason),
			Params: e.Params,
		}
	}
	return Because(ReasonOther, "text", err)
}

// Limits of the reasons given with one status.
const (
	MaxReasons      = 8
	MaxReasonParams = 16
	MaxReasonParam  = 500 // characters of one parameter
)

// fits reports whether a reason is within the limits.
func (r Reason) fits() bool {
	if !ValidID(string(r.Code)) || len(r.Params) > MaxReasonParams {
		return false
	}
	for name, value := range r.Params {
		if !ValidID(name) || utf8.RuneCountInString(value) > MaxReasonParam {
			return false
		}
	}
	return true
}

// fitting drops reasons beyond the limits. The state is admitted regardless, since it has a
// sentence too.
func fitting(reasons []Reason) []Reason {
	if len(reasons) <= MaxReasons &&
		!slices.ContainsFunc(reasons, func(r Reason) bool { return !r.fits() }) {
		return reasons
	}
	var out []Reason
	for _, r := range reasons {
		if r.fits() && len(out) < MaxReasons {
			out = append(out, r)
		}
	}
	return out
}
