package escalate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// night is a school at three in the morning with people, a registry and a clock that a test moves.
type night struct {
	t      *testing.T
	dir    string
	reg    *registry.Registry
	view   *registry.View
	school g.School
	e      *escalate.Escalator
	began  time.Time

	mu      sync.Mutex
	clock   time.Time
	said    []string // minute, whom, what; in order
	told    []escalate.Notice
	ids     map[string]bool
	stopped []string
	lost    []g.UserID
	refuse  error
	post    bool // notices go to the queue as well
}

func (n *night) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clock
}

func (n *night) pass(d time.Duration) {
	n.mu.Lock()
	n.clock = n.clock.Add(d)
	n.mu.Unlock()
}

func began() time.Time { return time.Date(2026, 9, 8, 19, 0, 0, 0, time.UTC) } // 3:00 in Shanghai

func newNight(t *testing.T) *night {
	t.Helper()
	return newNightIn(t, "Asia/Shanghai", began())
}

// newNightIn is a night that begins then, by the clock of a zone.
func newNightIn(t *testing.T, zone string, begins time.Time) *night {
	t.Helper()
	n := &night{t: t, dir: t.TempDir(), began: begins, clock: begins, ids: map[string]bool{}}
	n.open()
	t.Cleanup(func() { n.reg.Close() })
	ctx := t.Context()
	var err error
	n.school, err = n.view.Places.CreateSchool(ctx,
		g.School{Kind: g.KindSchool, Name: "A", Timezone: zone, Language: "zh-CN"})
	n.ok(err)
	for id, role := range map[g.UserID]g.Role{
		"guard1": g.RoleSecurity, "guard2": g.RoleSecurity, "facility": g.RoleFacility,
		"head": g.RoleAdmin, "head2": g.RoleAdmin,
	} {
		_, err := n.view.Access.CreateUser(ctx, g.User{
			ID:       id,
			School:   n.school.ID,
			Name:     string(id),
			Role:     role,
			Language: "en",
		}, "a long walk home")
		n.ok(err)
	}
	_, err = n.view.Oncall.PutRota(ctx, g.Rota{
		ID:     "nights",
		School: n.school.ID,
		Name:   "Nights",
		Lines: []g.RotaLine{{
			Start: "19:00",
			End:   "07:00",
			First: "2026-09-07",
			Each:  g.TurnWeek,
			Turns: [][]g.UserID{{"guard1"}, {"guard2"}},
		}},
	})
	n.ok(err)
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{
			{Rotas: []g.RotaID{"nights"}},
			{After: 3, Users: []g.UserID{"facility"}},
			{After: 10, Roles: []g.Role{g.RoleSecurity}},
		},
		Wait: 5,
	})
	return n
}

// open opens the registry as after a start.
func (n *night) open() {
	var err error
	n.reg, err = registry.Open(n.t.Context(), registry.Options{
		Dir:       n.dir,
		MasterKey: bytes.Repeat([]byte{7}, 32),
		Now:       n.now,
	})
	n.ok(err)
	n.view = n.reg.In(g.SystemScope("escalate"))
	n.e = escalate.New(escalate.Options{
		View:      n.view,
		Subscribe: n.reg.Subscribe,
		Tell:      n.tell,
		Stop: func(_ context.Context, id string) error {
			n.stopped = append(n.stopped, id)
			return nil
		},
		Link: func(id g.AlertID, user g.UserID, _ time.Time) string {
			return fmt.Sprintf("https://gate/take/%s/%s", id, user)
		},
		Now: n.now,
		Log: slog.New(slog.DiscardHandler),
	})
}

