package attendance

import (
	"context"
	"errors"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

type manualInput struct {
	Body struct {
		Person    g.PersonID  `json:"person,omitempty" maxLength:"64" doc:"Who it was; or give the plate."`
		Plate     string      `json:"plate,omitempty" maxLength:"40" doc:"The number plate of a car at the barrier: whoever has a permit for it passes." example:"京A12345"`
		Zone      g.ZoneID    `json:"zone" minLength:"1" maxLength:"64" doc:"Where."`
		Direction g.Direction `json:"direction,omitempty" doc:"in or out; empty: not said."`
		Note      string      `json:"note" minLength:"1" maxLength:"500" doc:"Why the passage is entered by hand; kept in the audit log." example:"forgot the card"`
	}
}

// Passage is the response to a manual pass.
type Passage struct {
	Seq uint64       `json:"seq" doc:"Its place in the journal."`
	ID  g.SightingID `json:"id" doc:"The sighting's id."`
}

type sightingsInput struct {
	gate.Paged
	gate.InSchool
	Device  g.DeviceID `query:"device" maxLength:"64" doc:"By this device."`
	Zone    g.ZoneID   `query:"zone" maxLength:"64" doc:"In this zone."`
	Person  g.PersonID `query:"person" maxLength:"64" doc:"Of this person."`
	From    time.Time  `query:"from" doc:"From then on, RFC 3339."`
	To      time.Time  `query:"to" doc:"Before then, RFC 3339."`
	Unknown bool       `query:"unknown" doc:"Unknown people only."`
	Reason  string     `query:"reason" maxLength:"500" doc:"Why one person's passages, or older ones than of the last 24 hours, are read; needed with person where that is a student." example:"parent asks about yesterday"`
}

func (s *area) registerSightings() {
	const tag = "Sightings"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/sightings",
		ID:      "list-sightings",
		Tag:     tag,
		Perm:    g.SightingsRead,
		Summary: "Who was seen where and when, newest first",
		Doc: "With person it is one person's movements: of a student they need a reason, and " +
			"each such look is written to the audit log. " +
			"Without person the list ends 24 hours back, which is what whoever is on duty needs; " +
			"further back it goes with a reason, which is audited too (the pages of one look " +
			"within ten minutes once). A key's purpose is its reason.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/sightings?limit=5"`,
	}, func(ctx context.Context, in *sightingsInput) (*gate.Body[gate.Page[history.SightingRow]], error) {
		if !in.From.IsZero() && !in.To.IsZero() && !in.To.After(in.From) {
			return nil, g.FieldErrorf("to", "to is not after from")
		}
		return gate.Listed(s.Because(ctx, in.Reason).History.Sightings(ctx, history.SightingFilter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			School:  in.School,
			Device:  in.Device,
			Zone:    in.Zone,
			Person:  in.Person,
			From:    in.From,
			To:      in.To,
			Unknown: in.Unknown,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/sightings/manual",
		ID:          "manual-pass",
		Tag:         tag,
		Perm:        g.SightingsWrite,
		Unavailable: true,
		Status:      201,
		Summary:     "Vouch for somebody: a manual pass",
		Doc: "Journalled like every sighting, with the method manual, before it is " +
			"answered.",
	}, s.manual)
}

func (s *area) manual(ctx context.Context, in *manualInput) (*gate.Body[Passage], error) {
	if s.intake == nil {
		return nil, gate.Missing("an intake")
	}
	deeds := s.Because(ctx, in.Body.Note).Deeds
	var school g.SchoolID
	var err error
	switch b := &in.Body; {
	case (b.Person == "") == (b.Plate == ""):
		return nil, g.FieldErrorf("person", "give a person or a plate, and not both")
	case b.Plate != "":
		school, b.Person, err = deeds.VouchPlate(ctx, b.Plate, b.Zone)
	default:
		school, err = deeds.Vouch(ctx, b.Person, b.Zone)
	}
	if err != nil {
		return nil, asInput(err)
	}
	seq, id, err := s.intake.Manual(ctx, school, g.Sighting{
		Method:    g.ByManual,
		Direction: in.Body.Direction,
		Zone:      in.Body.Zone,
		Person:    in.Body.Person,
	})
	return gate.Answer(Passage{seq, id}, err)
}

// asInput turns NotFound about something that the body names into Invalid, since
// 404 would be about the path.
func asInput(err error) error {
	var e *g.Error
	if errors.As(err, &e) && e.Code == g.NotFound && e.Field != "" {
		said := *e
		said.Code = g.Invalid
		return &said
	}
	return err
}
