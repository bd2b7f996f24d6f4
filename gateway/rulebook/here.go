package rulebook

import (
	"context"
	"net/url"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Meant is what somebody at the command line means by the names of a rule and a device.
type Meant struct {
	Rule     g.RuleID   `json:"rule"`
	Device   g.DeviceID `json:"device"`
	Timezone string     `json:"timezone"` // of the school that it is about
}

// Here answers the command line of this machine, which sees every school: meant (rule, device or
// school; see Meant), explain (rule, device),
// explain-then (the same, and at), explain-state (id), backtest (school, since; the rule's text as
// body), backtest-state (id), templates, templates-export (id) and templates-import (school, dry; the
// file as body).
func (b *Book) Here(
	ctx context.Context, deed string, q url.Values, body []byte,
) (any, error) {
	switch deed {
	case "meant":
		return b.meant(ctx, q.Get("rule"), q.Get("device"), g.SchoolID(q.Get("school")))
	case "explain":
		return b.Explain(ctx, b.view, g.RuleID(q.Get("rule")), api.About{
			Device: g.DeviceID(q.Get("device")),
			Zone:   g.ZoneID(q.Get("zone")),
		})
	case "explain-then":
		at, err := time.Parse(time.RFC3339, q.Get("at"))
		if err != nil {
			return nil, g.FieldErrorf("at", "%q is no time; give one as 2026-09-01T12:00:00+08:00",
				q.Get("at"))
		}
		return b.ExplainThen(ctx, b.view, g.RuleID(q.Get("rule")), api.About{
			Device: g.DeviceID(q.Get("device")),
			Zone:   g.ZoneID(q.Get("zone")),
		}, at)
	case "explain-state":
		return b.ThenState(ctx, b.view, q.Get("id"))
	case "templates":
		return b.Templates(ctx, b.view)
	case "templates-export":
		return b.ExportTemplates(ctx, q.Get("id"))
	case "templates-import":
		school, err := b.onlySchool(g.SchoolID(q.Get("school")))
		if err != nil {
			return nil, err
		}
		return b.Import(ctx, b.view, api.Draft{
			School:  school,
			Text:    string(body),
			Enabled: true,
		}, q.Get("dry") != "")
	case "backtest-state":
		return b.BacktestState(ctx, b.view, q.Get("id"))
	case "backtest":
		since, err := time.ParseDuration(q.Get("since"))
		if err != nil {
			return nil, g.FieldErrorf("since", "%q is no duration; write one such as 30s, 5m or 1h30m",
				q.Get("since"))
		}
		school, err := b.onlySchool(g.SchoolID(q.Get("school")))
		if err != nil {
			return nil, err
		}
		return b.Backtest(ctx, b.view, api.Draft{
			School: school,
			Text:   string(body),
		}, since)
	}
	return nil, g.Errorf(g.Invalid, "%q is no deed; use %s", deed, "explain, backtest, templates")
}

// onlySchool is the school that is named, or the topmost one if there is one only.
func (b *Book) onlySchool(named g.SchoolID) (g.SchoolID, error) {
	var tops []g.SchoolID
	for _, s := range b.opt.Directory.Schools() {
		if s.ID == named {
			return named, nil
		}
		if s.Parent == "" {
			tops = append(tops, s.ID)
		}
	}
	if named != "" || len(tops) != 1 {
		return "", g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("school"), named)
	}
	return tops[0], nil
}

// meant finds a rule by its ID, with or without its school, and a device by its ID or name. With a
// device, the rule is the one of the device's school.
func (b *Book) meant(ctx context.Context, rule, device string, school g.SchoolID) (out Meant, err error) {
	if device != "" {
		d, err := b.deviceMeant(ctx, device)
		if err != nil {
			return out, err
		}
		out.Device, school = d.ID, d.School
	}
	if rule != "" {
		if out.Rule, err = b.ruleMeant(ctx, g.RuleID(rule), school); err != nil {
			return out, err
		}
		if _, of := rules.Plain(out.Rule); school == "" {
			school = of
		}
	}
	if school == "" {
		school, _ = b.onlySchool("")
	}
	s := b.opt.Directory.School(school)
	out.Timezone = s.Location().String()
	return out, nil
}

func (b *Book) deviceMeant(ctx context.Context, name string) (g.Device, error) {
	d, err := b.view.Fleet.Device(ctx, g.DeviceID(name))
	if g.ErrorCode(err) != g.NotFound {
		return d.Device, err
	}
	rows, _, err := b.view.Fleet.Devices(ctx, fleet.DeviceFilter{
		Query: name,
		Page:  registry.Page{Limit: namesMost},
	})
	if err != nil {
		return g.Device{}, err
	}
	rows = slices.DeleteFunc(rows, func(r fleet.DeviceRow) bool { return r.Name != name })
	switch {
	case len(rows) == 0:
		return g.Device{}, g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("device"), name)
	case len(rows) > 1:
		ids := make([]string, len(rows))
		for i, r := range rows {
			ids[i] = string(r.ID)
		}
		return g.Device{}, g.Errorf(g.Conflict, "%q may mean several: give one of %v", name, ids)
	}
	return rows[0].Device, nil
}

// namesMost is among how many devices one of a name is looked for.
const namesMost = 200

func (b *Book) ruleMeant(ctx context.Context, id g.RuleID, school g.SchoolID) (g.RuleID, error) {
	all, err := b.List(ctx, b.view, "")
	if err != nil {
		return "", err
	}
	var found []g.RuleID
	for _, r := range all {
		switch {
		case r.ID == id, school != "" && r.ID == rules.OfSchool(id, school):
			return r.ID, nil
		case r.Plain == id:
			found = append(found, r.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("rule"), id)
	case 1:
		return found[0], nil
	}
	return "", g.Errorf(g.Conflict, "%q may mean several: give one of %v", id, found)
}
