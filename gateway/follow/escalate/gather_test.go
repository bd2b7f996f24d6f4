package escalate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// put writes an alert as a rule found it.
func (n *night) put(a g.Alert) {
	n.t.Helper()
	a.School = n.school.ID
	if a.Severity == "" {
		a.Severity = g.Critical
	}
	n.ok(n.view.Alerts.Apply(n.t.Context(), alerts.Effects{Alerts: []g.Alert{a}}))
}

// endedAndBurning raises six alerts that are over, and a fire after them.
func (n *night) endedAndBurning() {
	for i := range 6 {
		a := g.Alert{
			ID:     g.AlertID(fmt.Sprintf("alt_hot%d", i)),
			Rule:   "hot",
			Title:  "Hot",
			Firing: true,
			Opened: n.now(),
		}
		n.put(a)
		a.Firing = false
		a.Ended = n.now().Add(time.Minute)
		n.put(a)
	}
	n.pass(3 * time.Minute)
	n.put(g.Alert{
		ID:      "alt_fire",
		Rule:    "fire",
		Title:   "Smoke and heat",
		TitleZH: "烟雾与高温",
		Zone:    n.zone("Lab 1"),
		Firing:  true,
		Opened:  n.now(),
	})
	n.see()
}

func (n *night) zone(name string) g.ZoneID {
	n.t.Helper()
	ctx := n.t.Context()
	site, err := n.view.Places.PutSite(ctx, g.Site{School: n.school.ID, Name: "S"})
	n.ok(err)
	b, err := n.view.Places.PutBuilding(ctx, g.Building{
		School: n.school.ID,
		Site:   site.ID,
		Name:   "B",
	})
	n.ok(err)
	z, err := n.view.Deeds.PutZone(ctx, g.Zone{
		School:   n.school.ID,
		Building: b.ID,
		Name:     name,
		Kind:     g.ZoneLaboratory,
	})
	n.ok(err)
	return z.ID
}

// says is the message that the queue makes of a notice, in a language.
func (n *night) says(x escalate.Notice, language string) (subject, text string) {
	n.t.Helper()
	_, err := escalate.Post{View: n.view}.Tell(n.t.Context(), x)
	n.ok(err)
	m, err := n.view.Messages.Find(n.t.Context(), g.MessageID(x.ID))
	n.ok(err)
	template, err := n.view.Messages.TemplateFor(n.t.Context(), n.school.ID, m.Kind, language)
	n.ok(err)
	return template.Render(m.Params)
}

// A message that stands for many names what burns, though it came last, and lists the rest with what
// is over as over.
func TestWhatBurnsIsNamedFirstThoughLast(t *testing.T) {
	n := newNight(t)
	n.ok(n.view.Oncall.DeleteChain(t.Context(), "chain"))
	n.endedAndBurning()
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{{Users: []g.UserID{"facility"}}},
		Wait:  60,
	})
	n.ok(n.e.Rechoose(t.Context()))
	n.work()
	n.heard("3 facility: alt_fire and 6 more")
	subject, text := n.says(n.told[0], "en")
	if want := "Critical: Smoke and heat, and 6 more alerts"; subject != want {
		t.Errorf("got %q, want %q", subject, want)
	}
	if !strings.Contains(text, "Where: Lab 1\n") || !strings.Contains(text, "Hot × 6 (over)") {
		t.Errorf("got %s, want the fire first and six that are over", text)
	}
	subject, text = n.says(n.told[0], "zh-CN")
	if subject != "紧急：烟雾与高温，另有 6 条告警" || !strings.Contains(text, "Hot × 6（已结束）") {
		t.Errorf("got %s: %s, want the same in Chinese", subject, text)
	}
}

// A school's own text that knows no list has it at the end; what is cut of a long list is said.
func TestAListIsNeverLeftOut(t *testing.T) {
	n := newNight(t)
	for i := range 40 {
		n.put(g.Alert{
			ID:     g.AlertID(fmt.Sprintf("alt_%02d", i)),
			Rule:   "smoke",
			Title:  fmt.Sprintf("Smoke %d", i),
			Firing: true,
			Opened: n.now(),
		})
	}
	n.see()
	n.work()
	n.ok(n.view.Messages.PutTemplate(t.Context(), n.school.ID, messages.Template{
		Kind:     "alert",
		Language: "en",
		Subject:  "{title}",
		Text:     "{title}: {take}",
	}))
	_, text := n.says(n.told[0], "en")
	if got := strings.Count(text, "; Smoke "); got != 7 || !strings.HasSuffix(text, "; and 31 more") {
		t.Errorf("got %s, want eight named and that 31 more are not", text)
	}
}

