package rulebook_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/live"
	"github.com/gatehouse-iot/gatehouse/gateway/rulebook"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const fileRules = `
rules:
  - id: warm
    title: Too warm
    severity: warning
    when: {property: temperature, above: 30}
  - id: cold
    title: Too cold
    severity: info
    when: {property: temperature, below: 5}
`

// house is a district with two schools, a sensor in each, and the rules' reader over a journal.
type house struct {
	t    *testing.T
	reg  *registry.Registry
	j    *journal.Journal
	book *rulebook.Book
	view *registry.View // an administrator of the district
	a    *registry.View // of school a
	at   time.Time
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHouse(t *testing.T) *house {
	t.Helper()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       time.Now,
		Logger:    log,
	})
	must(t, err)
	t.Cleanup(func() { reg.Close() })
	h := &house{t: t, reg: reg, at: time.Now().Add(-time.Hour)}
	h.seed(ctx)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "air.yaml"), []byte(fileRules), 0o600))
	known, err := directory.New(ctx, reg, log)
	must(t, err)
	h.j, err = journal.Open(t.TempDir(), journal.Options{})
	must(t, err)
	t.Cleanup(func() { h.j.Close() })
	h.book, err = rulebook.Open(ctx, rulebook.Options{
		Dir:       dir,
		Shipped:   deploy.Files(),
		Registry:  reg,
		Directory: known,
		Journal:   h.j,
		Now:       time.Now,
		Logger:    log,
	})
	must(t, err)
	feed := &follow.Feed{
		Journal: h.j,
		Hub:     live.New(h.j, log),
		Health:  follow.NewHealth(log),
		Logger:  log,
		Pause:   func(string) {},
		Cursors: []string{"rules"},
	}
	reader := alerting.New(alerting.Options{
		Feed:      feed,
		View:      reg.In(g.SystemScope("rules")),
		Directory: known,
		Files:     h.book.InForce(),
		Strangers: &strangers.Place{},
		Allowed:   func(g.SchoolID) bool { return false },
		Now:       time.Now,
		Logger:    log,
	})
	h.book.Begin(reader)
	h.run(feed.Hub.Run, reader.Run, h.book.Run, known.Run)
	return h
}

func (h *house) seed(ctx context.Context) {
	sys := h.reg.In(g.SystemScope("test"))
	for _, s := range []g.School{
		{ID: "dist", Kind: g.KindDistrict, Name: "District"},
		{ID: "a", Parent: "dist", Kind: g.KindSchool, Name: "School A"},
		{ID: "b", Parent: "dist", Kind: g.KindSchool, Name: "School B"},
	} {
		s.Timezone, s.Language = "UTC", "en"
		_, err := sys.Places.CreateSchool(ctx, s)
		must(h.t, err)
	}
	must(h.t, sys.Fleet.PutProfile(ctx, g.Profile{
		ID:         "sensor",
		Title:      "Sensor",
		Type:       g.TypeSensor,
		Properties: map[string]g.Property{"temperature": {Type: "number", Reports: g.ReportsChange}},
	}))
	for _, school := range []g.SchoolID{"a", "b"} {
		_, _, err := sys.Fleet.CreateDevice(ctx, g.Device{
			ID:      "sensor-" + g.DeviceID(school),
			School:  school,
			Profile: "sensor",
			Driver:  g.DriverMQTTFront,
			Name:    "Sensor",
			Enabled: true,
		}, nil)
		must(h.t, err)
	}
	scope := g.Scope{School: "dist", Subtree: true, Actor: "usr_d dora"}
	scope.Permissions = g.RoleDistrict.Permissions()
	h.view = h.reg.In(scope)
	scope.School, scope.Subtree, scope.Actor = "a", false, "usr_a anna"
	h.a = h.reg.In(scope)
}

// run runs the parts until the test ends.
func (h *house) run(parts ...func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, part := range parts {
		all.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				h.t.Error(err)
			}
		})
	}
	h.t.Cleanup(func() { cancel(); all.Wait() })
}

