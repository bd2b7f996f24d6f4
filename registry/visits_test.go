package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
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