// An alert alone that is over is called for as one that is over.
func TestWhatIsOverIsCalledOver(t *testing.T) {
	n := newNight(t)
	a := g.Alert{ID: "alt_1", Rule: "hot", Title: "Hot", Firing: true, Opened: n.now()}
	n.put(a)
	a.Firing, a.Ended = false, n.now()
	n.put(a)
	n.see()
	n.work()
	if subject, _ := n.says(n.told[0], "en"); subject != "Critical: Hot (over)" {
		t.Errorf("got %q, want that it is over", subject)
	}
}

// Whatever the head has acknowledged, what nobody answers after it is told by an alert and a letter
// of its own; what runs out within a minute of a letter is in the next one.
func TestTheHeadIsToldAgain(t *testing.T) {
	n := newNight(t)
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{{Users: []g.UserID{"facility"}}},
		Wait:  1,
	})
	n.raise("alt_1")
	n.work()
	n.minutes(1)
	n.heard("0 facility: alt_1", "1 head,head2: Nobody answered: Smoke")
	first, _, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	n.take(first.Head, "head")
	n.said = nil
	for _, id := range []g.AlertID{"alt_2", "alt_3"} {
		n.pass(20 * time.Second)
		n.raise(id)
		n.work()
	}
	n.pass(40 * time.Second)
	n.work() // alt_2 runs out
	n.pass(20 * time.Second)
	n.work() // alt_3 waits for the next letter
	n.heard("1 facility: alt_2", "1 facility: alt_3", "2 head,head2: Nobody answered: Smoke")
	n.pass(40 * time.Second)
	n.work()
	n.heard("1 facility: alt_2", "1 facility: alt_3", "2 head,head2: Nobody answered: Smoke",
		"3 head,head2: Nobody answered 2 alerts, the most urgent: Smoke")
	last, _, err := n.view.Oncall.CallOf(t.Context(), "alt_3")
	n.ok(err)
	head, err := n.view.Alerts.Find(t.Context(), last.Head)
	n.ok(err)
	if last.Head == first.Head || head.State != g.AlertOpen || !head.Audible {
		t.Errorf("got %+v, want an open alert beside the acknowledged one", head)
	}
	n.take("alt_2", "guard1")
	if head, err = n.view.Alerts.Find(t.Context(), last.Head); err != nil ||
		head.Title != "Nobody answered: Smoke" || head.State != g.AlertOpen {
		t.Errorf("got %+v, %v, want that one is left", head, err)
	}
	n.take("alt_3", "guard1")
	if head, err = n.view.Alerts.Find(t.Context(), last.Head); err != nil || head.Firing {
		t.Errorf("got %+v, %v, want it over", head, err)
	}
}

// The head's letter names what burns, and who was told.
func TestTheHeadsLetterNamesWhatBurns(t *testing.T) {
	n := newNight(t)
	n.endedAndBurning()
	n.work()
	n.minutes(30)
	last := n.told[len(n.told)-1]
	subject, text := n.says(last, "en")
	if !last.Unanswered ||
		subject != "Critical: Nobody answered 7 alerts, the most urgent: Smoke and heat" ||
		!strings.Contains(text, "Where: Lab 1\n") || !strings.Contains(text, "Hot × 6 (over)") ||
		!strings.Contains(text, "Told so far: guard1, facility, guard2") {
		t.Errorf("got %s: %s, want the fire first", subject, text)
	}
	if link := last.To[0].Link; !strings.HasSuffix(link, "/take/alt_fire/"+string(last.To[0].User)) {
		t.Errorf("got the link %s, want one that takes the fire", link)
	}
}

// A message that stands for many is taken back once all of them are answered, not with the first.
func TestAnAnswerToOneStopsNoMessageOfTheOthers(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1", "alt_2", "alt_3", "alt_4")
	n.work()
	n.heard("0 guard1: alt_1 and 3 more")
	for _, id := range []g.AlertID{"alt_1", "alt_2", "alt_3"} {
		n.take(id, "guard1")
	}
	if len(n.stopped) != 0 {
		t.Errorf("got %v taken back while alt_4 waits, want none", n.stopped)
	}
	n.take("alt_4", "guard1")
	if len(n.stopped) != 1 || n.stopped[0] != n.told[0].ID {
		t.Errorf("got %v taken back, want %s", n.stopped, n.told[0].ID)
	}
}
