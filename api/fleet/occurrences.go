package fleet

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

type occurrencesInput struct {
	gate.Paged
	gate.InSchool
	Device g.DeviceID       `query:"device" maxLength:"64" doc:"At this device."`
	Zone   g.ZoneID         `query:"zone" maxLength:"64" doc:"In this zone."`
	Kind   g.OccurrenceKind `query:"kind" maxLength:"64" doc:"Of this kind: the name of an event of a profile; alarm, door, sale and tamper mean the same in every profile." example:"tamper"`
	From   time.Time        `query:"from" doc:"From then on, RFC 3339."`
	To     time.Time        `query:"to" doc:"Before then, RFC 3339."`
}

func (s *area) registerOccurrences() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/occurrences",
		ID:      "list-occurrences",
		Tag:     "Devices",
		Perm:    g.DevicesRead,
		Summary: "What happened at devices, newest first",
		Doc: "A door was forced, a cover opened, a meal sold: what the device's profile calls an " +
			"event, with the data that came with it. They are kept as long as sightings are.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/occurrences?kind=tamper&limit=5"`,
	}, s.occurrences)
}

func (s *area) occurrences(
	ctx context.Context, in *occurrencesInput,
) (*gate.Body[gate.Page[history.OccurrenceRow]], error) {
	if !in.From.IsZero() && !in.To.IsZero() && !in.To.After(in.From) {
		return nil, g.FieldErrorf("to", "to is not after from")
	}
	return gate.Listed(s.View(ctx).History.Occurrences(ctx, history.OccurrenceFilter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School: in.School,
		Device: in.Device,
		Zone:   in.Zone,
		Kind:   in.Kind,
		From:   in.From,
		To:     in.To,
	}))
}