// says journals a temperature.
func (h *house) says(school g.SchoolID, temperature float64) {
	h.t.Helper()
	h.said(school, temperature, time.Now())
}

// said journals a temperature that was received then.
func (h *house) said(school g.SchoolID, temperature float64, now time.Time) {
	h.t.Helper()
	b, err := event.Append(nil, &g.Event{
		Kind:     g.EventReading,
		School:   school,
		Device:   "sensor-" + g.DeviceID(school),
		Driver:   g.DriverMQTTFront,
		Time:     now,
		Received: now,
		Reading:  &g.Reading{Values: map[string]g.Value{"temperature": g.NumberValue(temperature)}},
	})
	must(h.t, err)
	done := make(chan error, 1)
	must(h.t, h.j.Append(string(school), b, func(_ uint64, err error) { done <- err }))
	must(h.t, <-done)
}

// firing waits until exactly these alerts fire: rule and school, sorted as given.
func (h *house) firing(want ...string) []alerts.AlertRow {
	h.t.Helper()
	over := time.After(30 * time.Second)
	for {
		rows, _, err := h.view.Alerts.List(h.t.Context(), alerts.Filter{})
		must(h.t, err)
		var got []string
		var fire []alerts.AlertRow
		for _, r := range rows {
			if r.Firing {
				got, fire = append(got, string(r.Rule)+" in "+string(r.School)), append(fire, r)
			}
		}
		if sameWords(got, want) {
			return fire
		}
		select {
		case <-h.reg.OutboxReady():
		case <-over:
			h.t.Fatalf("got %q firing, want %q", got, want)
		}
	}
}

