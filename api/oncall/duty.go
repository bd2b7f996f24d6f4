package oncall

import (
	"context"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// mostPlan is the longest plan that is shown at a time.
const mostPlan = 62 * 24 * time.Hour

// OnDuty is somebody on duty. Able is false where he may not handle alerts any more.
type OnDuty struct {
	ID   g.UserID `json:"id"`
	Name string   `json:"name"`
	Able bool     `json:"able"`
}

// Duty is who is on duty at a time, rota by rota.
type Duty struct {
	School   g.SchoolID `json:"school"`
	Timezone string     `json:"timezone"`
	At       time.Time  `json:"at"`
	Rotas    []DutyRota `json:"rotas" nullable:"false"`
	// Uncovered are severities for which no chain holds everywhere in the school.
	Uncovered []g.Severity `json:"uncovered" nullable:"false"`
}

// DutyRota is who is on duty in one rota, until when, and who is then.
type DutyRota struct {
	Rota   g.RotaID  `json:"rota"`
	Name   string    `json:"name"`
	NameZH string    `json:"name_zh,omitempty"`
	People []OnDuty  `json:"people" nullable:"false"`
	Hole   bool      `json:"hole"` // nobody who may handle alerts
	Until  time.Time `json:"until,omitzero"`
	Next   []OnDuty  `json:"next" nullable:"false"`
}

// DutyPlan is who is on duty over a time.
type DutyPlan struct {
	School   g.SchoolID     `json:"school"`
	Timezone string         `json:"timezone"`
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Rotas    []DutyPlanRota `json:"rotas" nullable:"false"`
}

// DutyPlanRota is the plan of one rota: its spans follow each other without a gap.
type DutyPlanRota struct {
	Rota      g.RotaID     `json:"rota"`
	Name      string       `json:"name"`
	NameZH    string       `json:"name_zh,omitempty"`
	Spans     []DutySpan   `json:"spans" nullable:"false"`
	Overrides []g.Override `json:"overrides" nullable:"false"`
}

// DutySpan is a time in which the same people are on duty.
type DutySpan struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	People []OnDuty  `json:"people" nullable:"false"`
	Hole   bool      `json:"hole"`
}

// duties is what is needed to say who is on duty in a school.
type duties struct {
	school g.School
	staff  []oncall.Member
	off    func() ([]g.Holiday, error) // days off by the calendar, read where a rota follows it
}

func (s *area) duty(ctx context.Context, id g.SchoolID) (duties, error) {
	school, err := s.View(ctx).Places.School(ctx, id)
	if err != nil {
		return duties{}, err
	}
	staff, err := s.View(ctx).Oncall.Staff(ctx, id)
	if err != nil {
		return duties{}, err
	}
	return duties{
		school: school,
		staff:  staff,
		off: sync.OnceValues(func() ([]g.Holiday, error) {
			all, err := s.View(ctx).Calendar.Entries(ctx, id)
			return calendar.Of(id, all).DaysOff(), err
		}),
	}, nil
}

func (d duties) able(id g.UserID) bool { return named(d.staff, id).Able }

func (d duties) people(ids []g.UserID) []OnDuty {
	out := []OnDuty{}
	for _, id := range ids {
		out = append(out, named(d.staff, id))
	}
	return out
}

func (d duties) spans(
	ctx context.Context, v oncall.View, r g.Rota, from, to time.Time,
) ([]rota.Span, error) {
	var off []g.Holiday
	if r.Calendar {
		var err error
		if off, err = d.off(); err != nil {
			return nil, err
		}
	}
	plan, err := rota.New(r, d.school.Location(), off...)
	if err != nil {
		return nil, err
	}
	overrides, err := v.Overrides(ctx, r.ID, from, to)
	if err != nil {
		return nil, err
	}
	return plan.Spans(from, to, overrides), nil
}

type dutyInput struct {
	gate.InSchool
	At time.Time `query:"at" doc:"When, RFC 3339; absent: now." example:"2026-09-01T03:00:00+08:00"`
}

type planInput struct {
	gate.InSchool
	From time.Time `query:"from" required:"true" doc:"From then on, RFC 3339." example:"2026-09-01T00:00:00+08:00"`
	To   time.Time `query:"to" required:"true" doc:"Until then; at most 62 days later." example:"2026-09-08T00:00:00+08:00"`
}