func (n *night) ok(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// tell keeps what is said, once for each ID, as the queue does.
func (n *night) tell(_ context.Context, x escalate.Notice) ([]g.UserID, error) {
	if n.refuse != nil {
		return nil, n.refuse
	}
	if n.ids[x.ID] {
		return nil, nil
	}
	n.ids[x.ID] = true
	n.told = append(n.told, x)
	if n.post {
		_, err := escalate.Post{View: n.view}.Tell(context.Background(), x)
		n.ok(err)
	}
	var to []string
	for _, p := range x.To {
		to = append(to, string(p.User))
		about := string(x.Alert.ID)
		if x.Unanswered {
			about = "alt_"
		}
		if !strings.HasSuffix(p.Link, "/"+string(p.User)) || !strings.Contains(p.Link, "/take/"+about) {
			n.t.Errorf("got the link %s of %s", p.Link, p.User)
		}
	}
	slices.Sort(to)
	line := fmt.Sprintf("%d %s: %s", int(n.now().Sub(n.began).Minutes()),
		strings.Join(append(to, x.Channels...), ","), x.Alert.ID)
	if x.Unanswered {
		line = strings.Replace(line, string(x.Alert.ID), x.Alert.Title, 1)
	}
	if x.More > 0 {
		line += fmt.Sprintf(" and %d more", x.More)
	}
	n.said = append(n.said, line)
	return n.lost, nil
}

func (n *night) chain(c g.Escalation) {
	n.t.Helper()
	c.ID, c.School, c.Name = "chain", n.school.ID, "Chain"
	_, err := n.view.Oncall.PutChain(n.t.Context(), c)
	n.ok(err)
}

// raise writes alerts, and lets the escalator see the event as often as asked.
func (n *night) raise(ids ...g.AlertID) {
	n.t.Helper()
	for _, id := range ids {
		n.ok(n.view.Alerts.Apply(n.t.Context(), alerts.Effects{Alerts: []g.Alert{{
			ID:       id,
			School:   n.school.ID,
			Rule:     "smoke",
			Severity: g.Critical,
			Title:    "Smoke",
			Firing:   true,
			Opened:   n.now(),
		}}}))
	}
	n.see()
}

// see gives the escalator every event that waits in the outbox; they stay there, so that each is
// seen again and again.
func (n *night) see() {
	n.t.Helper()
	rows, err := n.view.Outbox(n.t.Context(), 0, 10_000)
	n.ok(err)
	var events []g.Event
	for _, r := range rows {
		events = append(events, r.Event)
	}
	n.ok(n.e.Apply(n.t.Context(), events))
}

func (n *night) work() {
	n.t.Helper()
	_, err := n.e.Work(n.t.Context())
	n.ok(err)
}

// minutes lets time pass minute by minute.
func (n *night) minutes(count int) {
	n.t.Helper()
	for range count {
		n.pass(time.Minute)
		n.work()
	}
}

func (n *night) heard(want ...string) {
	n.t.Helper()
	if diff := cmp.Diff(want, n.said); diff != "" {
		n.t.Error(diff)
	}
}

func (n *night) take(id g.AlertID, by g.UserID) {
	n.t.Helper()
	a, err := n.view.Alerts.Find(n.t.Context(), id)
	n.ok(err)
	_, err = n.view.Alerts.Acknowledge(n.t.Context(), id, a.Version, g.User{ID: by})
	n.ok(err)
	n.see()
}

// Each level is told at its time, the head once nobody is left, and each once however often the
// events are seen.
func TestLevelsFollowAtTheirTimes(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	for range 30 {
		n.see()
		n.minutes(1)
	}
	n.heard("0 guard1: alt_1", "3 facility: alt_1", "13 guard1,guard2: alt_1",
		"18 head,head2: Nobody answered: Smoke")
	c, log, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if c.State != oncall.CallUnanswered || len(log) != 6 {
		t.Errorf("got %+v with %d lines, want unanswered with 6", c, len(log))
	}
	head, err := n.view.Alerts.Find(t.Context(), c.Head)
	n.ok(err)
	if head.Rule != g.UnansweredRule || head.Severity != g.Critical || !head.Firing {
		t.Errorf("got %+v, want an alert that tells the head", head)
	}
	n.see()
	n.minutes(60)
	if len(n.said) != 4 {
		t.Errorf("got %v, want no escalation of the head's alert", n.said)
	}
	n.take("alt_1", "guard2")
	if head, err = n.view.Alerts.Find(t.Context(), c.Head); err != nil || head.Firing {
		t.Errorf("got %+v, %v, want the head's alert over", head, err)
	}
}

// A chain that is corrected while it calls is so for what waits: from when the wait began.
func TestAChangedChainHoldsForWhatWaits(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	n.minutes(1)
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{
			{Rotas: []g.RotaID{"nights"}},
			{After: 2, Users: []g.UserID{"facility"}},
		},
		Wait: 1,
	})
	n.minutes(1)
	n.heard("0 guard1: alt_1", "2 facility: alt_1")
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{
			{Rotas: []g.RotaID{"nights"}},
			{After: 2, Users: []g.UserID{"facility"}},
		},
		Wait: 4,
	})
	n.minutes(30)
	n.heard("0 guard1: alt_1", "2 facility: alt_1", "6 head,head2: Nobody answered: Smoke")
}

