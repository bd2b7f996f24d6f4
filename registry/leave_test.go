package registry_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/leave"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// aRequest is leave of a day that a pupil's first guardian asks for.
func aRequest(p g.Person, now time.Time) g.LeaveRequest {
	x := g.LeaveRequest{
		Person: p.ID,
		From:   now.Add(24 * time.Hour),
		To:     now.Add(36 * time.Hour),
		LeaveRequestDetails: g.LeaveRequestDetails{
			Kind:   g.LeaveSick,
			Reason: "has a fever",
			Note:   "Rest for two days.",
		},
	}
	if len(p.Guardian) > 0 {
		x.Guardian = p.Guardian[0]
	}
	return x
}

// household gives the pupil of school a a guardian, and the school a class teacher and a head.
func household(t *testing.T, d *district) g.Person {
	t.Helper()
	ctx, pupil := t.Context(), d.child[d.a.ID]
	pupil.Guardian = []g.PersonID{must[g.Person](t)(d.sys.People.Create(ctx, g.Person{
		School: d.a.ID,
		Kind:   g.Guardian,
		Name:   "Li Hua",
		Phone:  "138 0013 8000",
	})).ID}
	ok(t, d.sys.People.Update(ctx, pupil))
	for id, role := range map[g.UserID]g.Role{"usr_chen": g.RoleTeacher, "usr_head": g.RoleTeacher,
		"usr_gate": g.RoleSecurity} {
		must[g.User](t)(d.sys.Access.CreateUser(ctx, g.User{
			ID:       id,
			School:   d.a.ID,
			Name:     string(id),
			Role:     role,
			Language: "en",
		}, "long enough"))
	}
	must[g.LeaveChain](t)(d.sys.Leave.SetChain(ctx, g.LeaveChain{
		School: d.a.ID,
		Classes: []g.ClassTeachers{{
			Class: pupil.Class,
			Users: []g.UserID{"usr_chen"},
		}},
		Steps: []g.LeaveChainStep{{
			Name:     "Head of year",
			Users:    []g.UserID{"usr_head"},
			OverDays: 2,
		}},
	}))
	return pupil
}

// user is the registry as a user of school a sees it.
func (d *district) user(id g.UserID, role g.Role) *registry.View {
	return d.r.In(g.Scope{
		School:      d.a.ID,
		Actor:       string(id) + " " + string(id),
		Permissions: role.Permissions(),
	})
}

// TestLeaveIsAskedForAndApproved: a short leave is the class teacher's alone and excuses at once; a long
// one goes on to the head; who is not named may not answer, but an administrator may; withdrawn, the
// excuse ends with the request; and nothing of the reason stands in lists or in the audit log.
func TestLeaveIsAskedForAndApproved(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		pupil := household(t, d)
		chen, head := d.user("usr_chen", g.RoleTeacher), d.user("usr_head", g.RoleTeacher)
		admin := d.as(d.a, g.RoleAdmin)
		ask := func(days int) g.LeaveRequest {
			t.Helper()
			x := aRequest(pupil, c.now())
			x.To = x.From.Add(time.Duration(days-1)*24*time.Hour + time.Hour)
			return must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, x))
		}
		excused := func(x g.LeaveRequest) bool {
			t.Helper()
			all := must[[]g.Leave](t)(d.sys.Sessions.LeavesOf(ctx, d.a.ID, []g.PersonID{pupil.ID}, x.From, x.To))
			return len(all) == 1 && all[0].ID == string(x.ID)
		}
		short := ask(1)
		if len(short.Steps) != 1 || excused(short) {
			t.Errorf("got %+v, want one step, and nobody excused yet", short)
		}
		mine, _, err := chen.Leave.List(ctx, leave.Filter{School: d.a.ID, Mine: true})
		ok(t, err)
		if len(mine) != 1 || !mine[0].May || mine[0].Name == "" || mine[0].Reason != "" || mine[0].Note != "" {
			t.Errorf("got %+v, want one to answer, without its reason", mine)
		}
		others, _, err := head.Leave.List(ctx, leave.Filter{School: d.a.ID, Mine: true})
		if err != nil || len(others) > 0 {
			t.Errorf("got %+v, %v, want nothing for the head", others, err)
		}
		if x := must[leave.RequestShown](t)(chen.Leave.Open(ctx, short.ID)); x.Reason != "has a fever" || x.Note == "" {
			t.Errorf("got %+v, want the reason for who answers", x)
		}
		if x := must[leave.RequestShown](t)(head.Leave.Open(ctx, short.ID)); x.Reason != "" || x.Note != "" {
			t.Errorf("got %+v, want no reason for another teacher", x)
		}
		if _, err := head.Leave.Answer(ctx, short.ID, leave.Answer{Approve: true}); g.ErrorCode(err) != g.Forbidden {
			t.Errorf("got %v, want another teacher refused", err)
		}
		must[leave.RequestShown](t)(chen.Leave.Answer(ctx, short.ID, leave.Answer{Approve: true}))
		if !excused(short) {
			t.Error("the approval excuses nobody")
		}
		if _, err := d.sys.Leave.Withdraw(ctx, short.ID, []g.PersonID{"per_other"}); g.ErrorCode(err) != g.NotFound {
			t.Errorf("got %v, want another guardian refused", err)
		}
		must[g.LeaveRequest](t)(d.sys.Leave.Withdraw(ctx, short.ID, pupil.Guardian))
		if excused(short) {
			t.Error("withdrawn, and still excused")
		}

		long := ask(3)
		x := must[leave.RequestShown](t)(chen.Leave.Answer(ctx, long.ID, leave.Answer{Approve: true}))
		if x.State != g.LeaveAsked || x.Step != 1 || excused(long) {
			t.Errorf("got %+v, want it to wait for the head", x)
		}
		if _, err := head.Leave.Answer(ctx, long.ID, leave.Answer{Step: 1}); err == nil ||
			!strings.Contains(err.Error(), "reason") {
			t.Errorf("got %v, want a refusal to need a reason", err)
		}
		x = must[leave.RequestShown](t)(admin.Leave.Answer(ctx, long.ID, leave.Answer{
			Step:   1,
			Reason: "exams that week",
		}))
		if x.State != g.LeaveRefused || excused(long) {
			t.Errorf("got %+v, want it refused in the head's stead", x)
		}
		c.add(48 * time.Hour)
		late := aRequest(pupil, c.now())
		late.From = c.now().Add(-time.Hour)
		begun := must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, late))
		if _, err := d.sys.Leave.Withdraw(ctx, begun.ID, pupil.Guardian); g.ErrorCode(err) != g.Conflict {
			t.Errorf("got %v, want a leave that has begun to stand", err)
		}
		seen := 0
		entries, _, err := d.as(d.a, g.RoleAdmin).Views.Audit(ctx, views.AuditFilter{
			Page:   registry.Page{Limit: 1000},
			School: d.a.ID,
		})
		ok(t, err)
		for _, e := range entries {
			if strings.HasPrefix(e.Deed, "leave") {
				seen++
			}
			if strings.Contains(e.Object+e.Reason, "fever") {
				t.Errorf("the audit log tells the reason: %+v", e)
			}
		}
		if seen < 8 {
			t.Errorf("got %d entries about leave, want every deed", seen)
		}
	})
}

