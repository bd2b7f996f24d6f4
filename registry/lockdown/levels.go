package lockdown

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const (
	mostLevels  = 20 // of a school
	mostActions = 50 // of a level, when it is raised and at the all-clear
	// of a level, and what each names of a kind
	mostMessages = 20
	mostNamed    = 50
)

// delivered are the levels that every school begins with. They tell everybody who works at the
// school, and command nothing until the school says which devices do what. Of the doors that ask, a
// lockdown lets only staff in, and an evacuation everybody out.
func delivered() []g.ThreatLevel {
	levels := []g.ThreatLevel{
		{
			ID:       g.LevelLockdown,
			Title:    "Lockdown",
			TitleZH:  "封锁",
			Text:     "Lock the doors, lights off, out of sight. Let nobody in or out.",
			TextZH:   "锁门、关灯、远离门窗，任何人不得进出。",
			Severity: g.Critical,
			Doors:    g.LevelDoors{In: g.DoorsStaff},
		},
		{
			ID:       g.LevelEvacuate,
			Title:    "Evacuate",
			TitleZH:  "疏散",
			Text:     "Leave by the nearest safe way and go to the assembly point.",
			TextZH:   "由最近的安全通道离开，前往集合点。",
			Severity: g.Critical,
			Doors:    g.LevelDoors{Out: g.DoorsFree},
		},
		{
			ID:       g.LevelShelter,
			Title:    "Shelter inside",
			TitleZH:  "室内避险",
			Text:     "Everybody inside, doors and windows closed.",
			TextZH:   "全体进入室内，关闭门窗。",
			Severity: g.Major,
		},
		{
			ID:       g.LevelHold,
			Title:    "Hold",
			TitleZH:  "原地等待",
			Text:     "Stay in the rooms and keep the corridors clear. Lessons go on.",
			TextZH:   "留在教室，保持走廊畅通，课程继续。",
			Severity: g.Warning,
		},
	}
	for i := range levels {
		levels[i].Messages = []g.LevelMessage{{
			Roles: []g.Role{g.RoleAdmin, g.RoleSecurity, g.RoleFacility, g.RoleTeacher},
			Kinds: []g.PersonKind{g.Staff},
		}}
	}
	return levels
}

// Levels lists the threat levels of a school: those that every school has, then its own. Anybody
// who is signed in sees them.
func (v View) Levels(ctx context.Context, school g.SchoolID) ([]g.ThreatLevel, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return nil, err
	}
	return levelsOf(ctx, v.s.Reg, school)
}

// Level returns one threat level of a school.
func (v View) Level(
	ctx context.Context, school g.SchoolID, id g.LevelID,
) (g.ThreatLevel, error) {
	all, err := v.Levels(ctx, school)
	if err != nil {
		return g.ThreatLevel{}, err
	}
	i := slices.IndexFunc(all, func(l g.ThreatLevel) bool { return l.ID == id })
	if i < 0 {
		return g.ThreatLevel{}, g.Errorf(g.NotFound, "the school has no level %q", id)
	}
	return all[i], nil
}

// levelNames refuses where a threat level names a place, a device or a channel.
func levelNames(ctx context.Context, c store.Conn, school g.SchoolID, id string) error {
	levels, err := levelsOf(ctx, c, school)
	if err != nil {
		return err
	}
	for _, l := range levels {
		named := slices.ContainsFunc(slices.Concat(l.Raise, l.Clear), func(a g.LevelAction) bool {
			return id == string(a.Zone) || id == string(a.Building) || id == string(a.Device)
		}) || slices.ContainsFunc(l.Triggers, func(x g.LevelTrigger) bool {
			return id == string(x.Zone) || id == string(x.Device)
		}) || slices.ContainsFunc(l.Messages, func(m g.LevelMessage) bool {
			return slices.Contains(m.Zones, g.ZoneID(id)) || slices.Contains(m.Channels, g.ChannelID(id)) ||
				slices.Contains(m.Buildings, g.BuildingID(id))
		})
		if named {
			return g.Errorf(g.Conflict, "the threat level %q names it: take it out there before", l.Title)
		}
	}
	return nil
}