// Whoever answers ends it: nobody is told any more, and what waits to be sent is taken back.
func TestAnAnswerStops(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	n.pass(2 * time.Minute)
	n.take("alt_1", "guard1")
	n.minutes(60)
	n.heard("0 guard1: alt_1")
	if len(n.stopped) != 1 || !n.ids[n.stopped[0]] {
		t.Errorf("got %v taken back, want the one message", n.stopped)
	}
}

// An answer that has not come through the journal yet counts: the registry is asked before anybody
// is told.
func TestAnAnswerCountsBeforeItsEvent(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	n.pass(3 * time.Minute)
	a, err := n.view.Alerts.Find(t.Context(), "alt_1")
	n.ok(err)
	_, err = n.view.Alerts.Acknowledge(t.Context(), "alt_1", a.Version, g.User{ID: "guard1"})
	n.ok(err)
	n.work()
	n.heard("0 guard1: alt_1")
}

// A gateway that was off goes through what it missed at once, in order, each level once; a stop at
// any moment, after the message and before its note, tells nobody twice.
func TestOffForAWhile(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.refuse = errors.New("the disk is full")
	if _, err := n.e.Work(t.Context()); err == nil {
		t.Error("got no error of a message that was not taken")
	}
	n.refuse = nil
	n.ok(n.reg.Close())
	n.pass(14 * time.Minute)
	n.open()
	n.see()
	n.work()
	n.heard("14 guard1: alt_1", "14 facility: alt_1", "14 guard1,guard2: alt_1")
	n.minutes(10)
	n.heard("14 guard1: alt_1", "14 facility: alt_1", "14 guard1,guard2: alt_1",
		"18 head,head2: Nobody answered: Smoke")
}

// Who may not handle alerts any more is skipped, and it is said; a level that reaches nobody costs
// no time.
func TestRightsThatEnd(t *testing.T) {
	n := newNight(t)
	n.ok(n.view.Access.UpdateUser(t.Context(), g.User{
		ID:       "guard1",
		Name:     "guard1",
		Role:     g.RoleSecurity,
		Language: "en",
		Disabled: true,
	}))
	n.raise("alt_1")
	n.work()
	n.minutes(11)
	n.heard("0 facility: alt_1", "10 guard2: alt_1")
	_, log, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if log[0].What != oncall.CallNoRights || log[0].User != "guard1" || log[0].Rota != "nights" {
		t.Errorf("got %+v first, want that guard1 may not", log[0])
	}
}

// Who has no address is skipped as well.
func TestNoAddress(t *testing.T) {
	n := newNight(t)
	n.lost = []g.UserID{"guard1"}
	n.raise("alt_1")
	n.work()
	n.heard("0 guard1: alt_1", "0 facility: alt_1")
	_, log, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if log[0].What != oncall.CallNoWay {
		t.Errorf("got %+v first, want that no message reaches guard1", log[0])
	}
}

