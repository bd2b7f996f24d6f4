package oncall

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

const (
	ahead    = 4 * 7 * 24 * time.Hour // how far holes are looked for
	mostHole = 50                     // holes that are listed
)

type rotaBody struct {
	ID       g.RotaID          `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School   g.SchoolID        `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name     string            `json:"name" minLength:"1" maxLength:"100" doc:"The name that people know." example:"Night watch"`
	NameZH   string            `json:"name_zh,omitempty" maxLength:"100" doc:"The Chinese name." example:"夜间值班"`
	Lines    []rotaLineBody    `json:"lines" minItems:"1" maxItems:"16" doc:"Who takes turns, and when. Whoever is on any line is on duty."`
	Holidays []rotaHolidayBody `json:"holidays,omitempty" maxItems:"200" doc:"Days that lines treat apart."`
	Calendar bool              `json:"calendar,omitempty" doc:"Days off by the school's calendar are holidays, too."`
	Demo     bool              `json:"demo,omitempty" doc:"A demonstration, and labelled so."`
}

type rotaLineBody struct {
	Name     string         `json:"name,omitempty" maxLength:"40" doc:"What the line is called." example:"nights"`
	Days     []g.Weekday    `json:"days,omitempty" maxItems:"7" doc:"On which days shifts begin; empty: each."`
	Start    string         `json:"start" maxLength:"5" doc:"When a shift begins and a turn is handed over, HH:MM by the school's clock." example:"19:00"`
	End      string         `json:"end" maxLength:"5" doc:"When a shift ends, HH:MM; on the next day where it is not after start." example:"07:00"`
	First    string         `json:"first" maxLength:"10" doc:"The day on which the first turn begins, YYYY-MM-DD." example:"2026-09-07"`
	Last     string         `json:"last,omitempty" maxLength:"10" doc:"The last day on which a shift begins, YYYY-MM-DD; absent: it goes on." example:"2027-07-10"`
	Each     g.TurnUnit     `json:"each" doc:"What a turn is counted in: weeks, days, or shifts that take place."`
	Every    int            `json:"every,omitempty" minimum:"0" maximum:"52" doc:"How many of these a turn lasts; absent: 1."`
	Turns    [][]g.UserID   `json:"turns" minItems:"1" maxItems:"60" doc:"The turns, in order and over again: the users who are on duty together. An empty turn is nobody's."`
	Holidays g.HolidayShift `json:"holidays,omitempty" doc:"off: no shift begins on a holiday; only: shifts begin on holidays alone."`
}

type rotaHolidayBody struct {
	Name string `json:"name,omitempty" maxLength:"40" doc:"What it is called." example:"National Day"`
	From string `json:"from" maxLength:"10" doc:"The first day, YYYY-MM-DD." example:"2026-10-01"`
	To   string `json:"to" maxLength:"10" doc:"The last day, YYYY-MM-DD." example:"2026-10-07"`
}

func (b rotaBody) rota(ctx context.Context, id g.RotaID) g.Rota {
	out := g.Rota{
		ID:       id,
		School:   gate.SchoolOf(ctx, b.School),
		Name:     b.Name,
		NameZH:   b.NameZH,
		Calendar: b.Calendar,
		Demo:     b.Demo,
	}
	for _, l := range b.Lines {
		out.Lines = append(out.Lines, g.RotaLine(l))
	}
	for _, h := range b.Holidays {
		out.Holidays = append(out.Holidays, g.Holiday(h))
	}
	return out
}

// RotaRow is a rota, and where nobody is on duty.
type RotaRow struct {
	g.Rota
	Holes     []DutyHole `json:"holes" nullable:"false"`
	HolesAll  int        `json:"holes_total"`
	HoleHours float64    `json:"hole_hours"`
	HolesTo   time.Time  `json:"holes_until"`
}