func levelsOf(ctx context.Context, c store.Conn, school g.SchoolID) ([]g.ThreatLevel, error) {
	out := delivered()
	for i := range out {
		out[i].School = school
		out[i].Raise, out[i].Clear = []g.LevelAction{}, []g.LevelAction{}
		out[i].Triggers = []g.LevelTrigger{}
	}
	err := store.Each(ctx, c, "SELECT body FROM threat_levels WHERE school = ? ORDER BY id",
		[]any{string(school)}, func(scan func(...any) error) error {
			var body []byte
			if err := scan(&body); err != nil {
				return err
			}
			var l g.ThreatLevel
			if err := json.Unmarshal(body, &l); err != nil {
				return err
			}
			if l.Messages == nil { // written by a version that had none
				l.Messages = []g.LevelMessage{}
			}
			i := slices.IndexFunc(out, func(x g.ThreatLevel) bool { return x.ID == l.ID })
			if i >= 0 {
				out[i] = l
			} else {
				out = append(out, l)
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list threat levels: %w", err)
	}
	return out, nil
}

// level returns one threat level of a school.
func level(
	ctx context.Context, c store.Conn, school g.SchoolID, id g.LevelID,
) (g.ThreatLevel, error) {
	all, err := levelsOf(ctx, c, school)
	if err != nil {
		return g.ThreatLevel{}, err
	}
	names := []g.LevelID{}
	for _, l := range all {
		if l.ID == id {
			return l, nil
		}
		names = append(names, l.ID)
	}
	return g.ThreatLevel{}, g.FieldErrorf("level", "there is no level %q; there are %v", id, names)
}

// PutLevel writes a threat level of a school if its version is as given.
func (v View) PutLevel(ctx context.Context, l g.ThreatLevel) (g.ThreatLevel, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return l, err
	}
	if err := v.s.InSchool(ctx, in, l.School); err != nil {
		return l, err
	}
	if err := checkLevel(&l); err != nil {
		return l, err
	}
	if err := v.checkActions(ctx, l.School, "raise", l.Raise); err != nil {
		return l, err
	}
	if err := v.checkActions(ctx, l.School, "clear", l.Clear); err != nil {
		return l, err
	}
	if err := v.checkMessages(ctx, l); err != nil {
		return l, err
	}
	if err := v.checkDoors(ctx, l.School, l.Doors); err != nil {
		return l, err
	}
	for i, t := range l.Triggers {
		err := v.checkPlace(ctx, l.School, g.LevelAction{
			Device: t.Device,
			Zone:   t.Zone,
		})
		if e, ok := errors.AsType[*g.Error](err); ok && e.Field != "" {
			return l, e.At("triggers[" + strconv.Itoa(i) + "]." + e.Field)
		}
		if err != nil {
			return l, err
		}
		if err := fleet.CheckEvent(ctx, v.s.Reg, t.Kind); err != nil {
			return l, inField(err, "triggers["+strconv.Itoa(i)+"].kind")
		}
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		all, err := levelsOf(ctx, t, l.School)
		if err != nil {
			return err
		}
		before := g.ThreatLevel{}
		i := slices.IndexFunc(all, func(x g.ThreatLevel) bool { return x.ID == l.ID })
		switch {
		case i >= 0:
			before = all[i]
		case len(all) >= mostLevels:
			return g.Errorf(g.TooLarge, "a school has at most %d levels", mostLevels)
		}
		if before.Version != l.Version {
			return g.Errorf(g.Conflict, "somebody has changed the level meanwhile: look at it again").
				At("version")
		}
		l.Version++
		body, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("write threat level: %w", err)
		}
		_, err = t.Exec(ctx, "INSERT INTO threat_levels (school, id, body) VALUES (?, ?, ?) "+
			"ON CONFLICT (school, id) DO UPDATE SET body = excluded.body",
			string(l.School), string(l.ID), string(body))
		if err != nil {
			return fmt.Errorf("write threat level: %w", err)
		}
		t.Change(change.Lockdown, l.School, string(l.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			l.School,
			"level.update",
			string(l.ID),
			before,
			l,
		)
	})
	return l, err
}

// DeleteLevel removes a level of the school's own; of those that every school has, it takes back
// what the school changed.
func (v View) DeleteLevel(ctx context.Context, school g.SchoolID, id g.LevelID) error {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		n, err := t.Exec(ctx, "DELETE FROM threat_levels WHERE school = ? AND id = ?",
			string(school), string(id))
		if err != nil {
			return fmt.Errorf("delete threat level: %w", err)
		}
		if n == 0 {
			return g.Errorf(g.NotFound, "the school has no level %q of its own", id)
		}
		t.Change(change.Lockdown, school, string(id))
		return v.s.Audit(
			ctx,
			t,
			school,
			"level.delete",
			string(id),
		)
	})
}

