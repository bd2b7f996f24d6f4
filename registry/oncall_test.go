package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// nights is a rota of a school whose user usr_b is on duty each night.
func nights(school g.SchoolID) g.Rota {
	return g.Rota{
		ID:     "rot-b",
		School: school,
		Name:   "Nights",
		Lines: []g.RotaLine{{
			Start: "19:00",
			End:   "07:00",
			First: "2026-09-01",
			Each:  g.TurnWeek,
			Turns: [][]g.UserID{{"usr_b"}},
		}},
	}
}

func nightChain(school g.SchoolID) g.Escalation {
	return g.Escalation{
		ID:     "esc-b",
		School: school,
		Name:   "Nights",
		Wait:   5,
		Steps:  []g.EscalationStep{{Rotas: []g.RotaID{"rot-b"}}},
	}
}

// watch is a school with a guard on duty.
func watch(t *testing.T, o registry.Options, c *clock) *district {
	t.Helper()
	d := newDistrict(t, o, c)
	for _, u := range []g.User{
		{ID: "usr_b", Role: g.RoleSecurity, Name: "guard-b"},
		{ID: "usr_c", Role: g.RoleSecurity, Name: "guard-c"},
		{ID: "usr_t", Role: g.RoleTeacher, Name: "teacher-t"},
	} {
		u.School, u.Language = d.b.ID, "en"
		must[g.User](t)(d.sys.Access.CreateUser(t.Context(), u, "a long walk home"))
	}
	return d
}

func TestRotasAndChainsNameWhatTheSchoolHas(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), watch(t, o, c)
		v := d.as(d.b, g.RoleAdmin)
		want := must[g.Rota](t)(v.Oncall.PutRota(ctx, nights(d.b.ID)))
		got := must[g.Rota](t)(v.Oncall.Rota(ctx, "rot-b"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		must[g.Escalation](t)(v.Oncall.PutChain(ctx, nightChain(d.b.ID)))
		if err := v.Oncall.DeleteRota(ctx, "rot-b"); g.ErrorCode(err) != g.Conflict {
			t.Errorf("a rota that a chain calls: got %v, want a conflict", err)
		}
		wrong := nights(d.b.ID)
		wrong.Lines[0].Turns[0][0] = "usr_a"
		if _, err := v.Oncall.PutRota(ctx, wrong); g.ErrorCode(err) != g.Invalid {
			t.Errorf("a rota with a stranger: got %v, want invalid", err)
		}
		chain := nightChain(d.b.ID)
		chain.Zones = []g.ZoneID{d.gate[d.a.ID].ID}
		if _, err := v.Oncall.PutChain(ctx, chain); g.ErrorCode(err) != g.Invalid {
			t.Errorf("a chain for another school's zone: got %v, want invalid", err)
		}
		chain.Zones, chain.Steps[0].Rotas = nil, []g.RotaID{"none"}
		if _, err := v.Oncall.PutChain(ctx, chain); g.ErrorCode(err) != g.Invalid {
			t.Errorf("a chain with a rota that is not there: got %v, want invalid", err)
		}
		ok(t, v.Oncall.DeleteChain(ctx, "esc-b"))
		ok(t, v.Oncall.DeleteRota(ctx, "rot-b"))
		able := map[g.UserID]bool{}
		for _, m := range must[[]oncall.Member](t)(v.Oncall.Staff(ctx, d.b.ID)) {
			able[m.ID] = m.Able
		}
		if !able["usr_b"] || !able["usr_c"] || able["usr_t"] {
			t.Errorf("got %v, want the guards able and the teacher not", able)
		}
	})
}

