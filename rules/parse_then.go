package rules

import (
	"errors"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// parseThen parses the actions; the default is a plain alert.
func parseThen(o object) []Action {
	n, ok := o.get("then")
	if !ok {
		return []Action{{Alert: &AlertAction{}}}
	}
	var out []Action
	alert := false
	for _, c := range n.list() {
		a := parseAction(c)
		alert = alert || a.Alert != nil
		out = append(out, a)
	}
	if !alert {
		for _, a := range out {
			if a.Incident != nil {
				n.fail("an incident gathers alerts; add - alert: {}")
			}
		}
	}
	return out
}

func parseAction(n node) Action {
	o := n.object("alert", "incident", "command", "notify")
	if len(o.keys) != 1 {
		n.fail("an action has exactly one of alert, incident, command and notify; this one has %d",
			len(o.keys))
		return Action{}
	}
	var a Action
	if c, ok := o.get("alert"); ok {
		a.Alert = &AlertAction{}
		if f, ok := c.object("audible").get("audible"); ok {
			a.Alert.Audible = f.boolean()
		}
	}
	if c, ok := o.get("incident"); ok {
		a.Incident = parseIncident(c)
	}
	if c, ok := o.get("command"); ok {
		a.Command = parseCommand(c)
	}
	if c, ok := o.get("notify"); ok {
		a.Notify = &NotifyAction{}
		if f, ok := c.object("roles").need("roles", g.Word("name who is told")); ok {
			a.Notify.Roles = listOf(f, g.Roles())
		}
	}
	return a
}

func parseIncident(n node) *IncidentAction {
	o := n.object("procedure", "handover", "gather", "within")
	in := &IncidentAction{}
	if c, ok := o.get("gather"); ok {
		in.Gather = oneOf(c, []Gathering{GatherBuilding, GatherZone, GatherSchool, GatherNone})
	}
	if c, ok := o.get("within"); ok {
		if in.Within = c.duration(); in.Within <= 0 {
			c.fail("should be longer than 0s; to gather nothing, write gather: none")
		}
	}
	if c, ok := o.get("procedure"); ok {
		in.Procedure = c.text()
	}
	if c, ok := o.get("handover"); ok {
		if f, ok := c.object("approver").need("approver", g.Word("name the role that must approve")); ok {
			in.Approver = oneOf(f, g.Roles())
		}
	}
	return in
}

func parseCommand(n node) *CommandAction {
	o := n.object(
		"device",
		"zone",
		"type",
		"profile",
		"action",
		"values",
	)
	cmd := &CommandAction{}
	dev, hasDevice := o.get("device")
	zone, hasZone := o.get("zone")
	if hasDevice == hasZone {
		n.fail("a command goes to a device or to a zone; give one of the two, an id or same")
	}
	if hasDevice {
		cmd.Device = g.DeviceID(dev.text())
	}
	if hasZone {
		cmd.Zone = g.ZoneID(zone.text())
	}
	if c, ok := o.get("type"); ok {
		cmd.Type = oneOf(c, g.DeviceTypes())
	}
	if c, ok := o.get("profile"); ok {
		cmd.Profile = g.ProfileID(c.text())
	}
	if c, ok := o.need("action", g.Word("name an action of the device's profile")); ok {
		cmd.Action = c.text()
	}
	if c, ok := o.get("values"); ok {
		cmd.Values = map[string]g.Value{}
		for i := 0; i+1 < len(c.n.Content); i += 2 {
			key := c.n.Content[i].Value
			cmd.Values[key] = c.child(c.n.Content[i+1], key).value()
		}
		if len(cmd.Values) == 0 {
			c.fail("should hold the action's inputs, name: value; remove it where there are none")
		}
	}
	return cmd
}

// Check validates all files together: duplicate IDs, and procedures that do not exist.
func Check(rs []Rule, ps []Procedure) error {
	var errs []error
	known := map[g.ProcedureID]bool{}
	for _, p := range ps {
		if known[p.ID] {
			errs = append(errs,
				g.FieldErrorf("procedures",
					"the procedure %q is written twice; rename or remove one", p.ID))
		}
		known[p.ID] = true
	}
	first, plain := map[g.RuleID]Rule{}, map[g.RuleID][]Rule{}
	for _, r := range rs {
		at := place(r)
		id, _ := Plain(r.ID)
		plain[id] = append(plain[id], r)
		if f, twice := first[r.ID]; twice {
			errs = append(errs,
				g.FieldErrorf(at, "the id %q is taken by %s; choose another", r.ID, place(f)))
		} else {
			first[r.ID] = r
		}
		for _, a := range r.Then {
			if a.Incident == nil || a.Incident.Procedure == "" || known[g.ProcedureID(a.Incident.Procedure)] {
				continue
			}
			errs = append(errs, g.FieldErrorf(r.Place(r.File, "procedure", a.Incident.Procedure),
				"rule %q names the procedure %q, which there is not; write it, remove the key, or use one of %v",
				id, a.Incident.Procedure, slices.Sorted(maps.Keys(known))))
		}
	}
	for _, r := range rs {
		for _, m := range r.MutedBy {
			if err := checkMute(r, m, plain[m.Rule]); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// checkMute checks that the muting rule exists, and that its subjects are each in one such place.
func checkMute(r Rule, m Mute, named []Rule) error {
	id, _ := Plain(r.ID)
	at := r.Place(r.File, "rule", string(m.Rule))
	switch {
	case len(named) == 0:
		return g.FieldErrorf(at,
			"rule %q is muted by the rule %q, which there is not; write it or remove the key", id, m.Rule)
	case m.Same == SameBehind && r.Per != PerDevice:
		return g.FieldErrorf(at, "rule %q is muted by what its device hangs on, but it is one "+
			"alert per %s; use per: device", id, r.Per)
	case m.Rule == id && m.Same != SameBehind:
		return g.FieldErrorf(at, "rule %q is muted by itself; name another rule", id)
	}
	for _, by := range named {
		switch {
		case by.When.momentary():
			return g.FieldErrorf(at,
				"rule %q is muted by %q, which is true for a moment only and mutes nothing; name a "+
					"rule that lasts", id, m.Rule)
		case m.Same == SameBehind && by.Per != PerDevice:
			return g.FieldErrorf(at, "rule %q is muted by %q at what its device hangs on, but that "+
				"is one alert for a whole %s; name a rule per device", id, m.Rule, by.Per)
		case m.Same != SameBehind && !slices.Contains(by.Per.within(), m.Same):
			return g.FieldErrorf(at,
				"rule %q is muted by %q at the same %s, but that is one alert for a whole %s; use a "+
					"place that is as wide", id, m.Rule, m.Same, by.Per)
		}
	}
	return nil
}

// within lists the places of which a subject is in exactly one.
func (p Subject) within() []Subject {
	switch p {
	case PerDevice:
		return []Subject{PerDevice, PerZone, PerFloor, PerBuilding, PerDriver, PerSchool}
	case PerZone:
		return []Subject{PerZone, PerFloor, PerBuilding, PerSchool}
	case PerFloor:
		return []Subject{PerFloor, PerBuilding, PerSchool}
	case PerBuilding:
		return []Subject{PerBuilding, PerSchool}
	case PerDriver:
		return []Subject{PerDriver, PerSchool}
	}
	return []Subject{PerSchool}
}