// The queue finds later that nobody of a step has an address: the next step is due at once, and only
// once. A stop in between loses nothing.
func TestNoAddressIsFoundLater(t *testing.T) {
	n := newNight(t)
	n.post = true
	n.raise("alt_1")
	n.work()
	look := func() {
		t.Helper()
		_, err := n.view.Messages.Advance(t.Context(), messages.Alarm, 100)
		n.ok(err)
		n.ok(n.e.Hurry(t.Context()))
		n.ok(n.e.Hurry(t.Context()))
		n.work()
	}
	n.heard("0 guard1: alt_1")
	look()
	n.heard("0 guard1: alt_1", "0 facility: alt_1")
	_, err := n.view.Messages.Advance(t.Context(), messages.Alarm, 100)
	n.ok(err)
	n.ok(n.reg.Close())
	n.pass(2 * time.Minute)
	n.open()
	look()
	n.heard("0 guard1: alt_1", "0 facility: alt_1", "2 guard1,guard2: alt_1")
	look()
	look()
	n.heard("0 guard1: alt_1", "0 facility: alt_1", "2 guard1,guard2: alt_1",
		"2 head,head2: Nobody answered: Smoke")
	if last := n.told[len(n.told)-1]; last.Who != "" || !strings.HasPrefix(last.Missed, "guard1, facility") {
		t.Errorf("the head reads that %q were told and %q were not", last.Who, last.Missed)
	}
	_, log, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if log[0].State != messages.Failed || log[0].Code != messages.NoAddress || log[0].RotaName != "Nights" {
		t.Errorf("got %+v first, want that guard1 has no address", log[0])
	}
}

// A storm is told by one message a level and person, and the head by few.
func TestAStormIsNoStormOfMessages(t *testing.T) {
	n := newNight(t)
	var ids []g.AlertID
	for i := range 40 {
		ids = append(ids, g.AlertID(fmt.Sprintf("alt_%02d", i)))
	}
	n.raise(ids...)
	n.work()
	n.minutes(30)
	n.heard("0 guard1: alt_00 and 39 more", "3 facility: alt_00 and 39 more",
		"13 guard1,guard2: alt_00 and 39 more",
		"18 head,head2: Nobody answered 40 alerts, the most urgent: Smoke")
}

// What still burns is named before what is over, and each is named: in the letter, and to the head.
func TestWhatBurnsIsNamedFirst(t *testing.T) {
	n := newNight(t)
	n.post = true
	var all []g.Alert
	for i := range 5 {
		all = append(all, g.Alert{
			ID:       g.AlertID(fmt.Sprintf("alt_%d", i)),
			School:   n.school.ID,
			Rule:     "hot",
			Severity: g.Critical,
			Title:    fmt.Sprintf("Hot %d", i),
			Opened:   n.now(),
			Ended:    n.now(),
		})
	}
	all[3].Title, all[3].TitleZH, all[3].Firing, all[3].Ended = "Smoke", "烟雾", true, time.Time{}
	n.ok(n.view.Alerts.Apply(t.Context(), alerts.Effects{Alerts: all}))
	n.see()
	n.work()
	n.minutes(30)
	n.heard("0 guard1: alt_3 and 4 more", "3 facility: alt_3 and 4 more",
		"13 guard1,guard2: alt_3 and 4 more",
		"18 head,head2: Nobody answered 5 alerts, the most urgent: Smoke")
	list, _, err := n.view.Messages.List(t.Context(), "", "", registry.Page{Limit: 50})
	n.ok(err)
	if len(list) != 4 {
		t.Fatalf("got %d messages, want 4", len(list))
	}
	for _, m := range list {
		for _, want := range []string{"Hot 0 (over)", "Hot 1 (over)", "Hot 2 (over)", "Hot 4 (over)"} {
			if !strings.Contains(m.Params["others"], want) {
				t.Errorf("got the others %q, want %s among them", m.Params["others"], want)
			}
		}
	}
	beside, err := n.view.Oncall.Beside(t.Context(), "alt_0", "guard2")
	n.ok(err)
	if want := []g.AlertID{"alt_1", "alt_2", "alt_3", "alt_4"}; !slices.Equal(beside, want) {
		t.Errorf("got %v beside alt_0, want %v", beside, want)
	}
	if beside, err = n.view.Oncall.Beside(t.Context(), "alt_3", "head"); err != nil || len(beside) != 4 {
		t.Errorf("got %v, %v for the head, want all of his letter", beside, err)
	}
	if beside, err = n.view.Oncall.Beside(t.Context(), "alt_0", "usr_x"); err != nil || len(beside) != 0 {
		t.Errorf("got %v, %v for who was told of none of them, want none", beside, err)
	}
}