// A channel that is switched off, or was never there, is told at each chain that counts on it; the
// channels of the district above count too.
func TestChainsSayWhatTheyLack(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), watch(t, o, c)
		v := d.as(d.b, g.RoleAdmin)
		channel := func(school g.SchoolID, kind string) messages.Channel {
			return must[messages.Channel](t)(d.sys.Messages.CreateChannel(ctx,
				messages.Channel{School: school, Kind: kind, Name: kind}, nil))
		}
		wants := func(when string, x g.Escalation, want ...oncall.Lack) {
			t.Helper()
			got := must[[][]oncall.Lack](t)(v.Oncall.Lacks(ctx, []g.Escalation{x}))
			if diff := cmp.Diff(append([]oncall.Lack{}, want...), got[0]); diff != "" {
				t.Errorf("%s -want +got\n%s", when, diff)
			}
		}
		must[g.Rota](t)(v.Oncall.PutRota(ctx, nights(d.b.ID)))
		robot := channel(d.b.ID, "wecom")
		x := nightChain(d.b.ID)
		x.Steps[0].Channels = []string{string(robot.ID)}
		x = must[g.Escalation](t)(v.Oncall.PutChain(ctx, x))
		silent := oncall.Lack{Field: "steps[0]", What: oncall.LackSilent}
		wants("without a way to people", x, silent)
		mail := channel(d.dist.ID, "smtp")
		deaf := oncall.Lack{Field: "steps[0]", What: oncall.LackDeaf, User: "usr_b", Name: "guard-b"}
		wants("with the district's mail server, and no address", x, deaf)
		confirmMail(t, d, "b")
		wants("with an address", x)
		robot.Disabled = true
		ok(t, d.sys.Messages.UpdateChannel(ctx, robot, nil))
		off := oncall.Lack{
			Field:   "steps[0].channels[0]",
			What:    oncall.LackOff,
			Channel: string(robot.ID),
		}
		wants("with the robot switched off", x, off)
		x.Steps[0].Tries = []g.Try{{Ways: []g.Way{"email", "sms"}, Unread: 3}, {Ways: []g.Way{"voice"}}}
		x = must[g.Escalation](t)(v.Oncall.PutChain(ctx, x))
		sms := oncall.Lack{Field: "steps[0].tries[0].ways[1]", What: oncall.LackUnserved, Way: "sms"}
		voice := oncall.Lack{Field: "steps[0].tries[1].ways[0]", What: oncall.LackUnserved, Way: "voice"}
		wants("with ways of its own", x, off, sms, voice)
		ok(t, d.sys.Messages.DeleteChannel(ctx, mail.ID))
		email := oncall.Lack{Field: "steps[0].tries[0].ways[0]", What: oncall.LackUnserved, Way: "email"}
		wants("without the mail server", x, off, email, sms, voice, silent)
		x.Steps[0].Channels = []string{"chn_gone"}
		gone := oncall.Lack{
			Field:   "steps[0].channels[0]",
			What:    oncall.LackDeleted,
			Channel: "chn_gone",
		}
		wants("with a robot that is gone", x, gone, email, sms, voice, silent)
	})
}

// A guard gives away his own duty and takes over another's; what concerns others is the
// administrator's. Why somebody is away is sealed, and not in the audit log.
func TestWhoMayOverride(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), watch(t, o, c)
		must[g.Rota](t)(d.sys.Oncall.PutRota(ctx, nights(d.b.ID)))
		guard := d.r.In(g.Scope{
			School:      d.b.ID,
			Actor:       "usr_c guard-c",
			Permissions: g.RoleSecurity.Permissions(),
		})
		at := c.now()
		one := func(instead, who g.UserID) g.Override {
			return g.Override{
				Rota:   "rot-b",
				From:   at,
				To:     at.Add(time.Hour),
				For:    instead,
				Who:    who,
				Reason: "ill with a fever",
			}
		}
		took := must[g.Override](t)(guard.Oncall.PutOverride(ctx, one("usr_b", "usr_c")))
		must[g.Override](t)(guard.Oncall.PutOverride(ctx, one("usr_c", "")))
		for _, x := range []g.Override{one("usr_b", ""), one("", "usr_b"), one("usr_b", "usr_t")} {
			if _, err := guard.Oncall.PutOverride(ctx, x); g.ErrorCode(err) != g.Forbidden {
				t.Errorf("%+v as usr_c: got %v, want forbidden", x, err)
			}
		}
		all := must[[]g.Override](t)(guard.Oncall.Overrides(ctx, "rot-b", at, at.Add(time.Minute)))
		if len(all) != 2 || all[0].Reason != "ill with a fever" || all[0].By != "usr_c guard-c" {
			t.Errorf("got %+v, want both in order with who entered them", all)
		}
		back := must[g.Override](t)(guard.Oncall.DeleteOverride(ctx, "rot-b", took.ID))
		if back.ID != took.ID || !back.To.Equal(took.To) {
			t.Errorf("got %+v, want what was taken back", back)
		}
		later := must[[]g.Override](t)(guard.Oncall.Overrides(ctx, "rot-b", at.Add(time.Hour),
			time.Time{}))
		if len(later) != 0 {
			t.Errorf("got %v, want none after their end", later)
		}
		over := one("", "usr_b")
		over.From, over.To = at.Add(-time.Hour), at
		if _, err := d.sys.Oncall.PutOverride(ctx, over); g.ErrorCode(err) != g.Invalid {
			t.Errorf("an override that is over: got %v, want invalid", err)
		}
	})
}

