package oncall

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

type escalationBody struct {
	ID         g.EscalationID       `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School     g.SchoolID           `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name       string               `json:"name" minLength:"1" maxLength:"100" doc:"The name that people know." example:"Fire and smoke"`
	NameZH     string               `json:"name_zh,omitempty" maxLength:"100" doc:"The Chinese name." example:"火警"`
	Severities []g.Severity         `json:"severities,omitempty" maxItems:"4" doc:"For alerts of these; empty: of each."`
	Buildings  []g.BuildingID       `json:"buildings,omitempty" maxItems:"200" doc:"For alerts in these; with zones both empty: everywhere."`
	Zones      []g.ZoneID           `json:"zones,omitempty" maxItems:"200" doc:"For alerts in these."`
	Steps      []escalationStepBody `json:"steps" minItems:"1" maxItems:"20" doc:"Whom to call, one after the other."`
	Wait       int                  `json:"wait_minutes" minimum:"1" maximum:"1440" doc:"How long after the last step the steps are gone through again, or the head is told." example:"5"`
	Repeat     int                  `json:"repeat,omitempty" minimum:"0" maximum:"10" doc:"How often all steps are gone through again."`
	Disabled   bool                 `json:"disabled,omitempty" doc:"It calls nobody."`
	Demo       bool                 `json:"demo,omitempty" doc:"A demonstration, and labelled so."`
}

type escalationStepBody struct {
	After    int        `json:"after_minutes" minimum:"0" maximum:"1440" doc:"How long after the step before; of the first: after the alert opened." example:"3"`
	Rotas    []g.RotaID `json:"rotas,omitempty" maxItems:"20" doc:"Whoever is on duty in these."`
	Users    []g.UserID `json:"users,omitempty" maxItems:"20" doc:"These users."`
	Roles    []g.Role   `json:"roles,omitempty" maxItems:"7" doc:"Everybody of these roles."`
	Channels []string   `json:"channels,omitempty" maxItems:"20" doc:"These channels, such as the robot of a group."`
	Tries    []tryBody  `json:"tries,omitempty" maxItems:"4" doc:"How people are told: by the ways of the first, and by those of the next where it was not read. Empty: push and e-mail, SMS where it was not read in 1 minute, a call after 2 more."`
}

type tryBody struct {
	Ways   []g.Way `json:"ways" minItems:"1" maxItems:"4" doc:"Tried at once: push, email, sms or voice. Each stands in one try." example:"[\"push\",\"email\"]"`
	Unread int     `json:"unread_minutes,omitempty" minimum:"0" maximum:"1440" doc:"The next try follows where this was not read in so many minutes; 0: only where nothing of it could be sent." example:"3"`
}

func (b escalationStepBody) step() g.EscalationStep {
	out := g.EscalationStep{
		After:    b.After,
		Rotas:    b.Rotas,
		Users:    b.Users,
		Roles:    b.Roles,
		Channels: b.Channels,
	}
	for _, x := range b.Tries {
		out.Tries = append(out.Tries, g.Try(x))
	}
	return out
}

func (b escalationBody) chain(ctx context.Context, id g.EscalationID) g.Escalation {
	out := g.Escalation{
		ID:         id,
		School:     gate.SchoolOf(ctx, b.School),
		Name:       b.Name,
		NameZH:     b.NameZH,
		Severities: b.Severities,
		Buildings:  b.Buildings,
		Zones:      b.Zones,
		Wait:       b.Wait,
		Repeat:     b.Repeat,
		Disabled:   b.Disabled,
		Demo:       b.Demo,
	}
	for _, s := range b.Steps {
		out.Steps = append(out.Steps, s.step())
	}
	return out
}

// EscalationRow is a chain, and what of it tells nobody now.
type EscalationRow struct {
	g.Escalation
	Lacks []oncall.Lack `json:"lacks" nullable:"false"`
}

func (s *area) withLacks(ctx context.Context, all []g.Escalation) ([]EscalationRow, error) {
	lacks, err := s.View(ctx).Oncall.Lacks(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]EscalationRow, len(all))
	for i, x := range all {
		out[i] = EscalationRow{x, lacks[i]}
	}
	return out, nil
}

// row adds to a chain what of it tells nobody now.
func (s *area) row(ctx context.Context) func(g.Escalation, error) (EscalationRow, error) {
	return func(x g.Escalation, err error) (EscalationRow, error) {
		if err != nil {
			return EscalationRow{}, err
		}
		rows, err := s.withLacks(ctx, []g.Escalation{x})
		if err != nil {
			return EscalationRow{}, err
		}
		return rows[0], nil
	}
}

func (s *area) registerChains() {
	const tag = "Duty"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/escalations",
		ID:      "list-escalations",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "The escalation chains, by name",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/escalations`,
	}, func(ctx context.Context, in *struct {
		gate.Paged
		gate.InSchool
	}) (*gate.Body[gate.Page[EscalationRow]], error) {
		all, err := s.View(ctx).Oncall.Chains(ctx, in.School)
		if err != nil {
			return nil, err
		}
		rows, err := s.withLacks(ctx, all)
		return gate.PageOf(s.Gate, rows, in.Paged, err,
			func(x EscalationRow) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/escalations",
		ID:      "create-escalation",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Status:  201,
		Summary: "Add an escalation chain",
		Doc: "One chain is for an alert: that of its zone before that of its building before " +
			"that of the school, and one that names the severity before one for each. A step " +
			"that finds nobody to tell is followed by the next one at once. Where the last one " +
			"is not answered, the head gets an alert of its own. The answer says what of it tells " +
			"nobody now for want of a channel.",
	}, func(ctx context.Context, in *gate.Post[escalationBody]) (*gate.Body[EscalationRow], error) {
		return gate.Answer(s.row(ctx)(s.View(ctx).Oncall.PutChain(ctx, in.Body.chain(ctx, ""))))
	})
	k := gate.Thing[escalationBody, EscalationRow]{
		Load: func(ctx context.Context, id string) (EscalationRow, error) {
			return s.row(ctx)(s.View(ctx).Oncall.Chain(ctx, g.EscalationID(id)))
		},
		State: func(x EscalationRow) any { return x.Escalation },
		Save: func(ctx context.Context, id string, b escalationBody) (EscalationRow, error) {
			return s.row(ctx)(s.View(ctx).Oncall.PutChain(ctx, b.chain(ctx, g.EscalationID(id))))
		},
	}
	gate.ReadsThing(s.Gate, gate.Endpoint{
		Path:    "/v1/escalations/{id}",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One escalation chain",
	}, "escalation", k)
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/escalations/{id}",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Change an escalation chain",
		Doc:     "Alerts that are on their way through it take its next step from what is written.",
	}, "escalation", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:    "/v1/escalations/{id}",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Delete an escalation chain",
	}, "escalation", k, func(ctx context.Context, id string) error {
		return s.View(ctx).Oncall.DeleteChain(ctx, g.EscalationID(id))
	})
}