// An alert that no chain was for is given to one that comes, from its first step.
func TestAChainSeesWhatIs(t *testing.T) {
	n := newNight(t)
	n.ok(n.view.Oncall.DeleteChain(t.Context(), "chain"))
	n.raise("alt_1")
	n.minutes(5)
	n.heard()
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{{After: 1, Users: []g.UserID{"facility"}}},
		Wait:  60,
	})
	n.ok(n.e.Rechoose(t.Context()))
	n.minutes(3)
	n.heard("6 facility: alt_1")
}

// A chain that is edited on the way is followed as it is now; one that is deleted leaves the alert
// to what fits or, where nothing does, to the head, at once.
func TestAChainThatChanges(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{
			{Users: []g.UserID{"guard1"}},
			{After: 1, Users: []g.UserID{"head"}},
		},
		Wait: 5,
	})
	n.minutes(4)
	n.heard("0 guard1: alt_1", "1 head: alt_1")
	n.ok(n.view.Oncall.DeleteChain(t.Context(), "chain"))
	n.ok(n.e.Rechoose(t.Context()))
	n.minutes(30)
	n.heard("0 guard1: alt_1", "1 head: alt_1", "5 head,head2: Nobody answered: Smoke")
	c, _, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if c.State != oncall.CallUnanswered || c.Head == "" {
		t.Errorf("got %+v, want that the head was told", c)
	}
}

// A channel that a chain calls is not deleted: the chain would call nobody, and nobody would know.
func TestAChannelThatAChainCalls(t *testing.T) {
	n := newNight(t)
	ch, err := n.view.Messages.CreateChannel(t.Context(), messages.Channel{
		School: n.school.ID, Kind: "wecom", Name: "Guards",
	}, nil)
	n.ok(err)
	calls := g.Escalation{
		Steps: []g.EscalationStep{
			{Channels: []string{string(ch.ID)}},
			{After: 3, Users: []g.UserID{"facility"}},
		},
		Wait: 5,
	}
	n.chain(calls)
	err = n.view.Messages.DeleteChannel(t.Context(), ch.ID)
	if g.ErrorCode(err) != g.Conflict || !strings.Contains(err.Error(), `"Chain"`) {
		t.Errorf("got %v, want a conflict that names the chain", err)
	}
	calls.Steps = calls.Steps[1:]
	n.chain(calls)
	n.ok(n.view.Messages.DeleteChannel(t.Context(), ch.ID))
}

// An alert that opens again after it was in hand begins at the first step, counted from then.
func TestAnAlertThatOpensAgain(t *testing.T) {
	n := newNight(t)
	n.raise("alt_1")
	n.work()
	n.take("alt_1", "guard1")
	n.pass(time.Hour)
	n.ok(n.e.Apply(t.Context(), []g.Event{{
		Kind: g.EventAlert,
		Time: n.now(),
		Alert: &g.Alert{
			ID:       "alt_1",
			School:   n.school.ID,
			Severity: g.Critical,
			State:    g.AlertOpen,
			Opened:   began(),
			Version:  9,
		},
	}}))
	c, _, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if c.State != oncall.CallDue || c.Step != 0 || !c.Due.Equal(n.now()) {
		t.Errorf("got %+v, want the first step due at %s", c, n.now())
	}
}