func sameWords(a, b []string) bool {
	count := map[string]int{}
	for _, x := range a {
		count[x]++
	}
	for _, x := range b {
		count[x]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func draft(school g.SchoolID, text string) api.Draft {
	return api.Draft{School: school, Text: text, Enabled: true}
}

// TestASchoolsRuleIsInForceAtOnce: it sees what holds when it is written, for its school alone;
// what changes its numbers keeps its alert, and what deletes it ends it.
func TestASchoolsRuleIsInForceAtOnce(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.says("a", 25)
	h.says("b", 25)
	mild := "id: mild\ntitle: Mild\nseverity: info\nwhen: {property: temperature, above: 20}\n"
	r, err := h.book.Put(ctx, h.a, draft("a", mild), 0)
	must(t, err)
	if r.ID != "mild@a" || r.Version != 1 || !r.Enabled || !r.Mine || r.ByName != "anna" {
		t.Errorf("got %+v", r)
	}
	before := h.firing("mild@a in a")
	d := draft("a", strings.Replace(mild, "20", "22", 1))
	d.ID = "mild"
	_, err = h.book.Put(ctx, h.a, d, 1)
	must(t, err)
	h.says("a", 24)
	if after := h.firing("mild@a in a"); after[0].ID != before[0].ID {
		t.Errorf("got alert %s, want %s to go on", after[0].ID, before[0].ID)
	}
	edited := time.Now()
	d.Text = strings.Replace(d.Text, "info", "major", 1)
	_, err = h.book.Put(ctx, h.a, d, 2)
	must(t, err)
	h.says("a", 24)
	for over := time.After(30 * time.Second); ; {
		worse := h.firing("mild@a in a")[0]
		if worse.Severity == g.Major {
			if worse.LastFired.Before(edited) {
				t.Errorf("got major since %s, want since the edit at %s", worse.LastFired, edited)
			}
			break
		}
		select {
		case <-h.reg.OutboxReady():
		case <-over:
			t.Fatal("the alert did not become major")
		}
	}
	_, err = h.book.Put(ctx, h.a, draft("a", mild), 0)
	var taken *g.Error
	if !errors.As(err, &taken) || taken.Reason != "id_taken" {
		t.Errorf("got %v for a second rule with the id, want that it is taken", err)
	}
	must(t, h.book.Delete(ctx, h.a, "mild@a", 3, "enough"))
	h.firing()
	_, err = h.book.Restore(ctx, h.a, "mild@a", 4, 1, "after all")
	must(t, err)
	h.firing("mild@a in a")
}

// TestARuleStandsInAnothersPlace: for the school that says so and those below; disabled, neither
// holds.
func TestARuleStandsInAnothersPlace(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.says("a", 32)
	h.says("b", 32)
	h.firing("warm in a", "warm in b")
	warm := "id: warm\ntitle: Warm\nseverity: info\nwhen: {property: temperature, above: 35}\n"
	_, err := h.book.Put(ctx, h.a, draft("a", warm), 0)
	if err == nil || !strings.Contains(err.Error(), "air.yaml:3") {
		t.Errorf("got %v, want both places of the id", err)
	}
	d := draft("a", warm)
	d.Replaces = true
	_, err = h.book.Put(ctx, h.a, d, 0)
	must(t, err)
	h.firing("warm in b")
	h.says("a", 36)
	h.firing("warm@a in a", "warm in b")
	d.Enabled = false
	_, err = h.book.Put(ctx, h.a, d, 1)
	must(t, err)
	h.firing("warm in b")
	list, err := h.book.List(ctx, h.a, "")
	must(t, err)
	for _, r := range list {
		if r.Plain == "warm" && r.Enabled {
			t.Errorf("got %+v, want neither to hold", r)
		}
	}
	// The district's holds for b too, not for a, which has its own.
	d = draft("dist", strings.Replace(warm, "35", "31", 1))
	d.Replaces = true
	_, err = h.book.Put(ctx, h.view, d, 0)
	must(t, err)
	h.firing("warm@dist in b")
}

// TestCheckNamesThePlace: line, column and word of what is wrong; what no profile or place knows
// is a doubt.
func TestCheckNamesThePlace(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	wrong := "id: x\ntitle: X\nseverity: sever\nwhen: {property: temperature, above: 57°C}\n"
	c, err := h.book.Check(ctx, h.a, draft("a", wrong))
	must(t, err)
	if len(c.Problems) != 2 || c.Problems[0].Line != 3 || c.Problems[0].Column != 11 ||
		c.Problems[0].Length != 5 || c.Problems[1].Path != "when.above" {
		t.Errorf("got %+v, want the severity and the unit", c.Problems)
	}
	doubtful := "id: x\ntitle: X\nseverity: info\nwhere: {zone: nowhere}\n" +
		"when: {property: temperatur, above: 5}\n"
	c, err = h.book.Check(ctx, h.a, draft("a", doubtful))
	must(t, err)
	if len(c.Problems) != 0 || len(c.Doubts) != 2 {
		t.Errorf("got %+v, want two doubts", c)
	}
	far := "id: x\ntitle: X\nseverity: info\nwhen: {property: temperature, above: 5}\n" +
		"then: [{alert: {}}, {command: {device: sensor-b, action: beep}}]\n"
	c, err = h.book.Check(ctx, h.a, draft("a", far))
	must(t, err)
	if len(c.Problems) != 1 {
		t.Errorf("got %+v, want no command to another school's device", c.Problems)
	}
}

// TestTemplatesCountTheirUses: a rule that began as a template is counted there.
func TestTemplatesCountTheirUses(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	all, err := h.book.Templates(ctx, h.a)
	must(t, err)
	if len(all) < 20 {
		t.Fatalf("got %d templates", len(all))
	}
	for _, x := range all {
		c, err := h.book.Check(ctx, h.a, draft("a", x.Text))
		must(t, err)
		for _, p := range c.Problems {
			if !strings.Contains(p.Err.Message, "which there is not") {
				t.Errorf("template %s: %v", x.ID, p.Err)
			}
		}
	}
	d := draft("a", all[0].Text)
	d.Template = all[0].ID
	_, err = h.book.Put(ctx, h.a, d, 0)
	must(t, err)
	all, err = h.book.Templates(ctx, h.a)
	must(t, err)
	if all[0].Uses != 1 {
		t.Errorf("got %d uses, want 1", all[0].Uses)
	}
}

// TestBacktestLearnsFromTheWeeksBefore: a baseline is given the weeks before, whose findings do not
// count.
func TestBacktestLearnsFromTheWeeksBefore(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	hour := time.Now().Truncate(time.Hour).Add(-2 * time.Hour)
	for week, warm := range []float64{20, 22, 29, 40} {
		h.said("a", warm, hour.Add(time.Duration(week-3)*7*24*time.Hour))
	}
	text := "id: warm\ntitle: W\nseverity: info\nwhen: {baseline: {property: temperature, above: 20%}}\n"
	b, err := h.book.Backtest(ctx, h.a, draft("a", text), 24*time.Hour)
	for g.ErrorCode(err) == g.Unavailable { // until Run has begun
		b, err = h.book.Backtest(ctx, h.a, draft("a", text), 24*time.Hour)
	}
	must(t, err)
	if b = h.done(b); b.Found != 1 || !b.Findings[0].At.Equal(hour) {
		t.Errorf("got %+v, want the one of today", b)
	}
}

// done waits until a backtest has ended.
func (h *house) done(b api.Backtest) api.Backtest {
	h.t.Helper()
	for b.State == api.BacktestRuns {
		select {
		case <-h.t.Context().Done():
			h.t.Fatal(h.t.Context().Err())
		case <-h.reg.OutboxReady():
		default:
		}
		var err error
		b, err = h.book.BacktestState(h.t.Context(), h.a, b.ID)
		must(h.t, err)
	}
	return b
}

// TestBacktestFindsWhatADraftWouldHaveFound: how often, where, when and for how long, for the
// school alone; what was before it begins and other schools' devices count for nothing.
func TestBacktestFindsWhatADraftWouldHaveFound(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	now := time.Now()
	for _, x := range []struct {
		ago  time.Duration
		warm float64
	}{{50, 29}, {30, 26}, {29, 29}, {24, 20}, {10, 29}, {8, 20}} {
		h.said("a", x.warm, now.Add(-x.ago*time.Hour))
		h.said("b", 29, now.Add(-x.ago*time.Hour))
	}
	text := "id: warm\ntitle: W\nseverity: info\nwhen: {property: temperature, above: 28}\nfor: 1h\n"
	b, err := h.book.Backtest(ctx, h.a, draft("a", text), 40*time.Hour)
	for g.ErrorCode(err) == g.Unavailable { // until Run has begun
		b, err = h.book.Backtest(ctx, h.a, draft("a", text), 40*time.Hour)
	}
	must(t, err)
	b = h.done(b)
	if b.State != api.BacktestDone || b.Found != 2 || len(b.Findings) != 2 || b.Cut != "" ||
		b.Events < 10 {
		t.Fatalf("got %+v, want two findings", b)
	}
	f := b.Findings[0]
	if f.Device != "sensor-a" || f.DeviceName != "Sensor" || !f.Lasts ||
		!f.At.Equal(now.Add(-28*time.Hour)) || !f.Ended.Equal(now.Add(-24*time.Hour)) {
		t.Errorf("got %+v, want the sensor of the school, for four hours", f)
	}
	other := g.Scope{School: "b", Actor: "usr_b bert", Permissions: g.RoleAdmin.Permissions()}
	if _, err := h.book.BacktestState(ctx, h.reg.In(other), b.ID); g.ErrorCode(err) != g.NotFound {
		t.Errorf("another school's: got %v, want not found", err)
	}
	if _, err := h.book.Backtest(ctx, h.a, draft("a", "id: x\n"), time.Hour); err == nil {
		t.Error("a draft that is wrong runs")
	}
	if _, err := h.book.Backtest(ctx, h.a, draft("a", text), 90*24*time.Hour); err == nil {
		t.Error("three months are looked at")
	}
}

// TestExplainSaysWhy: what holds and what does not, with the values; a device of another school is
// not told of.
func TestExplainSaysWhy(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.says("a", 32)
	h.firing("warm in a")
	x, err := h.book.Explain(ctx, h.a, "warm", api.About{Device: "sensor-a"})
	must(t, err)
	w := x.Why
	if !x.InForce || w == nil || w.Phase != rules.PhaseFiring || w.When.Holds != "yes" ||
		w.When.Says != "temperature above 30" || len(w.When.Seen) != 1 ||
		w.When.Seen[0].Value != g.NumberValue(32) || len(x.Alerts) != 1 || len(x.Standings) != 1 {
		t.Errorf("got %+v, %+v", x, w)
	}
	if len(x.Hiding) != 0 {
		t.Errorf("got %+v, want nothing that hides", x.Hiding)
	}
	a := x.Alerts[0]
	_, err = h.view.Alerts.Shelve(ctx, a.ID, a.Version, g.User{FullName: "Lin Feng"}, time.Hour, "heating is mended")
	must(t, err)
	x, err = h.book.Explain(ctx, h.a, "warm", api.About{Device: "sensor-a"})
	must(t, err)
	if len(x.Hiding) != 1 || x.Hiding[0].Reason != "heating is mended" {
		t.Errorf("got %+v, want the shelf", x.Hiding)
	}
	if _, err := h.book.Explain(ctx, h.a, "warm", api.About{Zone: "nowhere"}); g.ErrorCode(err) != g.NotFound {
		t.Errorf("a room that is not there: got %v, want not found", err)
	}
	cold, err := h.book.Explain(ctx, h.a, "cold", api.About{Device: "sensor-a"})
	must(t, err)
	if cold.Why.Phase != rules.PhaseQuiet || cold.Why.When.Holds != "no" || len(cold.Alerts) != 0 {
		t.Errorf("got %+v, want that it is not cold", cold.Why)
	}
	if _, err := h.book.Explain(ctx, h.a, "warm", api.About{Device: "sensor-b"}); g.ErrorCode(err) != g.NotFound {
		t.Errorf("another school's device: got %v, want not found", err)
	}
	unheard, err := h.book.Explain(ctx, h.view, "warm", api.About{Device: "sensor-b"})
	must(t, err)
	if unheard.Why.Phase != rules.PhaseUnheard {
		t.Errorf("got %+v, want that nothing was heard", unheard.Why)
	}
}

// then waits until an explanation of the past is done.
func (h *house) then(v *registry.View, id g.RuleID, device g.DeviceID, at time.Time) api.ExplainedThen {
	h.t.Helper()
	about := api.About{Device: device}
	x, err := h.book.ExplainThen(h.t.Context(), v, id, about, at)
	for g.ErrorCode(err) == g.Unavailable { // until Run has begun
		x, err = h.book.ExplainThen(h.t.Context(), v, id, about, at)
	}
	must(h.t, err)
	for x.State == api.BacktestRuns {
		must(h.t, h.t.Context().Err())
		x, err = h.book.ThenState(h.t.Context(), v, x.ID)
		must(h.t, err)
	}
	return x
}

// TestExplainTheNight: what the rule made of the device at a moment of the past, with the values of
// then and none of later; what hid its alerts then; and what cannot be known.
func TestExplainTheNight(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	now := time.Now()
	for _, x := range []struct {
		ago  time.Duration
		warm float64
	}{{9 * time.Hour, 20}, {7 * time.Hour, 32}, {6 * time.Hour, 25}, {time.Hour, 33}} {
		h.said("a", x.warm, now.Add(-x.ago))
	}
	h.firing("warm in a")
	was := func(ago time.Duration) api.ExplainedThen {
		return h.then(h.a, "warm", "sensor-a", now.Add(-ago))
	}
	x := was(8 * time.Hour)
	w := x.Explained.Why
	if w == nil || w.Phase != rules.PhaseQuiet || w.When.Seen[0].Value != g.NumberValue(20) ||
		len(x.Explained.Alerts) != 0 || x.Short != api.ShortJournal ||
		!x.From.Equal(now.Add(-9*time.Hour)) || x.Events != 1 {
		t.Errorf("got %+v, %+v, want 20 °C, quiet, known since the journal begins", x, w)
	}
	x = was(6*time.Hour + time.Minute)
	if w = x.Explained.Why; w.Phase != rules.PhaseFiring || !w.Since.Equal(now.Add(-7*time.Hour)) ||
		w.When.Seen[0].Value != g.NumberValue(32) || len(x.Explained.Standings) != 1 {
		t.Errorf("got %+v, want it to fire at 32 °C", w)
	}
	if w = was(2 * time.Hour).Explained.Why; w.Phase != rules.PhaseQuiet {
		t.Errorf("got %+v, want it over again", w)
	}
	mild := "id: mild\ntitle: Mild\nseverity: info\nwhen: {property: temperature, above: 22}\n"
	_, err := h.book.Put(ctx, h.a, draft("a", mild), 0)
	must(t, err)
	if x = h.then(h.a, "mild@a", "sensor-a", now.Add(-5*time.Hour)); x.RuleChanged.Before(now) ||
		x.Explained.Why.Phase != rules.PhaseFiring {
		t.Errorf("got %+v, want that the rule is younger than the moment", x)
	}
	for name, err := range map[string]error{
		"tomorrow":       h.refused(api.About{Device: "sensor-a"}, now.Add(24*time.Hour)),
		"last year":      h.refused(api.About{Device: "sensor-a"}, now.Add(-365*24*time.Hour)),
		"about nothing":  h.refused(api.About{}, now.Add(-time.Hour)),
		"another school": h.refused(api.About{Device: "sensor-b"}, now.Add(-time.Hour)),
	} {
		if err == nil {
			t.Errorf("%s is explained", name)
		}
	}
	other := g.Scope{School: "b", Actor: "usr_b bert", Permissions: g.RoleAdmin.Permissions()}
	if _, err := h.book.ThenState(ctx, h.reg.In(other), x.ID); g.ErrorCode(err) != g.NotFound {
		t.Errorf("another school's: got %v, want not found", err)
	}
	if _, err := h.book.BacktestState(ctx, h.a, x.ID); g.ErrorCode(err) != g.NotFound {
		t.Errorf("as a backtest: got %v, want not found", err)
	}
}

func (h *house) refused(about api.About, at time.Time) error {
	_, err := h.book.ExplainThen(h.t.Context(), h.a, "warm", about, at)
	return err
}

// TestTryRunsTests: a draft's tests, with the line of what is wrong.
func TestTryRunsTests(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	text := "id: mild\ntitle: Mild\nseverity: info\nwhen: {property: temperature, above: 20}\n"
	tests := "tests:\n  - name: mild\n    devices: {s: {profile: sensor}}\n    story:\n" +
		"      - {at: \"08:00\", device: s, says: {temperature: 21}}\n      - {expect: Mild}\n" +
		"      - {after: 1m, expect: nothing}\n"
	x, err := h.book.Try(ctx, h.a, text, tests)
	must(t, err)
	if x.Failed != 1 || len(x.Problems) != 1 || x.Problems[0].Line != 7 {
		t.Errorf("got %+v, want the last line to be wrong", x)
	}
}

// TestTemplatesAsFiles: what is exported is imported; the same file again changes nothing; a newer one
// takes the place of what the school has not changed, and what it has changed is kept and named.
func TestTemplatesAsFiles(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	all, err := h.book.Templates(ctx, h.a)
	must(t, err)
	one := all[0]
	file, err := h.book.ExportTemplates(ctx, one.ID)
	must(t, err)
	if x, err := rules.Parse("templates.yaml", []byte(file)); err != nil || len(x) != 1 {
		t.Fatalf("got %d rules, %v, want a file with one", len(x), err)
	}
	whole, err := h.book.ExportTemplates(ctx, "")
	must(t, err)
	if x, err := rules.Parse("templates.yaml", []byte(whole)); err != nil || len(x) != len(all) {
		t.Errorf("got %d rules, %v, want all %d", len(x), err, len(all))
	}
	if _, err := h.book.ExportTemplates(ctx, "nothing"); g.ErrorCode(err) != g.NotFound {
		t.Errorf("got %v, want not found", err)
	}
	imports := func(text string, dry bool) (what []string) {
		out, err := h.book.Import(ctx, h.a, api.Draft{School: "a", Text: text, Enabled: true}, dry)
		must(t, err)
		for _, r := range out.Rules {
			what = append(what, r.What)
		}
		return what
	}
	wants := func(when string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	two := "rules:\n  - id: mild\n    title: Mild\n    severity: info\n" +
		"    when: {property: temperature, above: 20}\n  - id: warm\n    title: W\n    severity: info\n" +
		"    when: {property: temperature, above: 40}\n"
	wants("a dry run", imports(two, true), api.ImportAdded, api.ImportRefused) // air.yaml has warm
	if own, err := h.a.Rules.List(ctx, "a"); err != nil || len(own) != 0 {
		t.Errorf("got %+v, %v, want nothing written", own, err)
	}
	wants("in earnest", imports(two, false), api.ImportAdded, api.ImportRefused)
	wants("again", imports(two, false), api.ImportSame, api.ImportRefused)
	newer := strings.Replace(two, "above: 20", "above: 21", 1)
	wants("newer", imports(newer, false), api.ImportNewer, api.ImportRefused)
	own, err := h.book.Find(ctx, h.a, "mild@a")
	must(t, err)
	d := draft("a", strings.Replace(own.Text, "above: 21", "above: 23", 1))
	d.ID = "mild"
	_, err = h.book.Put(ctx, h.a, d, own.Version)
	must(t, err)
	wants("over a change of one's own", imports(two, false), api.ImportKept, api.ImportRefused)

	wants("a template", imports(file, false), api.ImportAdded)
	use := h.uses(one.ID)
	if len(use) != 1 || use[0].Version != one.Version || use[0].Older || use[0].Changed {
		t.Errorf("got %+v, want a rule on the version that ships", use)
	}

	// rules of one file name each other, whichever comes first
	muted := "rules:\n  - id: m1\n    title: M\n    severity: info\n    muted_by: [{rule: m2, same: device}]\n" +
		"    when: {property: temperature, above: 30}\n" +
		"  - id: m2\n    title: M\n    severity: info\n    when: {property: temperature, above: 50}\n"
	wants("two that belong together, dry", imports(muted, true), api.ImportAdded, api.ImportAdded)
	wants("two that belong together", imports(muted, false), api.ImportAdded, api.ImportAdded)

	// a template that was changed in the file is the school's own
	other := all[1]
	file, err = h.book.ExportTemplates(ctx, other.ID)
	must(t, err)
	title := "title: Changed in the file # "
	wants("a changed template", imports(strings.Replace(file, "title: ", title, 1), false), api.ImportAdded)
	if use := h.uses(other.ID); len(use) != 1 || !use[0].Changed {
		t.Errorf("got %+v, want a rule with changes of its own", use)
	}
	wants("what ships, over it", imports(file, false), api.ImportKept)
}

// TestWhatIsMeant: at the command line a rule is named as the console shows it, and a device by its name.
func TestWhatIsMeant(t *testing.T) {
	h := newHouse(t)
	for _, school := range []g.SchoolID{"a", "b"} {
		_, err := h.book.Put(t.Context(), h.reg.In(g.SystemScope("test")), draft(school,
			"id: mild\ntitle: Mild\nseverity: info\nwhen: {property: temperature, above: 20}\n"), 0)
		must(t, err)
	}
	ask := func(rule, device string) (rulebook.Meant, error) {
		got, err := h.book.Here(t.Context(), "meant", url.Values{"rule": {rule}, "device": {device}}, nil)
		if err != nil {
			return rulebook.Meant{}, err
		}
		return got.(rulebook.Meant), nil
	}
	d, _, err := h.a.Fleet.CreateDevice(t.Context(), g.Device{
		School:  "a",
		Profile: "sensor",
		Driver:  g.DriverMQTTFront,
		Name:    "Cellar",
		Enabled: true,
	}, nil)
	must(t, err)
	for _, name := range []string{"Cellar", string(d.ID)} {
		got, err := ask("mild", name)
		if err != nil || got.Rule != "mild@a" || got.Device != d.ID || got.Timezone == "" {
			t.Errorf("%s: got %+v, %v, want the rule of its school", name, got, err)
		}
	}
	if _, err := ask("mild", "Sensor"); g.ErrorCode(err) != g.Conflict || !strings.Contains(err.Error(), "sensor-b") {
		t.Errorf("got %v, want both devices named", err)
	}
	if _, err := ask("mild", ""); g.ErrorCode(err) != g.Conflict || !strings.Contains(err.Error(), "mild@b") {
		t.Errorf("got %v, want both named", err)
	}
	for _, c := range [][2]string{{"none", ""}, {"mild@a", "no such"}} {
		if _, err := ask(c[0], c[1]); g.ErrorCode(err) != g.NotFound {
			t.Errorf("%v: got %v, want not found", c, err)
		}
	}
}

func (h *house) uses(template string) []api.TemplateUse {
	h.t.Helper()
	all, err := h.book.Templates(h.t.Context(), h.a)
	must(h.t, err)
	for _, x := range all {
		if x.ID == template {
			return x.Rules
		}
	}
	return nil
}

// TestARuleOnAnOlderTemplate: it is told, with its text and whether the school has changed it, until
// the newer one is taken.
func TestARuleOnAnOlderTemplate(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	all, err := h.book.Templates(ctx, h.a)
	must(t, err)
	one := all[0]
	r, err := rules.ParseOne("rule", []byte(one.Text))
	must(t, err)
	_, err = h.a.Rules.Put(ctx, kept.RuleVersion{
		School: "a", ID: r.ID, Text: one.Text + "# ours\n", Template: one.ID, Base: one.Text + "# old\n",
	}, 0)
	must(t, err)
	use := h.uses(one.ID)
	if len(use) != 1 || !use[0].Older || !use[0].Changed || use[0].Base != one.Text+"# old\n" ||
		use[0].Version == one.Version {
		t.Fatalf("got %+v, want it on an older version, with changes", use)
	}
	d := draft("a", one.Text)
	d.ID, d.Template, d.TemplateVersion = r.ID, one.ID, "of yesterday"
	if _, err := h.book.Put(ctx, h.a, d, 1); g.ErrorCode(err) != g.Conflict {
		t.Errorf("got %v, want a conflict for a version that is none", err)
	}
	d.TemplateVersion = one.Version
	_, err = h.book.Put(ctx, h.a, d, 1)
	must(t, err)
	if use := h.uses(one.ID); use[0].Older || use[0].Changed {
		t.Errorf("got %+v, want it taken", use)
	}
	d.TemplateVersion, d.Text = "", one.Text+"# ours again\n"
	_, err = h.book.Put(ctx, h.a, d, 2)
	must(t, err)
	if use := h.uses(one.ID); use[0].Older || !use[0].Changed {
		t.Errorf("got %+v, want a change of one's own on the newest", use)
	}
}
