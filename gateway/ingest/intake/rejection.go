package intake

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds of what a rejection shows.
const (
	maxExcerpt = 256
	maxSaid    = 512
)

// rejection is the event of something that was not admitted. What was refused is kept with it:
// as an excerpt for all to see, or sealed where the device sees people, since a payload about
// people may hold a card number. The error is of the gateway: it could not seal.
func (in *Intake) rejection(
	ctx context.Context, driver g.DriverName, device g.DeviceID, source string, reason error, payload []byte,
) (*g.Event, error) {
	now := in.Now()
	e := &g.Event{
		Kind:      g.EventRejected,
		Driver:    driver,
		Device:    device,
		Time:      now,
		Received:  now,
		Rejection: &g.Rejection{Source: clip(source, 256)},
	}
	e.Rejection.Explain(reason)
	if full := e.Rejection.Reason; len(full) > maxSaid {
		e.Rejection.Reason, e.Rejection.Said = clip(full, maxSaid), nil
	}
	entry, ok, err := in.Directory.Device(ctx, device)
	if err != nil {
		return nil, err
	}
	if ok {
		e.School, e.Zone = entry.Device.School, entry.Device.Zone
	}
	if ok && len(entry.Profile.Sightings) == 0 {
		e.Rejection.Excerpt = clip(printable(payload), maxExcerpt)
		return e, nil
	}
	if in.Seal == nil || len(payload) == 0 {
		return e, nil
	}
	e.Rejection.Sealed, err = in.Seal(ctx, e.School, payload[:min(len(payload), g.MaxRaw)])
	if err != nil {
		return nil, fmt.Errorf("seal what was refused: %w", err)
	}
	return e, nil
}

// content is a driver's observation as JSON, to show with its rejection; without face and picture.
func content(o g.Observation) []byte {
	if o.Unreadable != nil {
		return o.Unreadable.Raw
	}
	b, err := json.Marshal(struct {
		Time       any           `json:"time,omitempty"`
		Replayed   bool          `json:"replayed,omitempty"`
		Reading    *g.Reading    `json:"reading,omitempty"`
		Sighting   *g.Sighting   `json:"sighting,omitempty"`
		Status     *g.Status     `json:"status,omitempty"`
		Occurrence *g.Occurrence `json:"occurrence,omitempty"`
	}{
		timeOf(o),
		o.Replayed,
		finite(o.Reading),
		o.Sighting,
		o.Status,
		finiteOccurrence(o.Occurrence),
	})
	if err != nil {
		return nil
	}
	return b
}

func timeOf(o g.Observation) any {
	if o.Time.IsZero() {
		return nil
	}
	return o.Time
}

// finite returns r with the numbers that JSON cannot represent (NaN, infinities) as strings.
func finite(r *g.Reading) *g.Reading {
	if r == nil {
		return nil
	}
	return &g.Reading{Values: finiteValues(r.Values)}
}

// finiteOccurrence returns o with the numbers that JSON cannot represent as strings.
func finiteOccurrence(o *g.Occurrence) *g.Occurrence {
	if o == nil {
		return nil
	}
	return &g.Occurrence{
		Kind: o.Kind,
		Data: finiteValues(o.Data),
	}
}

func finiteValues(values map[string]g.Value) map[string]g.Value {
	out := make(map[string]g.Value, len(values))
	for name, v := range values {
		if _, err := v.MarshalJSON(); err != nil {
			v = g.StringValue(v.String())
		}
		out[name] = v
	}
	return out
}

// sealCredential encrypts the full credential of a sighting that matched nobody: the number or card
// may be registered later. It keeps nothing of somebody who was recognised, even where the match
// may not be used for want of consent.
func (in *Intake) sealCredential(
	ctx context.Context, school g.SchoolID, s *g.Sighting,
) ([]byte, error) {
	known := s.Person != "" || s.Match != nil && s.Match.Reason == g.MatchNoConsent
	if known || s.Credential == "" || in.Seal == nil {
		return nil, nil
	}
	sealed, err := in.Seal(ctx, school, []byte(s.Credential))
	if err != nil {
		return nil, fmt.Errorf("seal a credential: %w", err)
	}
	return sealed, nil
}
