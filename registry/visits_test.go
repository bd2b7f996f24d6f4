package registry_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

func aVisit(school g.SchoolID, now time.Time) visits.Registration {
	return visits.Registration{Visit: g.Visit{
		School: school,
		From:   now.Add(time.Hour),
		To:     now.Add(2 * time.Hour),
		VisitDetails: g.VisitDetails{
			Name:    "Zhou Qiang",
			Phone:   "13800000000",
			Host:    "Chen Jing",
			Purpose: "Repairs the lift",
		},
	}}
}

func aBarred(school g.SchoolID, now time.Time) g.Barred {
	return g.Barred{
		School: school,
		Name:   "Wu Gang",
		Phone:  "139 0000 0000",
		Reason: "threatened a teacher",
		Ends:   now.Add(30 * 24 * time.Hour),
	}
}

// TestVisit goes through a visit as a guard does: nobody is in before it is approved, nor before or
// after the time; who stays longer is overdue until they leave; a list has no telephone number, a
// look at one is audited; and after thirty days it is gone, which who is still on site is not.
func TestVisit(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		guard := d.as(d.a, g.RoleSecurity)
		register := func(change func(*visits.Registration)) (g.Visit, error) {
			x := aVisit(d.a.ID, c.now())
			change(&x)
			return guard.Visits.Register(ctx, x)
		}
		x := must[g.Visit](t)(register(func(*visits.Registration) {}))
		if x.Phone != "" {
			t.Errorf("the answer gives the telephone number back: %q", x.Phone)
		}
		if x.State != g.VisitAsked || x.Group != 1 || x.By == "" {
			t.Errorf("got %+v, want one who asks", x)
		}
		refuse := func(id g.VisitID, to g.VisitState, reason, want string) {
			t.Helper()
			if _, err := guard.Visits.Move(ctx, id, visits.Step{State: to, Reason: reason}); err == nil ||
				!strings.Contains(err.Error(), want) {
				t.Errorf("to %s: got %v, want %q", to, err, want)
			}
		}
		move := func(id g.VisitID, to g.VisitState) g.Visit {
			t.Helper()
			return must[g.Visit](t)(guard.Visits.Move(ctx, id, visits.Step{State: to}))
		}
		refuse(x.ID, g.VisitOnSite, "", "cannot become")
		refuse(x.ID, g.VisitRefused, "", "reason")
		refuse(x.ID, "party", "", "is no state")
		move(x.ID, g.VisitExpected)
		refuse(x.ID, g.VisitOnSite, "", "too early")
		c.add(time.Hour)
		if got := move(x.ID, g.VisitOnSite); got.Arrived.IsZero() || got.Overdue {
			t.Errorf("got %+v, want them here in time", got)
		}
		late := must[g.Visit](t)(register(func(x *visits.Registration) {
			x.From, x.To = c.now(), c.now().Add(time.Minute)
		}))
		move(late.ID, g.VisitExpected)
		c.add(61 * time.Minute)
		refuse(late.ID, g.VisitOnSite, "", "is over")
		here := must[[]g.Visit](t)(guard.Visits.List(ctx, "", g.VisitOnSite, c.now()))
		if len(here) != 1 || !here[0].Overdue || here[0].Phone != "" || here[0].Name != "Zhou Qiang" {
			t.Errorf("got %+v, want one who is overdue, without a number", here)
		}
		if got := must[g.Visit](t)(guard.Visits.Open(ctx, x.ID)); got.Phone != "13800000000" || !got.Overdue {
			t.Errorf("got %+v, want the number", got)
		}
		if got := move(x.ID, g.VisitGone); got.Overdue || got.Left.IsZero() {
			t.Errorf("got %+v, want them gone", got)
		}
		refuse(x.ID, g.VisitOnSite, "", "cannot become")

		stays := must[g.Visit](t)(register(func(x *visits.Registration) { x.From = c.now() }))
		move(stays.ID, g.VisitExpected)
		move(stays.ID, g.VisitOnSite)
		c.add(visits.Keep + 24*time.Hour)
		must[g.Visit](t)(register(func(*visits.Registration) {}))
		for _, x := range must[[]visits.Owed](t)(d.sys.Visits.Due(ctx, c.now(), 100)) {
			if x.Ended {
				ok(t, d.sys.Visits.Forget(ctx, x.ID))
			}
		}
		all := must[[]g.Visit](t)(guard.Visits.List(ctx, "", "", c.now()))
		if len(all) != 2 || all[1].ID != stays.ID {
			t.Errorf("got %+v, want the new one and who has not left", all)
		}
		for want, change := range map[string]func(*visits.Registration){
			"name: give a name":        func(x *visits.Registration) { x.Name = " " },
			"host: give":               func(x *visits.Registration) { x.Host = "" },
			"it ends before it begins": func(x *visits.Registration) { x.To = x.From },
			"has at most 31 days":      func(x *visits.Registration) { x.To = x.From.Add(32 * 24 * time.Hour) },
			"one visit has at most":    func(x *visits.Registration) { x.Group = visits.MaxGroup + 1 },
			"this time is over": func(x *visits.Registration) {
				x.From, x.To = x.From.Add(-9*time.Hour), c.now()
			},
		} {
			if _, err := register(change); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		if _, err := d.as(d.b, g.RoleSecurity).Visits.Open(ctx, x.ID); g.ErrorCode(err) != g.NotFound {
			t.Errorf("another school: got %v, want not found", err)
		}
		if _, err := d.as(d.a, g.RoleTeacher).Visits.List(ctx, "", "", c.now()); g.ErrorCode(err) != g.Forbidden {
			t.Errorf("a teacher: got %v, want forbidden", err)
		}
	})
}

