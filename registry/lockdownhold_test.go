package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// TestALevelHoldsItsDoors: while a level stands, a person's command to a door that it locked is
// refused with the reason, and goes with a reason of who may give the all-clear; that is audited and
// stands at the level. Other devices, and what the level itself commands, are not asked.
func TestALevelHoldsItsDoors(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		chen, chens := person(t, d, "chen")
		wang, wangs := person(t, d, "wang")
		try := func(device g.DeviceID, action string, past g.LockdownID) (g.DeviceCommand, error) {
			return d.sys.Lockdown.Accept(ctx, fleet.Order{
				Device: device,
				Action: action,
				By:     "wang",
				Made:   c.now(),
				Due:    c.now().Add(time.Minute),
			}, "a", past)
		}
		door := g.Device{ID: "door-1", School: "a"}
		if _, err := try("door-1", "unlock", ""); err != nil {
			t.Errorf("nothing stands: got %v, want it to go", err)
		}
		l, err := chens.Lockdown.Raise(ctx, lockdown.Order{
			School: "a",
			Level:  g.LevelLockdown,
			Drill:  true,
			By:     chen,
		})
		ok(t, err)
		_, err = try("door-1", "unlock", "")
		if g.ErrorCode(err) != g.Conflict || g.ReasonOf(err).Code != "level_holds" {
			t.Errorf("got %v, want a conflict because of level_holds", err)
		}
		if _, err := try("door-1", "lock", ""); err != nil {
			t.Errorf("what the level commands: got %v, want it to go", err)
		}
		if _, err := try("gas-1", "release", ""); err != nil {
			t.Errorf("what the drill spared: got %v, want it to go", err)
		}
		_, err = wangs.Lockdown.Override(ctx, door, "unlock", nil, " ", wang)
		if g.ErrorCode(err) != g.Invalid {
			t.Errorf("without a reason: got %v, want it refused", err)
		}
		teacher := d.as(d.a, g.RoleTeacher)
		_, err = teacher.Lockdown.Override(ctx, door, "unlock", nil, "x", g.User{})
		if g.ErrorCode(err) != g.Forbidden {
			t.Errorf("a teacher: got %v, want forbidden", err)
		}
		past, err := wangs.Lockdown.Override(ctx, door, "unlock", nil, "fire brigade at the door", wang)
		ok(t, err)
		if past != l.ID {
			t.Errorf("got %q, want %q", past, l.ID)
		}
		if _, err := try("door-1", "unlock", past); err != nil {
			t.Errorf("with a reason: got %v, want it to go", err)
		}
		now := must[g.Lockdown](t)(d.sys.Lockdown.Find(ctx, l.ID))
		if len(now.Past) != 1 || now.Past[0].Reason != "fire brigade at the door" || now.Past[0].By != "wang" ||
			now.Past[0].Device != "door-1" || now.Past[0].Action != "unlock" {
			t.Errorf("got %+v, want the level to show it", now.Past)
		}
		entries := audited(t, d, "lockdown.override")
		if len(entries) != 1 || !strings.Contains(entries[0].Object, "fire brigade") ||
			!strings.HasPrefix(entries[0].Actor, string(wang.ID)) {
			t.Errorf("got %+v in the audit log, want one entry by wang", entries)
		}
		past, err = wangs.Lockdown.Override(ctx, g.Device{ID: "gas-1", School: "a"}, "release", nil, "x", wang)
		ok(t, err)
		if past != "" {
			t.Errorf("a device that no level holds: got %q, want nothing recorded", past)
		}
		must[g.Lockdown](t)(wangs.Lockdown.Clear(ctx, allClear(l.ID, now.Version, wang, "")))
		if _, err := try("door-1", "unlock", ""); err != nil {
			t.Errorf("after the all-clear: got %v, want it to go", err)
		}
	})
}

// TestALevelIsLookedAtBeforeItIsRaised: what it would command, what nothing is there for, who is away
// and who would be told what.
func TestALevelIsLookedAtBeforeItIsRaised(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		lv := lockLevel(0)
		lv.Text, lv.TextZH, lv.TitleZH = "Lock the doors.", "锁门。", "封锁"
		lv.Messages = []g.LevelMessage{
			{Roles: []g.Role{g.RoleSecurity}},
			{Roles: []g.Role{g.RoleSecurity}, Zones: []g.ZoneID{d.gate["a"].ID}},
		}
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lv)
		ok(t, err)
		chen, chens := person(t, d, "chen")
		look := func(drill bool) lockdown.LevelPreview {
			t.Helper()
			p, err := chens.Lockdown.Preview(ctx, lockdown.Order{
				School: "a",
				Level:  g.LevelLockdown,
				Drill:  drill,
				By:     chen,
			}, "https://gate.example")
			ok(t, err)
			return p
		}
		p := look(true)
		if got := p.Raise[0]; got.Devices != 2 || got.Away != 0 || got.Problem != "" {
			t.Errorf("got %+v, want two doors", got)
		}
		if got := p.Raise[2]; got.Devices != 0 || got.Spared != 1 || got.Problem != "" {
			t.Errorf("got %+v, want the gas spared, and no problem", got)
		}
		if got := look(false).Raise[2]; got.Devices != 1 || got.Spared != 0 {
			t.Errorf("the real thing: got %+v, want the gas", got)
		}
		m := p.Messages[0]
		if m.Users != 1 || m.NoAddress != 1 || !m.Sent || m.Subject != "Drill: Lockdown" ||
			m.SubjectZH != "演练：封锁" ||
			!strings.Contains(m.Text, "THIS IS A DRILL.\nDrill: Lockdown\nLock the doors.") ||
			!strings.Contains(m.TextZH, "锁门。") || !strings.Contains(m.Text, "Raised by: chen") ||
			!strings.Contains(m.Text, "https://gate.example/lockdown") {
			t.Errorf("got %+v, want the message as it would be sent", m)
		}
		// the profile loses the action: the level says so before it is raised
		ok(t, d.sys.Fleet.PutProfile(ctx, g.Profile{
			ID:      "door",
			Title:   "Door",
			Type:    g.TypeTerminal,
			Actions: map[string]g.Action{"bolt": {}, "unlock": {Idempotent: true}},
		}))
		if got := look(false).Raise[0]; got.Devices != 0 || got.Problem != `no profile has an action "lock"` {
			t.Errorf("got %+v, want no device, and why", got)
		}
		if got := look(false).Clear[0]; got.Devices != 2 || got.Problem != "" {
			t.Errorf("got %+v, want the all-clear to work still", got)
		}
	})
}