func (s *area) registerDuty() {
	const tag = "Duty"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/duty",
		ID:      "get-duty",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Who is on duty",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/duty`,
	}, s.dutyAt)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/duty/plan",
		ID:      "get-duty-plan",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Who is on duty over a time, with the holes",
	}, s.dutyPlan)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/duty/staff",
		ID:      "list-duty-staff",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Who can be named in rotas and chains",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[gate.Page[oncall.Member]], error) {
		all, err := s.View(ctx).Oncall.Staff(ctx, gate.SchoolOf(ctx, in.School))
		return gate.Answer(gate.Page[oncall.Member]{Items: all}, err)
	})
}

// rotasOf is who can be on duty in a school, the caller's own for "", and its rotas.
func (s *area) rotasOf(ctx context.Context, school g.SchoolID) (duties, []g.Rota, error) {
	d, err := s.duty(ctx, gate.SchoolOf(ctx, school))
	if err != nil {
		return d, nil, err
	}
	rotas, err := s.View(ctx).Oncall.Rotas(ctx, d.school.ID)
	return d, rotas, err
}

func (s *area) dutyAt(ctx context.Context, in *dutyInput) (*gate.Body[Duty], error) {
	at := in.At
	if at.IsZero() {
		at = s.Now()
	}
	at = at.UTC()
	d, rotas, err := s.rotasOf(ctx, in.School)
	if err != nil {
		return nil, err
	}
	v := s.View(ctx).Oncall
	out := Duty{
		School:   d.school.ID,
		Timezone: d.school.Timezone,
		At:       at,
		Rotas:    []DutyRota{},
	}
	for _, r := range rotas {
		spans, err := d.spans(ctx, v, r, at, at.Add(ahead))
		if err != nil {
			return nil, err
		}
		row := DutyRota{
			Rota:   r.ID,
			Name:   r.Name,
			NameZH: r.NameZH,
			People: d.people(spans[0].People),
			Hole:   !slices.ContainsFunc(spans[0].People, d.able),
			Next:   []OnDuty{},
		}
		if len(spans) > 1 {
			row.Until, row.Next = spans[0].To.UTC(), d.people(spans[1].People)
		}
		out.Rotas = append(out.Rotas, row)
	}
	chains, err := v.Chains(ctx, d.school.ID)
	out.Uncovered = uncovered(chains)
	return gate.Answer(out, err)
}

// uncovered are the severities, of those that should be answered, that no chain holds everywhere.
func uncovered(chains []g.Escalation) []g.Severity {
	out := []g.Severity{}
	for _, severity := range []g.Severity{g.Critical, g.Major} {
		if _, ok := rota.Choose(chains, rota.Where{Severity: severity}); !ok {
			out = append(out, severity)
		}
	}
	return out
}

func (s *area) dutyPlan(ctx context.Context, in *planInput) (*gate.Body[DutyPlan], error) {
	if !in.To.After(in.From) {
		return nil, g.FieldErrorf("to", "to is not after from")
	}
	if in.To.Sub(in.From) > mostPlan {
		return nil, g.FieldErrorf("to", "at most 62 days are shown at a time")
	}
	d, rotas, err := s.rotasOf(ctx, in.School)
	if err != nil {
		return nil, err
	}
	v := s.View(ctx).Oncall
	out := DutyPlan{
		School:   d.school.ID,
		Timezone: d.school.Timezone,
		From:     in.From.UTC(),
		To:       in.To.UTC(),
		Rotas:    []DutyPlanRota{},
	}
	for _, r := range rotas {
		row, err := d.plan(ctx, v, r, out.From, out.To)
		if err != nil {
			return nil, err
		}
		out.Rotas = append(out.Rotas, row)
	}
	return gate.Answer(out, nil)
}

func (d duties) plan(
	ctx context.Context, v oncall.View, r g.Rota, from, to time.Time,
) (DutyPlanRota, error) {
	row := DutyPlanRota{
		Rota:   r.ID,
		Name:   r.Name,
		NameZH: r.NameZH,
		Spans:  []DutySpan{},
	}
	spans, err := d.spans(ctx, v, r, from, to)
	if err != nil {
		return row, err
	}
	for _, x := range spans {
		row.Spans = append(row.Spans, DutySpan{
			From:   x.From.UTC(),
			To:     x.To.UTC(),
			People: d.people(x.People),
			Hole:   !slices.ContainsFunc(x.People, d.able),
		})
	}
	row.Overrides, err = v.Overrides(ctx, r.ID, from, to)
	return row, err
}
