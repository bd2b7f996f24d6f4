package rulebook

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// inForceWithin is how long a change may take to be in force before it is answered all the same:
// Run goes on trying.
const inForceWithin = 5 * time.Second

// Put keeps a draft as the next version of a school's rule and puts it into force.
func (b *Book) Put(
	ctx context.Context, v *registry.View, d api.Draft, seen int,
) (api.Rule, error) {
	r, err := rules.ParseOne(draftFile, []byte(d.Text))
	base := ""
	if err == nil {
		if base, err = b.baseOf(d, r.ID); err != nil {
			return api.Rule{}, err
		}
	}
	return b.put(ctx, v, d, seen, base)
}

// put is Put of a draft that stands on the text base and comes together with others.
func (b *Book) put(
	ctx context.Context, v *registry.View, d api.Draft, seen int, base string, with ...kept.RuleVersion,
) (api.Rule, error) {
	r, errs := b.check(d, d.ID == "" && seen == 0, with...)
	if len(errs) > 0 {
		return api.Rule{}, refusal(d, errs)
	}
	id, _ := rules.Plain(r.ID)
	x, err := v.Rules.Put(ctx, kept.RuleVersion{
		School:   d.School,
		ID:       id,
		Text:     d.Text,
		Enabled:  d.Enabled,
		Replaces: d.Replaces,
		Template: d.Template,
		Base:     base,
		Note:     d.Note,
	}, seen)
	if err != nil {
		return api.Rule{}, err
	}
	return b.written(ctx, v, x)
}

// refusal is the first error with its place in the text.
func refusal(d api.Draft, errs []*g.Error) error {
	e := *errs[0]
	p := problem(d.Text, &e)
	e.Field = "text:" + place(p)
	return &e
}

// Delete deletes a school's rule. What it found ends; its versions are kept.
func (b *Book) Delete(
	ctx context.Context, v *registry.View, id g.RuleID, seen int, note string,
) error {
	plain, school, err := own(id)
	if err != nil {
		return err
	}
	if _, err := v.Rules.Delete(
		ctx,
		school,
		plain,
		seen,
		note,
	); err != nil {
		return err
	}
	b.inForce(ctx)
	return nil
}

// Restore makes an earlier version of a school's rule the newest one, if it still fits.
func (b *Book) Restore(
	ctx context.Context, v *registry.View, id g.RuleID, seen, from int, note string,
) (api.Rule, error) {
	plain, school, err := own(id)
	if err != nil {
		return api.Rule{}, err
	}
	all, err := v.Rules.Versions(ctx, school, plain)
	if err != nil {
		return api.Rule{}, err
	}
	for _, x := range all {
		if x.Version != from {
			continue
		}
		d := api.Draft{
			School:   school,
			ID:       plain,
			Text:     x.Text,
			Replaces: x.Replaces,
		}
		if _, errs := b.check(d, false); len(errs) > 0 {
			return api.Rule{}, refusal(d, errs)
		}
	}
	x, err := v.Rules.Restore(
		ctx,
		school,
		plain,
		seen,
		from,
		note,
	)
	if err != nil {
		return api.Rule{}, err
	}
	return b.written(ctx, v, x)
}

// written waits until a change is in force and returns the rule.
func (b *Book) written(
	ctx context.Context, v *registry.View, x kept.RuleVersion,
) (api.Rule, error) {
	b.inForce(ctx)
	return b.Find(ctx, v, rules.OfSchool(x.ID, x.School))
}

// inForce puts the registry's rules into force now. If that takes too long, Run does it.
func (b *Book) inForce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), inForceWithin)
	defer cancel()
	if err := b.refresh(ctx); err != nil {
		b.wake()
	}
}

// own splits the ID of a school's rule; a rule of a file is refused.
func own(id g.RuleID) (g.RuleID, g.SchoolID, error) {
	plain, school := rules.Plain(id)
	if school == "" {
		return plain, "", g.Errorf(g.Conflict, "the rule %q is in a file: it is changed there, or a "+
			"rule of the school's own stands in its place", id).Because("rule_in_file")
	}
	return plain, school, nil
}