// TestBarred: somebody is found however name and number are written, by the card's number alone too,
// and by a name alone never; what is approved is held from then on, and free when the entry ends, by
// itself or by hand.
func TestBarred(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		guard := d.as(d.a, g.RoleSecurity)
		register := func(name, phone, card string) g.Visit {
			x := aVisit(d.a.ID, c.now())
			x.Name, x.Phone, x.CardNumber = name, phone, card
			x.From, x.To = c.now(), c.now().Add(4*time.Hour)
			return must[g.Visit](t)(guard.Visits.Register(ctx, x))
		}
		first := register("Wu Gang", "13900000000", "")
		move := func(id g.VisitID, to g.VisitState) error {
			_, err := guard.Visits.Move(ctx, id, visits.Step{State: to})
			return err
		}
		ok(t, move(first.ID, g.VisitExpected))
		shown := must[visits.Shown](t)(d.sys.Visits.Show(ctx, first.ID))
		holder := func() people.Holder {
			return must[people.Holder](t)(d.sys.People.Standing(ctx, d.a.ID, g.ByQR, shown.Guests[0].Code, false))
		}
		if h := holder(); h.Why != "" || h.Held != "" {
			t.Errorf("got %+v, want a code that opens", h)
		}
		bar := aBarred(d.a.ID, c.now())
		bar.Ends = c.now().Add(time.Hour)
		entry := must[g.Barred](t)(guard.Visits.Bar(ctx, bar, "110105194912310021"))
		if h := holder(); h.Held.Refuses(g.In) != g.ReasonPassHeld || h.Held.Refuses(g.Out) != "" {
			t.Errorf("got %+v, want the way in held and the way out open", h)
		}
		for _, x := range []struct {
			name, phone, card string
			barred            bool
		}{
			{" wu  GANG ", "+86 139-0000-0000", "", true},
			{"Wu Gang", "１３９００００００００", "", true},
			{"Somebody Else", "", "1101 0519 4912 3100 21", true},
			{"Wu Gang", "", "", false},
			{"Wu Gang", "13900000001", "", false},
			{"Wu Gang Jr", "13900000000", "", false},
		} {
			if got := register(x.name, x.phone, x.card); got.Barred != x.barred {
				t.Errorf("%+v: got barred %v", x, got.Barred)
			}
		}
		if err := move(first.ID, g.VisitOnSite); g.ErrorCode(err) != g.Conflict {
			t.Errorf("got %v, want who is barred not let in", err)
		}
		list := must[[]g.Barred](t)(guard.Visits.BarredOf(ctx, d.a.ID, c.now()))
		if len(list) != 1 || list[0].Reason != bar.Reason || !list[0].WithID || list[0].By == "" {
			t.Errorf("got %+v, want the entry with its reason and who made it", list)
		}
		if _, err := d.as(d.b, g.RoleSecurity).Visits.Unbar(ctx, entry.ID); g.ErrorCode(err) != g.NotFound {
			t.Errorf("got %v, want another school's entry not found", err)
		}
		c.add(61 * time.Minute)
		ok(t, move(first.ID, g.VisitOnSite)) // it has ended by itself
		entry = must[g.Barred](t)(guard.Visits.Bar(ctx, func() g.Barred {
			x := bar
			x.Ends = c.now().Add(time.Hour)
			return x
		}(), ""))
		if h := holder(); h.Held.Refuses(g.Out) != "" || h.Held.Refuses("") == "" {
			t.Errorf("got %+v, want who is inside held, but not kept in", h)
		}
		must[g.Barred](t)(guard.Visits.Unbar(ctx, entry.ID))
		if h := holder(); h.Held != people.HeldInside {
			t.Errorf("got %+v, want them inside as before", h)
		}
		bar.Phone, bar.Ends = "", c.now().Add(time.Hour)
		if _, err := guard.Visits.Bar(ctx, bar, ""); err == nil || !strings.Contains(err.Error(), "a name alone") {
			t.Errorf("got %v, want a name alone refused", err)
		}
	})
}

// TestTwoGuards: of two who check somebody out at once one is told that it is done, and the visitor
// left once; a code works from the beginning to the end of the visit, and is gone with it.
func TestTwoGuards(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		guard := d.as(d.a, g.RoleSecurity)
		x := aVisit(d.a.ID, c.now())
		x.Names = []string{"Li Na"}
		v := must[g.Visit](t)(guard.Visits.Register(ctx, x))
		must[g.Visit](t)(guard.Visits.Move(ctx, v.ID, visits.Step{State: g.VisitExpected}))
		shown := must[visits.Shown](t)(d.sys.Visits.Show(ctx, v.ID))
		why := func() g.ReasonCode {
			h := must[people.Holder](t)(d.sys.People.Standing(ctx, d.a.ID, g.ByQR, shown.Guests[1].Code, false))
			return h.Why
		}
		if got := why(); got != g.ReasonPassEarly {
			t.Errorf("got %q before the visit, want it early", got)
		}
		c.add(time.Hour)
		if got := why(); got != "" {
			t.Errorf("got %q during the visit, want the code to open", got)
		}
		must[g.Visit](t)(guard.Visits.Move(ctx, v.ID, visits.Step{State: g.VisitOnSite}))
		c.add(2 * time.Hour)
		if got := why(); got != "" {
			t.Errorf("got %q after the visit while inside, want the way out open", got)
		}
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			both.Go(func() { _, errs[i] = guard.Visits.Move(ctx, v.ID, visits.Step{State: g.VisitGone}) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || g.ErrorCode(errors.Join(errs...)) != g.Conflict {
			t.Errorf("got %v and %v, want one done and one told so", errs[0], errs[1])
		}
		if got := why(); got != g.ReasonNobody {
			t.Errorf("got %q afterwards, want the code gone", got)
		}
	})
}
