package driverpb

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/gatehouse-iot/gatehouse"
)

// FromValues converts values for the wire; a None value becomes a Value without a kind.
func FromValues(values map[string]gatehouse.Value) map[string]*Value {
	if values == nil {
		return nil
	}
	out := make(map[string]*Value, len(values))
	for k, v := range values {
		w := &Value{}
		switch v.Kind() {
		case gatehouse.Number:
			f, _ := v.Float()
			w.Kind = &Value_Number{Number: f}
		case gatehouse.Bool:
			b, _ := v.Bool()
			w.Kind = &Value_Bool{Bool: b}
		case gatehouse.String:
			s, _ := v.Text()
			w.Kind = &Value_Text{Text: text(s)}
		}
		out[text(k)] = w
	}
	return out
}

// ToValues is the inverse of FromValues. It does not validate: gatehouse.Admit refuses infinite
// numbers and overlong text.
func ToValues(values map[string]*Value) map[string]gatehouse.Value {
	if values == nil {
		return nil
	}
	out := make(map[string]gatehouse.Value, len(values))
	for k, v := range values {
		switch w := v.GetKind().(type) {
		case *Value_Number:
			out[k] = gatehouse.NumberValue(w.Number)
		case *Value_Bool:
			out[k] = gatehouse.BoolValue(w.Bool)
		case *Value_Text:
			out[k] = gatehouse.StringValue(w.Text)
		default:
			out[k] = gatehouse.Value{}
		}
	}
	return out
}

// FromObservation converts an observation for the wire. Its time is sent as an instant, without the
// zone.
func FromObservation(o gatehouse.Observation) *Observation {
	w := &Observation{
		Device:   text(string(o.Device)),
		Sequence: o.Sequence,
		Replayed: o.Replayed,
	}
	if !o.Time.IsZero() {
		w.Time = timestamppb.New(o.Time)
	}
	if o.Reading != nil {
		w.Reading = &Reading{Values: FromValues(o.Reading.Values)}
	}
	if o.Status != nil {
		w.Status = &Status{
			State:  text(string(o.Status.State)),
			Reason: clip(text(o.Status.Reason)),
			Weak:   clip(text(string(o.Status.Weak))),
			Causes: FromReasons(o.Status.Causes),
		}
	}
	if c := o.Occurrence; c != nil {
		w.Occurrence = &Occurrence{
			Kind: text(string(c.Kind)),
			Data: FromValues(c.Data),
		}
	}
	if u := o.Unreadable; u != nil {
		w.Unreadable = &Unreadable{
			Raw:    u.Raw[:min(len(u.Raw), gatehouse.MaxRaw)],
			Reason: clip(text(u.Reason)),
			What:   clip(text(u.What)),
		}
	}
	if s := o.Sighting; s != nil {
		w.Sighting = &Sighting{
			Id:         text(string(s.ID)),
			Method:     text(string(s.Method)),
			Direction:  text(string(s.Direction)),
			Zone:       text(string(s.Zone)),
			Person:     text(string(s.Person)),
			Credential: text(s.Credential),
			Track:      text(s.Track),
			Media:      text(string(s.Media)),
			Embedding:  s.Embedding,
			Model:      text(s.Model),
			Snapshot:   s.Snapshot,
			Frames:     int32(s.Frames),
		}
		if m := s.Match; m != nil {
			w.Sighting.Match = &Match{
				Score:    m.Score,
				RunnerUp: m.RunnerUp,
				Margin:   m.Margin,
				Quality:  m.Quality,
				Frames:   int32(m.Frames),
				Reason:   text(m.Reason),
			}
		}
	}
	return w
}

// ToObservation is the inverse of FromObservation. It does not validate: that is for
// gatehouse.Admit.
func ToObservation(w *Observation) gatehouse.Observation {
	o := gatehouse.Observation{
		Device:   gatehouse.DeviceID(w.GetDevice()),
		Sequence: w.GetSequence(),
		Replayed: w.GetReplayed(),
	}
	if t := w.GetTime(); t != nil {
		o.Time = instant(t)
	}
	if r := w.GetReading(); r != nil {
		o.Reading = &gatehouse.Reading{Values: ToValues(r.GetValues())}
	}
	if s := w.GetStatus(); s != nil {
		o.Status = &gatehouse.Status{
			State:  gatehouse.DeviceState(s.GetState()),
			Reason: clip(s.GetReason()),
			Weak:   gatehouse.Weakness(clip(s.GetWeak())),
			Causes: ToReasons(s.GetCauses()),
		}
	}
	if c := w.GetOccurrence(); c != nil {
		o.Occurrence = &gatehouse.Occurrence{
			Kind: gatehouse.OccurrenceKind(clip(c.GetKind())),
			Data: ToValues(c.GetData()),
		}
	}
	if u := w.GetUnreadable(); u != nil {
		raw := u.GetRaw()
		o.Unreadable = &gatehouse.Unreadable{
			Raw:    raw[:min(len(raw), gatehouse.MaxRaw)],
			Reason: clip(u.GetReason()),
			What:   clip(u.GetWhat()),
		}
	}
	if s := w.GetSighting(); s != nil {
		o.Sighting = &gatehouse.Sighting{
			ID:         gatehouse.SightingID(s.GetId()),
			Method:     gatehouse.Method(s.GetMethod()),
			Direction:  gatehouse.Direction(s.GetDirection()),
			Zone:       gatehouse.ZoneID(s.GetZone()),
			Person:     gatehouse.PersonID(s.GetPerson()),
			Credential: s.GetCredential(),
			Track:      s.GetTrack(),
			Media:      gatehouse.MediaID(s.GetMedia()),
			Embedding:  s.GetEmbedding(),
			Model:      clip(s.GetModel()),
			Snapshot:   s.GetSnapshot(),
			Frames:     int(s.GetFrames()),
		}
		if m := s.GetMatch(); m != nil {
			o.Sighting.Match = &gatehouse.Match{
				Score:    m.GetScore(),
				RunnerUp: m.GetRunnerUp(),
				Margin:   m.GetMargin(),
				Quality:  m.GetQuality(),
				Frames:   int(m.GetFrames()),
				Reason:   m.GetReason(),
			}
		}
	}
	return o
}