// What is seen of an alert again, or late, changes nothing; told again, its chain begins anew.
func TestNotedOnceIsEnough(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), watch(t, o, c)
		due := func(version, retold int) oncall.Call {
			return oncall.Call{
				Alert:   "alt_1",
				School:  d.b.ID,
				State:   oncall.CallDue,
				Chain:   "esc-b",
				Due:     c.now(),
				Version: version,
				Retold:  retold,
			}
		}
		note := func(seen ...oncall.Call) []oncall.Call {
			return must[[]oncall.Call](t)(d.sys.Oncall.Note(ctx, seen))
		}
		state := func() oncall.Call {
			one, _, err := d.sys.Oncall.CallOf(ctx, "alt_1")
			ok(t, err)
			return one
		}
		note(due(1, 0))
		was := state()
		now := was
		now.Step = 1
		move := oncall.Move{Was: was, Now: now, Done: []oncall.CallEntry{{
			What: oncall.CallTold,
			User: "usr_b",
		}}}
		ok(t, d.sys.Oncall.Advance(ctx, []oncall.Move{move}))
		ok(t, d.sys.Oncall.Advance(ctx, []oncall.Move{move}))
		note(due(1, 0), due(2, 0))
		got, log, err := d.sys.Oncall.CallOf(ctx, "alt_1")
		ok(t, err)
		if got.Step != 1 || len(log) != 1 || log[0].Name != "guard-b" {
			t.Errorf("got %+v with %+v, want one step done once", got, log)
		}
		answered := due(3, 0)
		answered.State = oncall.CallAnswered
		if ended := note(answered, answered, due(2, 0)); len(ended) != 1 || ended[0].Step != 1 {
			t.Errorf("got %+v ended, want the call once", ended)
		}
		if got := state(); got.State != oncall.CallAnswered {
			t.Errorf("got %+v, want answered", got)
		}
		note(due(4, 1))
		if got := state(); got.State != oncall.CallDue || got.Step != 0 {
			t.Errorf("got %+v, want the first step again", got)
		}
		answered.Version = 5
		note(answered)
		c.add(time.Hour)
		if n := must[int64](t)(d.sys.Oncall.ForgetCalls(ctx, c.now())); n != 1 {
			t.Errorf("got %d forgotten, want 1", n)
		}
	})
}

// Two chains for the same alerts are refused, since only one would be followed; one for a zone, or for
// a severity, precedes another and is none of these.
func TestChainsThatWouldHideEachOther(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		put := func(id string, change func(*g.Escalation)) error {
			x := g.Escalation{
				ID:         g.EscalationID(id),
				School:     "a",
				Name:       id,
				Severities: []g.Severity{g.Critical},
				Steps:      []g.EscalationStep{{Roles: []g.Role{g.RoleSecurity}}},
				Wait:       5,
			}
			change(&x)
			_, err := d.sys.Oncall.PutChain(ctx, x)
			return err
		}
		ok(t, put("one", func(*g.Escalation) {}))
		ok(t, put("one", func(x *g.Escalation) { x.Wait = 6 }))
		err := put("two", func(x *g.Escalation) { x.Severities = []g.Severity{g.Major, g.Critical} })
		wantCode(t, err, g.Invalid)
		if e, isIt := err.(*g.Error); !isIt || e.Field != "severities" || !strings.Contains(e.Message, "one") {
			t.Errorf("got %v, want the other chain named", err)
		}
		ok(t, put("off", func(x *g.Escalation) { x.Disabled = true }))
		ok(t, put("each", func(x *g.Escalation) { x.Severities = nil }))
		ok(t, put("gate", func(x *g.Escalation) { x.Zones = []g.ZoneID{d.gate["a"].ID} }))
		wantCode(t, put("gate2", func(x *g.Escalation) { x.Zones = []g.ZoneID{d.gate["a"].ID} }), g.Invalid)
		err = put("robot", func(x *g.Escalation) {
			x.Severities = []g.Severity{g.Info}
			x.Steps[0].Channels = []string{"chn_none"}
		})
		if e, isIt := err.(*g.Error); !isIt || e.Field != "steps[0].channels[0]" {
			t.Errorf("got %v, want the channel named that is not there", err)
		}
	})
}
