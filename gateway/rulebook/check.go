package rulebook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// draftFile names a draft in errors.
const draftFile = "rule"

// Check checks a draft as Put would, and returns what is wrong with it, where, and what may be.
func (b *Book) Check(ctx context.Context, v *registry.View, d api.Draft) (api.Checked, error) {
	out := api.Checked{
		Problems: []api.RuleProblem{},
		Doubts:   []api.RuleProblem{},
	}
	if _, err := v.Rules.List(ctx, d.School); err != nil {
		return out, err
	}
	r, errs := b.check(d, d.ID == "")
	for _, e := range errs {
		out.Problems = append(out.Problems, problem(d.Text, e))
	}
	id, _ := rules.Plain(r.ID)
	out.ID, out.Title, out.TitleZH, out.Severity = id, r.Title, r.TitleZH, r.Severity
	if len(errs) > 0 {
		return out, nil
	}
	doubts, err := b.doubts(ctx, r, d.School)
	for _, e := range doubts {
		out.Doubts = append(out.Doubts, problem(d.Text, e))
	}
	return out, err
}

// check parses a draft and holds it against the rules in force; fresh is one that is no next version
// of the school's own rule.
func (b *Book) check(
	d api.Draft, fresh bool, with ...kept.RuleVersion,
) (rules.Rule, []*g.Error) {
	if len(d.Text) > kept.MaxText {
		return rules.Rule{}, []*g.Error{g.FieldErrorf(draftFile,
			"the rule has %d bytes; at most %d are kept", len(d.Text), kept.MaxText)}
	}
	r, err := rules.ParseOne(draftFile, []byte(d.Text))
	if err != nil {
		return r, each(err)
	}
	var errs []*g.Error
	now := b.now.Load()
	if d.ID != "" && r.ID != d.ID {
		errs = append(errs, g.FieldErrorf(at(r), "the id was %q and stays so: write a new rule for "+
			"another", d.ID))
	}
	if e := b.taken(now, d, r, fresh); e != nil {
		errs = append(errs, e)
	}
	next := kept.RuleVersion{
		School:   d.School,
		ID:       r.ID,
		Text:     d.Text,
		Enabled:  true,
		Replaces: d.Replaces,
	}
	all := slices.DeleteFunc(slices.Clone(now.kept), func(x kept.RuleVersion) bool {
		return x.School == d.School && x.ID == r.ID
	})
	for _, x := range with {
		there := slices.ContainsFunc(all, func(y kept.RuleVersion) bool {
			return y.School == x.School && y.ID == x.ID
		})
		if !there && x.ID != r.ID {
			all = append(all, x)
		}
	}
	then := put(now.files, b.shipped, append(all, next), now.steps, now.schools)
	r.ID, r.Where.Only = rules.OfSchool(r.ID, d.School), now.schools[d.School]
	if e := then.broken[r.ID]; e != nil {
		e.Field = draftFile + strings.TrimPrefix(e.Field, string(r.ID))
		errs = append(errs, e)
	}
	for id, e := range then.broken {
		if id != r.ID && now.broken[id] == nil {
			plain, _ := rules.Plain(id)
			errs = append(errs, g.FieldErrorf(at(r), "with it the rule %q could not be in force: %s",
				plain, e.Message))
		}
	}
	return r, append(errs, b.reaches(r, d.School)...)
}

func at(r rules.Rule) string { return fmt.Sprintf("%s:%d", draftFile, max(r.Line, 1)) }

// taken reports an ID that another rule has which holds for the same schools, unless the draft says
// that it replaces it.
func (b *Book) taken(now *inForce, d api.Draft, r rules.Rule, fresh bool) *g.Error {
	there := false
	for _, f := range now.files.Rules {
		if f.ID != r.ID {
			continue
		}
		if there = true; !d.Replaces {
			return g.FieldErrorf(at(r), "the id %q is taken by %s:%d; choose another, or say that "+
				"this rule stands in its place", r.ID, f.File, f.Line).Because("id_taken")
		}
	}
	for _, x := range now.kept {
		if x.ID == r.ID && x.School == d.School && fresh {
			return g.FieldErrorf(at(r), "the id %q is taken by the school's own rule, which is at "+
				"version %d; change that one, or choose another id", r.ID, x.Version).
				Because("id_taken")
		}
		if x.ID != r.ID || x.School == d.School ||
			!slices.Contains(now.schools[x.School], d.School) {
			continue
		}
		if there = true; !d.Replaces {
			return g.FieldErrorf(at(r), "the id %q is taken by a rule of %s; choose another, or say "+
				"that this rule stands in its place", r.ID, b.schoolName(x.School)).
				Because("id_taken")
		}
	}
	if d.Replaces && !there {
		return g.FieldErrorf(at(r), "there is no other rule %q in whose place this one could stand",
			r.ID)
	}
	return nil
}

// reaches refuses commands to devices and rooms of other schools.
func (b *Book) reaches(r rules.Rule, school g.SchoolID) []*g.Error {
	under := b.now.Load().schools[school]
	var out []*g.Error
	for _, a := range r.Then {
		if a.Command == nil {
			continue
		}
		if id := a.Command.Device; id != "" && id != "same" {
			e, ok := b.opt.Directory.Known(id)
			if !ok || !slices.Contains(under, e.Device.School) {
				out = append(out, g.FieldErrorf(at(r), "the school has no device %q to command", id))
			}
		}
		if id := a.Command.Zone; id != "" && id != "same" {
			z, ok := b.opt.Directory.Zone(id)
			if !ok || !slices.Contains(under, z.School) {
				out = append(out, g.FieldErrorf(at(r), "the school has no room %q to command", id))
			}
		}
	}
	return out
}

// doubts are what the rule uses but no profile, place or device has.
func (b *Book) doubts(ctx context.Context, r rules.Rule, school g.SchoolID) ([]*g.Error, error) {
	profiles, err := b.view.Fleet.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	out := rules.Doubts([]rules.Rule{r}, profiles)
	under := b.now.Load().schools[school]
	miss := func(noun, id string) {
		out = append(out, g.FieldErrorf(r.Place(draftFile, noun, id), "where: the school has no %s %q: the rule finds "+
			"nothing there", g.Noun(noun), id))
	}
	for _, id := range r.Where.Zone {
		if z, ok := b.opt.Directory.Zone(id); !ok || !slices.Contains(under, z.School) {
			miss("zone", string(id))
		}
	}
	for _, id := range r.Where.Device {
		if e, ok := b.opt.Directory.Known(id); !ok || !slices.Contains(under, e.Device.School) {
			miss("device", string(id))
		}
	}
	for _, id := range r.Where.School {
		if !slices.Contains(under, id) {
			miss("school", string(id))
		}
	}
	levels, err := b.view.Lockdown.Levels(ctx, school)
	if err != nil {
		return nil, err
	}
	for _, id := range r.Levels() {
		if id != rules.AnyLevel && !slices.ContainsFunc(levels, func(l g.ThreatLevel) bool { return l.ID == id }) {
			out = append(out, g.FieldErrorf(r.Place(draftFile, "level", string(id)),
				"level: the school has no threat level %q: the rule never finds that one standing", id))
		}
	}
	for _, id := range r.Where.Profile {
		if !slices.ContainsFunc(profiles, func(p g.Profile) bool { return p.ID == id }) {
			miss("profile", string(id))
		}
	}
	return out, nil
}