// TestLeaveIsRefusedWithTheMend: what cannot be meant names its field; nobody asks for another's child.
func TestLeaveIsRefusedWithTheMend(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		pupil := household(t, d)
		for want, change := range map[string]func(*g.LeaveRequest){
			"to: the leave ends before it begins": func(x *g.LeaveRequest) { x.To = x.From.Add(-time.Hour) },
			"to: leave of more than 60 days":      func(x *g.LeaveRequest) { x.To = x.From.Add(61 * 24 * time.Hour) },
			"from: leave is asked for here from": func(x *g.LeaveRequest) {
				x.From = x.From.AddDate(0, 0, -30)
			},
			"kind:":              func(x *g.LeaveRequest) { x.Kind = "party" },
			"reason: give":       func(x *g.LeaveRequest) { x.Reason = " " },
			"note: the text has": func(x *g.LeaveRequest) { x.Note = strings.Repeat("x", leave.MaxNote+1) },
			"there is no person": func(x *g.LeaveRequest) { x.Guardian = "per_other" },
		} {
			x := aRequest(pupil, c.now())
			change(&x)
			if _, err := d.sys.Leave.Ask(ctx, x); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		for want, users := range map[string][]g.UserID{
			"no such user":             {"usr_b"},
			"may not write attendance": {"usr_gate"},
			"name 1 to 20 users":       nil,
		} {
			_, err := d.as(d.a, g.RoleAdmin).Leave.SetChain(ctx, g.LeaveChain{
				School: d.a.ID,
				Steps:  []g.LeaveChainStep{{Name: "Head", Users: users}},
			})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		x := aRequest(pupil, c.now())
		x.ID = "lea_once"
		must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, x))
		must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, x))
		if all := must[[]g.LeaveRequest](t)(d.sys.Leave.Of(ctx, pupil.ID, c.now())); len(all) != 1 {
			t.Errorf("a form that is sent twice made %d requests, want one", len(all))
		}
		for range leave.MaxOpen - 1 {
			must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, aRequest(pupil, c.now())))
		}
		if _, err := d.sys.Leave.Ask(ctx, aRequest(pupil, c.now())); g.ErrorCode(err) != g.TooLarge {
			t.Errorf("got %v, want no more than %d", err, leave.MaxOpen)
		}
	})
}

// TestOneOfTwoAnswersWins: of two who answer at once one is told that somebody was quicker.
func TestOneOfTwoAnswersWins(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		x := must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, aRequest(household(t, d), c.now())))
		views := []*registry.View{d.user("usr_chen", g.RoleTeacher), d.as(d.a, g.RoleAdmin)}
		errs := make([]error, len(views))
		var wg sync.WaitGroup
		for i, v := range views {
			wg.Go(func() {
				_, errs[i] = v.Leave.Answer(ctx, x.ID, leave.Answer{Approve: i == 0, Reason: "no"})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v and %v, want one to win", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil && g.ErrorCode(err) != g.Conflict {
				t.Errorf("got %v, want a conflict", err)
			}
		}
		got := must[g.LeaveRequest](t)(d.sys.Leave.Find(ctx, x.ID))
		want := map[bool]g.LeaveState{true: g.LeaveApproved, false: g.LeaveRefused}[errs[0] == nil]
		if got.State != want {
			t.Errorf("got %s, want what the winner said, %s", got.State, want)
		}
	})
}
