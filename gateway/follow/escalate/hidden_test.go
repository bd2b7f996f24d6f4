package escalate_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// looks has the registry look at what is due of shelves and windows, and lets the escalator see it.
func (n *night) looks() {
	n.t.Helper()
	for {
		count, err := n.view.Alerts.FollowSuppressions(n.t.Context(), n.now())
		n.ok(err)
		if count == 0 {
			break
		}
	}
	n.see()
}

// What is shelved is not called for, also before its event has come; when it comes back it begins
// at the first step, once.
func TestAShelfStopsTheCalls(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	n.minutes(2)
	boss := n.reg.In(g.Scope{School: n.school.ID, Actor: "head",
		Permissions: g.RoleAdmin.Permissions()})
	_, err := boss.Alerts.Shelve(t.Context(), "alt_1", alerts.AnyVersion, g.User{ID: "head"},
		30*time.Minute, "the detector is broken")
	n.ok(err)
	n.minutes(1) // its event has not come through the journal
	for range 27 {
		n.looks()
		n.minutes(1)
	}
	n.heard("0 guard1: alt_1")
	if len(n.stopped) == 0 {
		t.Error("got nothing taken back, want the message that waits")
	}
	n.minutes(2)
	for range 4 {
		n.looks()
		n.minutes(1)
	}
	n.heard("0 guard1: alt_1", "33 guard1: alt_1", "35 facility: alt_1")
}

// What fires within a maintenance window calls nobody, also after a restart; what still holds at its
// end is called for then.
func TestAWindowCallsNobody(t *testing.T) {
	n := newNight(t)
	boss := n.reg.In(g.Scope{School: n.school.ID, Actor: "head",
		Permissions: g.RoleAdmin.Permissions()})
	n.ok(n.reg.In(g.SystemScope("test")).Alerts.NoteRules(t.Context(),
		[]alerts.RuleText{{Kind: "rule", ID: "smoke", Body: "id: smoke\n"}}))
	_, err := boss.Alerts.PutWindow(t.Context(), g.Suppression{
		School: n.school.ID,
		Reason: "the detectors are cleaned",
		Until:  n.now().Add(20 * time.Minute),
		UpTo:   g.Critical,
		Rules:  []g.RuleID{"smoke"},
	}, g.User{ID: "head"})
	n.ok(err)
	n.minutes(1)
	n.raise("alt_1")
	n.work()
	n.ok(n.reg.Close())
	n.open()
	for range 18 {
		n.looks()
		n.minutes(1)
	}
	if len(n.said) > 0 {
		t.Errorf("got %v, want nobody called", n.said)
	}
	n.minutes(1)
	n.looks()
	n.work()
	n.looks()
	n.work()
	n.heard("20 guard1: alt_1")
}
