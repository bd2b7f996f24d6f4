package alerts

import (
	"context"
	"slices"
	"strconv"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

type incidentsInput struct {
	gate.Paged
	gate.InSchool
	State []g.IncidentState `query:"state" maxItems:"3" doc:"In one of these states, comma-separated." example:"open,contained"`
	Drill string            `query:"drill" enum:"true,false" doc:"true: only drills; false: only the rest."`
}

// IncidentDetail is an incident with where it is.
type IncidentDetail struct {
	g.Incident
	Where []views.IncidentPlace `json:"where" nullable:"false"`
}

type openInput struct {
	Body struct {
		School    g.SchoolID    `json:"school,omitempty" maxLength:"64"`
		Title     string        `json:"title,omitempty" maxLength:"200" example:"Smell of gas in the kitchen"`
		TitleZH   string        `json:"title_zh,omitempty" maxLength:"200"`
		Severity  g.Severity    `json:"severity,omitempty"`
		Procedure g.ProcedureID `json:"procedure,omitempty" maxLength:"64" example:"gas"`
		Zone      g.ZoneID      `json:"zone,omitempty" maxLength:"64"`
		Alerts    []g.AlertID   `json:"alerts,omitempty" maxItems:"500" nullable:"false"`
		Drill     bool          `json:"drill,omitempty"`
		Comment   string        `json:"comment,omitempty" maxLength:"2000"`
	}
}

func (s *area) registerIncidents() {
	const tag = "Incidents"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/incidents",
		ID:      "list-incidents",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Incidents, newest first",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/incidents?state=open"`,
	}, s.listIncidents)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/incidents/{id}",
		ID:      "get-incident",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One incident with its procedure, its hand-over and where it is",
	}, s.getIncident)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents",
		ID:       "open-incident",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Status:   201,
		Conflict: true,
		Summary:  "Open an incident that no rule has opened",
		Doc: "With a title, a procedure or alerts; with the room where it is, as far as somebody " +
			"knows it. Alerts come out of the incident that they were " +
			"in. A drill is marked everywhere, takes alerts of drills only, and never the others.",
	}, s.openIncident)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/incidents/{id}/log",
		ID:      "incident-log",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "What happened to an incident, and who did it, oldest first",
	}, s.incidentLog)
	s.registerSteps(tag)
	s.registerIncidentDeeds(tag)
	s.registerProcedures(tag)
	s.registerShifts(tag)
	s.registerReport(tag)
}

func (s *area) listIncidents(
	ctx context.Context, in *incidentsInput,
) (*gate.Body[gate.Page[IncidentDetail]], error) {
	f := alerts.IncidentFilter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School: in.School,
		States: in.State,
	}
	for _, state := range in.State {
		if !slices.Contains(g.IncidentStates(), state) {
			return nil, g.FieldErrorf("state", "%q is no state; use some of %v", state,
				g.IncidentStates())
		}
	}
	if in.Drill != "" {
		drill := in.Drill == "true"
		f.Drill = &drill
	}
	v := s.View(ctx)
	all, next, err := v.Alerts.Incidents(ctx, f)
	if err != nil {
		return nil, err
	}
	where, err := v.Views.PlacesOfIncidents(ctx, all)
	rows := []IncidentDetail{}
	for _, i := range all {
		rows = append(rows, IncidentDetail{i, gate.Some(where[i.ID])})
	}
	return gate.Listed(rows, next, err)
}

func (s *area) getIncident(
	ctx context.Context, in *gate.ByID,
) (*gate.Body[IncidentDetail], error) {
	v := s.View(ctx)
	i, err := v.Alerts.Incident(ctx, g.IncidentID(in.ID))
	if err != nil {
		return nil, err
	}
	where, err := v.Views.IncidentPlaces(ctx, i)
	return gate.Answer(IncidentDetail{i, gate.Some(where)}, err)
}

func (s *area) openIncident(
	ctx context.Context, in *openInput,
) (*gate.Body[g.Incident], error) {
	b := in.Body
	return gate.Answer(s.View(ctx).Alerts.OpenIncident(ctx, alerts.Opening{
		School:    gate.SchoolOf(ctx, b.School),
		Title:     b.Title,
		TitleZH:   b.TitleZH,
		Severity:  b.Severity,
		Procedure: b.Procedure,
		Zone:      b.Zone,
		Alerts:    b.Alerts,
		Drill:     b.Drill,
		Comment:   b.Comment,
	}, gate.CallerOf(ctx).By()))
}

type incidentLog struct {
	Items []alerts.IncidentEntry `json:"items" nullable:"false" doc:"Oldest first."`
	Next  string                 `json:"next,omitempty" doc:"Pass it as cursor for the next page; absent at the end."`
}

func (s *area) incidentLog(
	ctx context.Context, in *historyInput,
) (*gate.Body[incidentLog], error) {
	after, err := strconv.Atoi(in.Cursor)
	if in.Cursor != "" && err != nil {
		return nil, g.FieldErrorf("cursor", "this is no page's next")
	}
	items, next, err := s.View(ctx).Alerts.Log(ctx, g.IncidentID(in.ID), after)
	out := incidentLog{Items: gate.Some(items)}
	if next > 0 {
		out.Next = strconv.Itoa(next)
	}
	return gate.Answer(out, err)
}
