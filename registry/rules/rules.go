package rules

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const columns = "school, id, version, body, enabled, replaces, template, note, deleted, maker, " +
	"maker_name, at, base"

// newest restricts a query of rule_versions to the newest version of each rule.
const newest = "version = (SELECT MAX(n.version) FROM rule_versions n " +
	"WHERE n.school = rule_versions.school AND n.id = rule_versions.id)"

func scan(row func(...any) error) (x RuleVersion, err error) {
	var at int64
	err = row(&x.School, &x.ID, &x.Version, &x.Text, &x.Enabled, &x.Replaces, &x.Template, &x.Note,
		&x.Deleted, &x.By, &x.ByName, &at, &x.Base)
	x.At = store.Moment(at)
	return x, err
}

func list(ctx context.Context, c store.Conn, w store.Where, order string) ([]RuleVersion, error) {
	out := []RuleVersion{}
	err := store.Each(ctx, c, "SELECT "+columns+" FROM rule_versions"+w.String()+" ORDER BY "+order,
		w.Args, func(row func(...any) error) error {
			x, err := scan(row)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return out, nil
}

// List lists the newest versions of a school's rules, or of all schools in scope, without deleted
// ones, by school and ID.
func (v View) List(ctx context.Context, school g.SchoolID) ([]RuleVersion, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	w.And("deleted = 0")
	w.And(newest)
	return list(ctx, v.s.Reg, w, "school, id")
}

// Versions lists every version of a rule, the newest first.
func (v View) Versions(ctx context.Context, school g.SchoolID, id g.RuleID) ([]RuleVersion, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "rule", string(id)); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("school = ? AND id = ?", string(school), string(id))
	out, err := list(ctx, v.s.Reg, w, "version DESC")
	if err == nil && len(out) == 0 {
		err = store.NotFound("rule", string(id))
	}
	return out, err
}

// Find returns the newest version of a rule that is not deleted.
func (v View) Find(ctx context.Context, school g.SchoolID, id g.RuleID) (RuleVersion, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return RuleVersion{}, err
	}
	if err := in.Owns(school, "rule", string(id)); err != nil {
		return RuleVersion{}, err
	}
	x, err := find(ctx, v.s.Reg, school, id)
	if err == nil && (x.Version == 0 || x.Deleted) {
		err = store.NotFound("rule", string(id))
	}
	return x, err
}

// find returns the newest version; its Version is 0 if there is none.
func find(ctx context.Context, c store.Conn, school g.SchoolID, id g.RuleID) (RuleVersion, error) {
	var w store.Where
	w.And("school = ? AND id = ?", string(school), string(id))
	w.And(newest)
	all, err := list(ctx, c, w, "version DESC")
	if err != nil || len(all) == 0 {
		return RuleVersion{}, err
	}
	return all[0], nil
}

// Has says whether a school has written a rule that is not deleted. It does not check the scope: the
// caller must.
func Has(ctx context.Context, c store.Conn, school g.SchoolID, id g.RuleID) (bool, error) {
	x, err := find(ctx, c, school, id)
	return x.Version > 0 && !x.Deleted, err
}
