package gatehouse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reason says why a device is in a state, or why it did not do something: a code that programs
// decide by and each language has words for, and what stands in those words. Vendors may have
// codes of their own; of those the gateway shows the sentence that came along.
type Reason struct {
	Code   ReasonCode        `json:"code"`
	Params map[string]string `json:"params,omitempty"`
}

// ReasonCode names a kind of reason. The codes of ReasonTexts never change their meaning.
type ReasonCode string

// Because makes a Reason. Params come in pairs, a name and what it stands for, of any type.
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

// String is the reason as an English sentence; of a code that ReasonTexts does not have, the
// code.
func (r Reason) String() string {
	english, ok := reasonTexts[r.Code]
	if !ok {
		return string(r.Code)
	}
	pairs := make([]string, 0, 2*len(r.Params))
	for name, value := range r.Params {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(english)
}

// Err is the reason as an Error of a class, which a driver's Connect or Command may return.
func (r Reason) Err(code Code) *Error {
	return &Error{
		Code:    code,
		Message: r.String(),
		Reason:  string(r.Code),
		Params:  r.Params,
	}
}

// ReasonOf is the reason of the first Error in err's chain that has one; without one it is
// ReasonOther with err's own words.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) && e.Reason != "" {
		return Reason{Code: ReasonCode(e.Reason), Params: e.Params}
	}
	return Because(ReasonOther, "text", err)
}

// Bounds of the reasons that a program gives at once.
const (
	MaxReasons      = 8
	MaxReasonParams = 16
	MaxReasonParam  = 500 // characters of one of them
)

// fits says whether a reason is one that is kept.
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

// fitting leaves out what no Reason can be; what is left is at most MaxReasons of them. A state
// counts all the same: its sentence is there.
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