// FromReasons converts reasons for the wire.
func FromReasons(reasons []gatehouse.Reason) []*Reason {
	var out []*Reason
	for _, r := range reasons {
		out = append(out, FromReason(r))
	}
	return out
}

// FromReason converts a reason for the wire; nil if it has no code.
func FromReason(r gatehouse.Reason) *Reason {
	if r.Code == "" {
		return nil
	}
	return &Reason{
		Code:   text(string(r.Code)),
		Params: Texts(r.Params),
	}
}

// ToReasons is the inverse of FromReasons. It does not validate: that is for gatehouse.Admit.
func ToReasons(reasons []*Reason) []gatehouse.Reason {
	var out []gatehouse.Reason
	for _, r := range reasons {
		out = append(out, ToReason(r))
	}
	return out
}

// ToReason is the inverse of FromReason.
func ToReason(r *Reason) gatehouse.Reason {
	return gatehouse.Reason{
		Code:   gatehouse.ReasonCode(r.GetCode()),
		Params: r.GetParams(),
	}
}

// FromAsk converts a question for the wire; id is unique within the session.
func FromAsk(id uint64, a gatehouse.Ask) *Ask {
	return &Ask{
		Id:         id,
		Device:     text(string(a.Device)),
		Method:     text(string(a.Method)),
		Credential: text(a.Credential),
		Direction:  text(string(a.Direction)),
		Time:       stamp(a.Time),
		Sequence:   a.Sequence,
		Override:   text(a.Override),
		Served:     a.Served,
	}
}

// ToAsk is the inverse of FromAsk. It does not validate: that is for gatehouse.Ask.Check.
func ToAsk(w *Ask) gatehouse.Ask {
	return gatehouse.Ask{
		Device:     gatehouse.DeviceID(w.GetDevice()),
		Method:     gatehouse.Method(w.GetMethod()),
		Credential: w.GetCredential(),
		Direction:  gatehouse.Direction(w.GetDirection()),
		Time:       moment(w.GetTime()),
		Sequence:   w.GetSequence(),
		Override:   w.GetOverride(),
		Served:     w.GetServed(),
	}
}

// FromAnswer converts the answer to the question with that id.
func FromAnswer(id uint64, a gatehouse.Answer) *Answer {
	return &Answer{
		Id:      id,
		Allow:   a.Allow,
		Person:  text(string(a.Person)),
		Reason:  FromReason(a.Reason),
		Serving: fromServing(a.Serving),
	}
}

// ToAnswer is the inverse of FromAnswer.
func ToAnswer(w *Answer) gatehouse.Answer {
	return gatehouse.Answer{
		Allow:   w.GetAllow(),
		Person:  gatehouse.PersonID(w.GetPerson()),
		Reason:  ToReason(w.GetReason()),
		Serving: toServing(w.GetServing()),
	}
}

func fromServing(s *gatehouse.Serving) *Serving {
	if s == nil {
		return nil
	}
	return &Serving{
		Meal:   text(s.Meal),
		MealZh: text(s.MealZH),
		Name:   text(s.Name),
		Class:  text(s.Class),
		Note:   text(s.Note),
		Before: stamp(s.Before),
	}
}

func toServing(w *Serving) *gatehouse.Serving {
	if w == nil {
		return nil
	}
	return &gatehouse.Serving{
		Meal:   w.GetMeal(),
		MealZH: w.GetMealZh(),
		Name:   w.GetName(),
		Class:  w.GetClass(),
		Note:   w.GetNote(),
		Before: moment(w.GetBefore()),
	}
}

// stamp is a time on the wire; absent for the zero time.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// moment is the inverse of stamp.
func moment(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return instant(t)
}

// instant converts a time from the wire. A time outside the years 1 to 9999 becomes the nearest
// bound, which Admit refuses as too old or too far ahead.
func instant(t *timestamppb.Timestamp) time.Time {
	const first, last = -62135596799, 253402300799
	return time.Unix(min(max(t.GetSeconds(), first), last),
		int64(min(max(t.GetNanos(), 0), 999_999_999))).UTC()
}

// text replaces invalid UTF-8 in s. Protobuf refuses invalid strings, and one odd byte from a
// device must not end the whole session.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Text replaces invalid UTF-8 in s.
func Text(s string) string { return text(s) }

// Texts replaces invalid UTF-8 in every key and value.
func Texts(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[text(k)] = text(v)
	}
	return out
}

// clip cuts a text for people to MaxText bytes, at a character boundary.
func clip(s string) string {
	if len(s) <= MaxText {
		return s
	}
	return strings.ToValidUTF8(s[:MaxText-3], "") + "…"
}
