package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Bounds of what a device may send.
const (
	maxBody         = 64 << 10 // bytes of a request, or of a message on a socket
	maxObservations = 100      // of a request
	minShift        = 5 * time.Second
)

// question is what a device asks (README.md, "Ask").
type question struct {
	Sequence   uint64     `json:"sequence"`
	Time       *time.Time `json:"time"`
	Clock      *time.Time `json:"clock"`
	Method     string     `json:"method"`
	Credential string     `json:"credential"`
	Direction  string     `json:"direction"`
	Override   string     `json:"override"`
	Served     bool       `json:"served"`
}

// reply is what it is told.
type reply struct {
	Answered bool     `json:"answered"` // false: the gateway did not; the rest is the profile's rule
	Allow    bool     `json:"allow"`
	Reason   *reason  `json:"reason,omitempty"`
	Serving  *serving `json:"serving,omitempty"`
}

type reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

type serving struct {
	Meal   string    `json:"meal"`
	MealZH string    `json:"meal_zh,omitempty"`
	Name   string    `json:"name,omitempty"`
	Class  string    `json:"class,omitempty"`
	Note   string    `json:"note,omitempty"`
	Before time.Time `json:"before,omitzero"`
}

// report is what a device has seen (README.md, "Observations").
type report struct {
	Clock        *time.Time    `json:"clock"`
	Observations []observation `json:"observations"`
}

type observation struct {
	Sequence   uint64                     `json:"sequence"`
	Time       *time.Time                 `json:"time"`
	Replayed   bool                       `json:"replayed"`
	Sighting   *sighting                  `json:"sighting"`
	Occurrence *occurrence                `json:"occurrence"`
	Values     map[string]gatehouse.Value `json:"values"`
}

type sighting struct {
	Method     string `json:"method"`
	Credential string `json:"credential"`
	Direction  string `json:"direction"`
}

type occurrence struct {
	Kind string                     `json:"kind"`
	Data map[string]gatehouse.Value `json:"data"`
}

// result says what came of a command.
type result struct {
	ID      string `json:"id"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

// read decodes one JSON document of at most maxBody bytes into x. The error names the place.
func read(r io.Reader, x any) error {
	b, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return gatehouse.Errorf(gatehouse.Invalid, "the body broke off: send it again")
	}
	return decode(b, x)
}

func decode(b []byte, x any) error {
	if len(b) > maxBody {
		return gatehouse.Errorf(gatehouse.TooLarge, "more than %d bytes: send less at a time", maxBody)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(x)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			return gatehouse.Errorf(gatehouse.Invalid, "there is more after the JSON object: send one object")
		}
		return nil
	}
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var at *time.ParseError
	unknown, isUnknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case errors.As(err, &kind):
		return gatehouse.FieldErrorf(kind.Field, "a %s stands where a %s belongs", kind.Value, kind.Type)
	case errors.As(err, &syntax):
		return gatehouse.Errorf(gatehouse.Invalid, "no JSON at byte %d", syntax.Offset)
	case errors.As(err, &at):
		return gatehouse.Errorf(gatehouse.Invalid, "%q is no time; give one as 2026-09-01T12:00:00+08:00",
			at.Value)
	case isUnknown:
		return gatehouse.FieldErrorf(strings.Trim(unknown, `"`), "nobody knows this field: leave it out")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return gatehouse.Errorf(gatehouse.Invalid, "the JSON breaks off: send it again")
	}
	return gatehouse.Errorf(gatehouse.Invalid, "cannot be read: %v", err)
}

// shift is by how much a device's clock is behind; a difference that a slow network explains is
// none.
func shift(clock *time.Time, now time.Time) time.Duration {
	if clock == nil {
		return 0
	}
	if by := now.Sub(*clock); by.Abs() >= minShift {
		return by
	}
	return 0
}

// ask makes the question of a device for the gateway.
func (q question) ask(now time.Time) gatehouse.Ask {
	a := gatehouse.Ask{
		Method:     gatehouse.Method(q.Method),
		Credential: q.Credential,
		Direction:  gatehouse.Direction(q.Direction),
		Sequence:   q.Sequence,
		Override:   strings.TrimSpace(q.Override),
		Served:     q.Served,
	}
	if q.Time != nil {
		a.Time = q.Time.Add(shift(q.Clock, now))
	}
	return a
}

// answer makes the reply to a device.
func answer(a gatehouse.Answer) reply {
	out := reply{
		Answered: a.Reason.Code != gatehouse.ReasonNoAskAnswer,
		Allow:    a.Allow,
	}
	if a.Reason.Code != "" {
		out.Reason = &reason{
			Code: string(a.Reason.Code),
			Text: a.Reason.String(),
		}
	}
	if s := a.Serving; s != nil {
		out.Serving = &serving{
			Meal:   s.Meal,
			MealZH: s.MealZH,
			Name:   s.Name,
			Class:  s.Class,
			Note:   s.Note,
			Before: s.Before,
		}
	}
	return out
}

// observed makes observations of a report. Whether they fit the profile is the gateway's to say.
func (r report) observed(now time.Time) ([]gatehouse.Observation, error) {
	if n := len(r.Observations); n == 0 || n > maxObservations {
		return nil, gatehouse.FieldErrorf("observations", "%d observations; send 1 to %d at a time", n,
			maxObservations)
	}
	by := shift(r.Clock, now)
	out := make([]gatehouse.Observation, 0, len(r.Observations))
	for i, o := range r.Observations {
		x, err := o.observed(by)
		if err != nil {
			return nil, gatehouse.FieldErrorf(fmt.Sprintf("observations[%d]", i), "%v", err)
		}
		out = append(out, x)
	}
	return out, nil
}

func (o observation) observed(by time.Duration) (gatehouse.Observation, error) {
	x := gatehouse.Observation{
		Sequence: o.Sequence,
		Replayed: o.Replayed,
	}
	if o.Time != nil {
		x.Time = o.Time.Add(by)
	}
	n := 0
	if s := o.Sighting; s != nil {
		n++
		x.Sighting = &gatehouse.Sighting{
			Method:     gatehouse.Method(s.Method),
			Credential: s.Credential,
			Direction:  gatehouse.Direction(s.Direction),
		}
	}
	if c := o.Occurrence; c != nil {
		n++
		x.Occurrence = &gatehouse.Occurrence{
			Kind: gatehouse.OccurrenceKind(c.Kind),
			Data: c.Data,
		}
	}
	if o.Values != nil {
		n++
		x.Reading = &gatehouse.Reading{Values: o.Values}
	}
	if n != 1 {
		return x, gatehouse.Errorf(gatehouse.Invalid,
			"give exactly one of sighting, occurrence and values; there are %d", n)
	}
	return x, nil
}