// DutyHole is a time in which nobody is on duty who may handle alerts.
type DutyHole struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// withHoles says where a rota has nobody, from now on.
func (s *area) withHoles(ctx context.Context, r g.Rota) (RotaRow, error) {
	out := RotaRow{
		Rota:  r,
		Holes: []DutyHole{},
	}
	now := s.Now().UTC().Truncate(time.Minute)
	out.HolesTo = now.Add(ahead)
	d, err := s.duty(ctx, r.School)
	if err != nil {
		return out, err
	}
	holes, err := s.holes(ctx, d, r, now, out.HolesTo)
	if err != nil {
		return out, err
	}
	out.HolesAll = len(holes)
	for _, h := range holes {
		out.HoleHours += h.To.Sub(h.From).Hours()
	}
	out.Holes = holes[:min(len(holes), mostHole)]
	return out, nil
}

// holes are the times in which nobody of a rota is on duty who may handle alerts.
func (s *area) holes(
	ctx context.Context, d duties, r g.Rota, from, to time.Time,
) ([]DutyHole, error) {
	spans, err := d.spans(ctx, s.View(ctx).Oncall, r, from, to)
	if err != nil {
		return nil, err
	}
	out := []DutyHole{}
	for _, h := range rota.Holes(spans, d.able) {
		out = append(out, DutyHole{
			From: h.From.UTC(),
			To:   h.To.UTC(),
		})
	}
	return out, nil
}

// OverrideMade is an override, and the times of it in which nobody is on duty.
type OverrideMade struct {
	g.Override
	Holes []DutyHole `json:"holes" nullable:"false"`
}

