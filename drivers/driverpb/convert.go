package driverpb

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/gatehouse-iot/gatehouse"
)

// FromValues translates values for the wire; a None value crosses as a Value of no kind.
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

// ToValues is the inverse of FromValues. It judges nothing: an infinite number or a long
// text is refused where the observation is admitted.
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

// FromObservation translates an observation for the wire. The device's time crosses as an
// instant; its zone does not.
func FromObservation(o gatehouse.Observation) *Observation {
	w := &Observation{Device: text(string(o.Device)), Sequence: o.Sequence, Replayed: o.Replayed}
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
		w.Occurrence = &Occurrence{Kind: text(string(c.Kind)), Data: FromValues(c.Data)}
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

// ToObservation is the inverse of FromObservation. Whatever a program sends becomes an
// observation; whether it is one that the gateway takes is for gatehouse.Admit to say.
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

// FromReasons translates reasons for the wire.
func FromReasons(reasons []gatehouse.Reason) []*Reason {
	var out []*Reason
	for _, r := range reasons {
		out = append(out, FromReason(r))
	}
	return out
}

// FromReason translates a reason for the wire; none stays none.
func FromReason(r gatehouse.Reason) *Reason {
	if r.Code == "" {
		return nil
	}
	return &Reason{Code: text(string(r.Code)), Params: Texts(r.Params)}
}

// ToReasons is the inverse of FromReasons; which of them are kept is for gatehouse.Admit to say.
func ToReasons(reasons []*Reason) []gatehouse.Reason {
	var out []gatehouse.Reason
	for _, r := range reasons {
		out = append(out, ToReason(r))
	}
	return out
}

// ToReason is the inverse of FromReason.
func ToReason(r *Reason) gatehouse.Reason {
	return gatehouse.Reason{Code: gatehouse.ReasonCode(r.GetCode()), Params: r.GetParams()}
}

// FromAsk translates a question for the wire; it has an id of its own in the session.
func FromAsk(id uint64, a gatehouse.Ask) *Ask {
	return &Ask{
		Id:         id,
		Device:     text(string(a.Device)),
		Method:     text(string(a.Method)),
		Credential: text(a.Credential),
		Direction:  text(string(a.Direction)),
	}
}

// ToAsk is the inverse of FromAsk; whether it is a question is for gatehouse.Ask.Check to say.
func ToAsk(w *Ask) gatehouse.Ask {
	return gatehouse.Ask{
		Device:     gatehouse.DeviceID(w.GetDevice()),
		Method:     gatehouse.Method(w.GetMethod()),
		Credential: w.GetCredential(),
		Direction:  gatehouse.Direction(w.GetDirection()),
	}
}

// FromAnswer translates the answer to the question of an id.
func FromAnswer(id uint64, a gatehouse.Answer) *Answer {
	return &Answer{
		Id:     id,
		Allow:  a.Allow,
		Person: text(string(a.Person)),
		Reason: FromReason(a.Reason),
	}
}

// ToAnswer is the inverse of FromAnswer.
func ToAnswer(w *Answer) gatehouse.Answer {
	return gatehouse.Answer{
		Allow:  w.GetAllow(),
		Person: gatehouse.PersonID(w.GetPerson()),
		Reason: ToReason(w.GetReason()),
	}
}

// instant is the time on the wire; one outside the years 1 to 9999 becomes the nearest
// bound, which Admit then refuses as too old or too far ahead.
func instant(t *timestamppb.Timestamp) time.Time {
	const first, last = -62135596799, 253402300799
	return time.Unix(min(max(t.GetSeconds(), first), last),
		int64(min(max(t.GetNanos(), 0), 999_999_999))).UTC()
}

// text makes s valid UTF-8, which protobuf strings must be: one odd byte from a device may
// not end a whole session.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Text is s as valid UTF-8.
func Text(s string) string { return text(s) }

// Texts makes every key and value valid UTF-8.
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

// clip bounds a text that people will read, in bytes, at a character's edge.
func clip(s string) string {
	if len(s) <= MaxText {
		return s
	}
	return strings.ToValidUTF8(s[:MaxText-3], "") + "…"
}
