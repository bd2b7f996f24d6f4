package rulebook

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// testsFile names the tests in errors.
const testsFile = "tests"

// Try runs tests of a draft; the folder's rules take part too, but for one with the draft's ID.
func (b *Book) Try(
	ctx context.Context, v *registry.View, text, tests string,
) (api.Tried, error) {
	out := api.Tried{}
	if _, err := v.Rules.List(ctx, ""); err != nil {
		return out, err
	}
	profiles, err := b.view.Fleet.Profiles(ctx)
	if err != nil {
		return out, err
	}
	draft, err := rules.ParseOne(draftFile, []byte(text))
	for _, e := range each(err) {
		out.Problems = append(out.Problems, problem(text, e))
	}
	list, err := rules.ParseTests(testsFile, []byte(tests), profiles)
	for _, e := range each(err) {
		out.Problems = append(out.Problems, problem(tests, e))
	}
	if len(out.Problems) > 0 {
		return out, nil
	}
	all := slices.DeleteFunc(slices.Clone(b.Folder().Rules), func(r rules.Rule) bool {
		return r.ID == draft.ID
	})
	for i := range list {
		if len(list[i].Rules) == 0 {
			list[i].Rules = []g.RuleID{draft.ID}
		}
	}
	out.Tests = rules.RunTests(testsFile, list, append(all, draft), b.InForce().Procedures)
	for _, t := range out.Tests {
		for _, e := range t.Failures {
			out.Problems = append(out.Problems, problem(tests, e))
		}
		if t.Passed {
			out.Passed++
		} else {
			out.Failed++
		}
	}
	return out, nil
}
