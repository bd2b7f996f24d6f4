package alerts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// NamedKind is a kind of what a window names.
type NamedKind string

// The kinds.
const (
	NamedDevice   NamedKind = "device"
	NamedZone     NamedKind = "zone"
	NamedBuilding NamedKind = "building"
	NamedRule     NamedKind = "rule"
)

// NamedKinds lists them.
func NamedKinds() []NamedKind {
	return []NamedKind{NamedDevice, NamedZone, NamedBuilding, NamedRule}
}

// Named is one thing that a window names.
type Named struct {
	What NamedKind `json:"what"`
	ID   string    `json:"id"`
	Name string    `json:"name,omitempty"` // when the window was last saved; of a rule none
}

// ownRules lists the prefixes of the rule IDs under which the gateway itself raises alerts.
func ownRules() []string {
	return []string{g.GatewayRule, g.DeviceRule, g.LockdownRule, "attendance:", "oncall:"}
}

// names are what a window names.
func names(s g.Suppression) (out []Named) {
	for _, id := range s.Devices {
		out = append(out, Named{What: NamedDevice, ID: string(id)})
	}
	for _, id := range s.Zones {
		out = append(out, Named{What: NamedZone, ID: string(id)})
	}
	for _, id := range s.Buildings {
		out = append(out, Named{What: NamedBuilding, ID: string(id)})
	}
	for _, id := range s.Rules {
		out = append(out, Named{What: NamedRule, ID: string(id)})
	}
	return out
}

// there are the names of what a window names and its school has. A rule's name is its ID.
func (v View) there(
	ctx context.Context, c store.Conn, s g.Suppression,
) (map[Named]string, error) {
	out := map[Named]string{}
	devices, err := fleet.SomeDevices(ctx, c, s.Devices)
	if err != nil {
		return nil, err
	}
	for id, d := range devices {
		if d.School == s.School {
			out[Named{What: NamedDevice, ID: string(id)}] = d.Name
		}
	}
	zones, err := places.ZonesNamed(ctx, c, s.School, s.Zones)
	if err != nil {
		return nil, err
	}
	for id, name := range zones {
		out[Named{What: NamedZone, ID: string(id)}] = name
	}
	buildings, err := places.BuildingsNamed(ctx, c, s.School, s.Buildings)
	if err != nil {
		return nil, err
	}
	for id, name := range buildings {
		out[Named{What: NamedBuilding, ID: string(id)}] = name
	}
	for _, id := range s.Rules {
		has, err := v.hasRule(ctx, c, s.School, id)
		if err != nil {
			return nil, err
		}
		if has {
			out[Named{What: NamedRule, ID: string(id)}] = string(id)
		}
	}
	return out, nil
}

// hasRule says whether alerts of a school can have this rule: one of the folder, one that the school
// or one above it has written, or the gateway itself.
func (v View) hasRule(
	ctx context.Context, c store.Conn, school g.SchoolID, id g.RuleID,
) (bool, error) {
	for _, prefix := range ownRules() {
		if strings.HasPrefix(string(id), prefix) {
			return true, nil
		}
	}
	plain, of, kept := strings.Cut(string(id), "@")
	if kept {
		above, err := v.s.Above(ctx, school)
		if err != nil || !slices.Contains(above, g.SchoolID(of)) {
			return false, err
		}
		return rules.Has(ctx, c, g.SchoolID(of), g.RuleID(plain))
	}
	n := 0
	err := c.Row(ctx, "SELECT COUNT(*) FROM rule_texts WHERE kind = ? AND id = ?", "rule", string(id)).
		Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for a rule: %w", err)
	}
	return n > 0, nil
}

// hasNamed refuses a window that names what the school does not have. What it named before may be
// gone since: it stays, and is told in the answer.
func (v View) hasNamed(ctx context.Context, t *store.Tx, s, was g.Suppression) error {
	has, err := v.there(ctx, t, s)
	if err != nil {
		return err
	}
	before := names(was)
	at := map[NamedKind]int{}
	for _, x := range names(s) {
		i := at[x.What]
		at[x.What]++
		if _, ok := has[x]; ok || slices.Contains(before, x) {
			continue
		}
		switch x.What {
		case NamedDevice:
			return g.FieldErrorf(fmt.Sprintf("devices[%d]", i),
				"the school has no device %q: take it out, or name another", x.ID)
		case NamedZone:
			return g.FieldErrorf(fmt.Sprintf("zones[%d]", i),
				"the school has no zone %q: take it out, or name another", x.ID)
		case NamedBuilding:
			return g.FieldErrorf(fmt.Sprintf("buildings[%d]", i),
				"the school has no building %q: take it out, or name another", x.ID)
		}
		return g.FieldErrorf(fmt.Sprintf("rules[%d]", i), "no rule %q holds for the school: take it "+
			"out, or name one as GET /v1/rules has it (a school's own is id@school)", x.ID)
	}
	return nil
}

// gone lists what a window names and its school does not have any more.
func (v View) gone(
	ctx context.Context, s g.Suppression, kept map[string]string,
) ([]Named, error) {
	out := []Named{}
	if s.Kind != g.Window {
		return out, nil
	}
	has, err := v.there(ctx, v.s.Reg, s)
	if err != nil {
		return nil, err
	}
	for _, x := range names(s) {
		if _, ok := has[x]; !ok {
			x.Name = kept[string(x.What)+" "+x.ID]
			out = append(out, x)
		}
	}
	return out, nil
}

// keepNames are the names to be kept with a window, which tell what it named once that is gone.
func (v View) keepNames(
	ctx context.Context, t *store.Tx, s g.Suppression, old map[string]string,
) (map[string]string, error) {
	if s.Kind != g.Window {
		return nil, nil
	}
	has, err := v.there(ctx, t, s)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, x := range names(s) {
		key := string(x.What) + " " + x.ID
		name, ok := has[x]
		if !ok {
			name = old[key]
		}
		if name != "" && x.What != NamedRule {
			out[key] = name
		}
	}
	return out, nil
}
