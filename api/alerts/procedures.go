package alerts

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/procedures"
)

// ByProcedure is the input of operations on one procedure.
type ByProcedure struct {
	ID g.ProcedureID `path:"id" maxLength:"64" doc:"The procedure's id."`
	gate.InSchool
}

type putProcedureInput struct {
	ByProcedure
	Body struct {
		Version int               `json:"version" minimum:"0" example:"0"`
		Title   string            `json:"title" maxLength:"500" example:"Fire in a building"`
		TitleZH string            `json:"title_zh,omitempty" maxLength:"500"`
		Steps   []g.ProcedureStep `json:"steps" minItems:"1" maxItems:"100" nullable:"false"`
		Note    string            `json:"note,omitempty" maxLength:"500"`
	}
}

type deleteProcedureInput struct {
	ByProcedure
	Version int    `query:"version" minimum:"1" required:"true" doc:"The version of the school's own that was seen; another is a conflict."`
	Note    string `query:"note" maxLength:"500" doc:"Why."`
}

type procedureVersions struct {
	Versions []procedures.ProcedureVersion `json:"versions" nullable:"false" doc:"The newest first, at most 200."`
}

func (s *area) registerProcedures(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/procedures",
		ID:      "list-procedures",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "The procedures that hold for a school, by id",
		Doc: "The school's own, else that of the school above, else that of the gateway's files. " +
			"An incident keeps the version that it began with.",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[procedures.ProcedureVersion]], error) {
		all, err := s.View(ctx).Procedures.List(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err,
			func(x procedures.ProcedureVersion) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/procedures/{id}",
		ID:      "get-procedure",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "The procedure that holds for a school",
	}, func(ctx context.Context, in *ByProcedure) (*gate.Body[procedures.ProcedureVersion], error) {
		return gate.Answer(s.View(ctx).Procedures.Find(ctx, in.School, in.ID))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/procedures/{id}/versions",
		ID:      "list-procedure-versions",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Every version of a school's procedure, the newest first",
		Doc:     "Those of the gateway's files where the school has none of its own.",
	}, func(ctx context.Context, in *ByProcedure) (*gate.Body[procedureVersions], error) {
		all, err := s.View(ctx).Procedures.Versions(ctx, in.School, in.ID)
		return gate.Answer(procedureVersions{gate.Some(all)}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/procedures/{id}",
		ID:       "update-procedure",
		Tag:      tag,
		Perm:     g.RulesWrite,
		Conflict: true,
		Summary:  "Write the next version of a school's procedure",
		Doc: "It holds in the place of the one with this id of a school above or of the gateway's " +
			"files, for incidents that begin from now on.",
	}, s.putProcedure)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "DELETE",
		Path:     "/v1/procedures/{id}",
		ID:       "delete-procedure",
		Tag:      tag,
		Perm:     g.RulesWrite,
		Conflict: true,
		Summary:  "Delete a school's own procedure; the versions are kept",
	}, func(ctx context.Context, in *deleteProcedureInput) (*struct{}, error) {
		_, err := s.View(ctx).Procedures.Delete(ctx, gate.SchoolOf(ctx, in.School), in.ID,
			in.Version, in.Note)
		return nil, err
	})
}

func (s *area) putProcedure(
	ctx context.Context, in *putProcedureInput,
) (*gate.Body[procedures.ProcedureVersion], error) {
	b := in.Body
	return gate.Answer(s.View(ctx).Procedures.Put(ctx, gate.SchoolOf(ctx, in.School), g.Procedure{
		ID:      in.ID,
		Title:   b.Title,
		TitleZH: b.TitleZH,
		Steps:   b.Steps,
	}, b.Version, b.Note))
}
