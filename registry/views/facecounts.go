package views

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// FaceCounts says how many people's data is kept, without names.
type FaceCounts struct {
	People    int `json:"people"`
	Consented int `json:"consented"` // people who have consented
	Enrolled  int `json:"enrolled"`  // people with a template of the current model
	Outdated  int `json:"outdated"`  // people whose templates are all of other models
	Cameras   int `json:"cameras"`
	Kept      int `json:"kept_pictures"` // kept beyond the usual hours
}

// FaceCounts counts a school's people, consents, templates, cameras and kept pictures; model is the
// current embedding model, "" if unknown. It requires no permission but a scope of the school.
func (v View) FaceCounts(ctx context.Context, school g.SchoolID, model string) (FaceCounts, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return FaceCounts{}, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return FaceCounts{}, err
	}
	var c FaceCounts
	id := string(school)
	for _, q := range []struct {
		into *int
		sql  string
		args []any
	}{
		{&c.People, "SELECT COUNT(*) FROM persons WHERE school = ?", []any{id}},
		{
			&c.Consented,
			"SELECT COUNT(*) FROM consents c JOIN persons p ON p.id = c.person WHERE p.school = " +
				"? AND c.given = 1 AND c.id = " +
				people.NewestConsent,
			[]any{id},
		},
		{
			&c.Enrolled,
			"SELECT COUNT(DISTINCT person) FROM passes WHERE school = ? AND method = ? AND (? = " +
				"'' OR model = ?)",
			[]any{id, string(g.ByFace), model, model},
		},
		{
			&c.Outdated,
			"SELECT COUNT(DISTINCT person) FROM passes WHERE school = ? AND method = ?",
			[]any{id, string(g.ByFace)},
		},
		{
			&c.Cameras,
			"SELECT COUNT(*) FROM devices d JOIN profiles p ON p.id = d.profile WHERE d.school = " +
				"? AND p.type = ?",
			[]any{id, string(g.TypeCamera)},
		},
		{&c.Kept, "SELECT COUNT(*) FROM kept_pictures WHERE school = ?", []any{id}},
	} {
		if err := v.s.Reg.Row(ctx, q.sql, q.args...).Scan(q.into); err != nil {
			return FaceCounts{}, fmt.Errorf("count what is kept: %w", err)
		}
	}
	c.Outdated -= c.Enrolled
	return c, nil
}