func checkLevel(l *g.ThreatLevel) error {
	if !g.ValidID(string(l.ID)) || l.ID == "normal" {
		return g.FieldErrorf("id",
			"give an id of 1 to 64 letters, digits, '-', '_' or '.'; normal is taken")
	}
	if !slices.Contains(g.Severities(), l.Severity) {
		return g.FieldErrorf("severity", "%q is no severity; use one of %v", l.Severity,
			g.Severities())
	}
	for _, list := range []*[]g.LevelAction{&l.Raise, &l.Clear} {
		if *list == nil {
			*list = []g.LevelAction{}
		}
		if len(*list) > mostActions {
			return g.FieldErrorf("raise", "a level has at most %d actions when it is raised and "+
				"at the all-clear", mostActions)
		}
	}
	if l.Triggers == nil {
		l.Triggers = []g.LevelTrigger{}
	}
	if l.Messages == nil {
		l.Messages = []g.LevelMessage{}
	}
	if len(l.Messages) > mostMessages {
		return g.FieldErrorf("messages", "a level has at most %d messages", mostMessages)
	}
	if len(l.Triggers) > mostActions {
		return g.FieldErrorf("triggers", "a level has at most %d triggers", mostActions)
	}
	for i, t := range l.Triggers {
		if !g.ValidID(string(t.Kind)) {
			return g.FieldErrorf("triggers["+strconv.Itoa(i)+"].kind",
				"name the event of a profile that raises the level")
		}
	}
	return errors.Join(
		store.Line("title", l.Title, 100),
		store.Optional("title_zh", l.TitleZH, 100),
		store.Optional("text", l.Text, 500),
		store.Optional("text_zh", l.TextZH, 500))
}

// checkDoors refuses rules that there are not, and responders who are not of the school.
func (v View) checkDoors(ctx context.Context, school g.SchoolID, d g.LevelDoors) error {
	for name, rule := range map[string]g.DoorRule{"in": d.In, "out": d.Out} {
		if rule != "" && !slices.Contains(g.DoorRules(), rule) {
			return g.FieldErrorf("doors."+name, "%q is no rule; use one of %v, or none", rule,
				g.DoorRules())
		}
	}
	if len(d.Responders) > g.MaxResponders {
		return g.FieldErrorf("doors.responders", "a level names at most %d responders",
			g.MaxResponders)
	}
	for i, id := range d.Responders {
		ok, err := people.Belongs(ctx, v.s.Reg, school, id)
		if err != nil {
			return err
		}
		if !ok {
			return g.FieldErrorf(fmt.Sprintf("doors.responders[%d]", i), "there is no person %q in this school",
				id)
		}
	}
	return nil
}

// checkActions refuses actions at places that the school does not have, and such as no profile
// knows.
func (v View) checkActions(
	ctx context.Context, school g.SchoolID, list string, actions []g.LevelAction,
) error {
	for i, a := range actions {
		err := v.checkPlace(ctx, school, a)
		if err == nil {
			err = fleet.CheckActions(ctx, v.s.Reg, a)
		}
		if e, ok := errors.AsType[*g.Error](err); ok && e.Field != "" {
			return e.At(list + "[" + strconv.Itoa(i) + "]." + e.Field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPlace refuses a device, zone or building that is not the school's.
func (v View) checkPlace(ctx context.Context, school g.SchoolID, a g.LevelAction) error {
	if a.Device != "" {
		devices, err := fleet.SomeDevices(ctx, v.s.Reg, []g.DeviceID{a.Device})
		if err != nil {
			return err
		}
		if devices[a.Device].School != school {
			return g.FieldErrorf("device", "there is no device %q in this school", a.Device)
		}
	}
	if a.Zone != "" {
		z, err := v.places.Zone(ctx, a.Zone)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		if z.School != school {
			return g.FieldErrorf("zone", "there is no zone %q in this school", a.Zone)
		}
	}
	if a.Building != "" {
		b, err := v.places.Building(ctx, a.Building)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		if b.School != school {
			return g.FieldErrorf("building", "there is no building %q in this school", a.Building)
		}
	}
	return nil
}