// override keeps an override and says what hole it leaves.
func (s *area) override(
	ctx context.Context, in *newOverrideInput,
) (*gate.Body[OverrideMade], error) {
	v := s.View(ctx).Oncall
	o, err := v.PutOverride(ctx, g.Override{
		Rota:   g.RotaID(in.ID),
		From:   in.Body.From,
		To:     in.Body.To,
		For:    in.Body.For,
		Who:    in.Body.Who,
		Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	return s.leaving(ctx, o)
}

// takeBack takes an override back and says what hole that leaves.
func (s *area) takeBack(ctx context.Context, in *oneOverrideInput) (*gate.Body[OverrideMade], error) {
	o, err := s.View(ctx).Oncall.DeleteOverride(ctx, g.RotaID(in.ID), g.OverrideID(in.Override))
	if err != nil {
		return nil, err
	}
	return s.leaving(ctx, o)
}

// leaving is an override with the holes that there are now in what is left of its time.
func (s *area) leaving(ctx context.Context, o g.Override) (*gate.Body[OverrideMade], error) {
	r, err := s.View(ctx).Oncall.Rota(ctx, o.Rota)
	if err != nil {
		return nil, err
	}
	d, err := s.duty(ctx, r.School)
	if err != nil {
		return nil, err
	}
	from := o.From
	if now := s.Now().UTC().Truncate(time.Minute); from.Before(now) {
		from = now
	}
	if !from.Before(o.To) { // it was over
		return gate.Answer(OverrideMade{o, []DutyHole{}}, nil)
	}
	holes, err := s.holes(ctx, d, r, from, o.To)
	return gate.Answer(OverrideMade{o, holes[:min(len(holes), mostHole)]}, err)
}

func (s *area) registerRotas() {
	const tag = "Duty"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/rotas",
		ID:      "list-rotas",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "The rotas, by name",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/rotas`,
	}, func(ctx context.Context, in *struct {
		gate.Paged
		gate.InSchool
	}) (*gate.Body[gate.Page[g.Rota]], error) {
		all, err := s.View(ctx).Oncall.Rotas(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Rota) string { return string(x.ID) })
	})
	save := func(ctx context.Context, id string, b rotaBody) (RotaRow, error) {
		x, err := s.View(ctx).Oncall.PutRota(ctx, b.rota(ctx, g.RotaID(id)))
		if err != nil {
			return RotaRow{}, err
		}
		return s.withHoles(ctx, x)
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/rotas",
		ID:      "create-rota",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Status:  201,
		Summary: "Add a rota",
		Doc: "The answer says where nobody is on duty in the next four weeks: times without a " +
			"turn, and turns of people who may not handle alerts.",
	}, func(ctx context.Context, in *gate.Post[rotaBody]) (*gate.Body[RotaRow], error) {
		return gate.Answer(save(ctx, "", in.Body))
	})
	k := gate.Thing[rotaBody, RotaRow]{
		Load: func(ctx context.Context, id string) (RotaRow, error) {
			x, err := s.View(ctx).Oncall.Rota(ctx, g.RotaID(id))
			if err != nil {
				return RotaRow{}, err
			}
			return s.withHoles(ctx, x)
		},
		State: func(x RotaRow) any { return x.Rota },
		Save:  save,
	}
	one := gate.Endpoint{
		Path: "/v1/rotas/{id}",
		Tag:  tag,
		Perm: g.AlertsRead,
	}
	one.Method, one.ID, one.Summary = "GET", "get-rota", "One rota, with its holes"
	gate.Handle(s.Gate, one, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[RotaRow], error) {
		x, err := k.Load(ctx, in.ID)
		return gate.WithTag(gate.TagOf(x.Rota, x), x), err
	})
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/rotas/{id}",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Change a rota",
	}, "rota", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:     "/v1/rotas/{id}",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Conflict: true,
		Summary:  "Delete a rota with its overrides",
		Doc:      "One that a chain calls is kept.",
	}, "rota", k, func(ctx context.Context, id string) error {
		return s.View(ctx).Oncall.DeleteRota(ctx, g.RotaID(id))
	})
}

type overridesInput struct {
	gate.ByID
	From time.Time `query:"from" doc:"Not over by then, RFC 3339."`
	To   time.Time `query:"to" doc:"Begun by then, RFC 3339."`
}

type newOverrideInput struct {
	gate.ByID
	Body struct {
		From   time.Time `json:"from" doc:"From then on."`
		To     time.Time `json:"to" doc:"Until then."`
		For    g.UserID  `json:"for,omitempty" maxLength:"64" doc:"Who is not on duty; empty: who comes comes in addition."`
		Who    g.UserID  `json:"who,omitempty" maxLength:"64" doc:"Who is on duty instead; empty: nobody."`
		Reason string    `json:"reason,omitempty" maxLength:"500" doc:"Why; kept sealed." example:"a doctor's appointment"`
	}
}

type oneOverrideInput struct {
	gate.ByID
	Override string `path:"override" maxLength:"64" doc:"The override's id."`
}

func (s *area) registerOverrides() {
	const tag = "Duty"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/rotas/{id}/overrides",
		ID:      "list-overrides",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Who stands in for whom, in the order in which it was entered",
	}, func(ctx context.Context, in *overridesInput) (*gate.Body[gate.Page[g.Override]], error) {
		v := s.View(ctx).Oncall
		if _, err := v.Rota(ctx, g.RotaID(in.ID)); err != nil {
			return nil, err
		}
		all, err := v.Overrides(ctx, g.RotaID(in.ID), in.From, in.To)
		return gate.Answer(gate.Page[g.Override]{Items: all}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/rotas/{id}/overrides",
		ID:      "create-override",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Status:  201,
		Summary: "Have somebody stand in for somebody",
		Doc: "People give away their own duty or take over another's; for others it takes " +
			"settings:write. Who stands in does so only where the other is on duty. A later " +
			"override changes what an earlier one left. The answer says when, of its time, nobody " +
			"is on duty who may handle alerts.",
	}, s.override)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/rotas/{id}/overrides/{override}",
		ID:      "delete-override",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Take an override back",
		Doc: "The answer is what was taken back, and when, of its time, nobody is on duty now who may " +
			"handle alerts.",
	}, s.takeBack)
}

// named is a member by id; one who is no longer there has the id as name.
func named(staff []oncall.Member, id g.UserID) OnDuty {
	for _, m := range staff {
		if m.ID == id {
			return OnDuty{
				ID:   id,
				Name: m.Name,
				Able: m.Able,
			}
		}
	}
	return OnDuty{
		ID:   id,
		Name: string(id),
	}
}
