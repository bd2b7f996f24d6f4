package rules

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// The states of a backtest, and why it is cut short.
const (
	BacktestRuns   = "running"
	BacktestDone   = "done"
	BacktestFailed = "failed"
	CutTime        = "time"
	CutEvents      = "events"
	CutStopped     = "stopped"
)

// Backtest is how far a draft's run over the journal is, and what it has found.
type Backtest struct {
	ID       string            `json:"id"`
	State    string            `json:"state"`
	From     time.Time         `json:"from"`
	To       time.Time         `json:"to"`
	Begins   time.Time         `json:"begins,omitzero"`
	Reached  time.Time         `json:"reached,omitzero"`
	Events   int               `json:"events"`
	Found    int               `json:"found"`
	Findings []BacktestFinding `json:"findings" nullable:"false"`
	Cut      string            `json:"cut,omitempty"`
	Problem  string            `json:"problem,omitempty"`
}

// BacktestFinding is an alert that a draft would have raised, with the names of now.
type BacktestFinding struct {
	At         time.Time          `json:"at"`
	Ended      time.Time          `json:"ended,omitzero"`
	Lasts      bool               `json:"lasts"`
	Severity   g.Severity         `json:"severity"`
	Count      int                `json:"count"`
	Device     g.DeviceID         `json:"device,omitempty"`
	DeviceName string             `json:"device_name,omitempty"`
	Zone       g.ZoneID           `json:"zone,omitempty"`
	ZoneName   string             `json:"zone_name,omitempty"`
	Values     map[string]g.Value `json:"values,omitempty"`
}

// About is what an explanation is about: a device, or the devices of a room; none: only where the
// rule holds, and its alerts.
type About struct {
	Device g.DeviceID
	Zone   g.ZoneID
}

// Explained says why a rule fires or does not, and what became of its alerts.
type Explained struct {
	Why       *rules.Explanation `json:"why,omitempty"`
	Standings []rules.Watched    `json:"standings" nullable:"false"`
	More      int                `json:"more,omitempty"`
	Alerts    []alerts.AlertRow  `json:"alerts" nullable:"false"`
	InForce   bool               `json:"in_force"`
	Problem   string             `json:"problem,omitempty"`
	Names     map[string]string  `json:"names,omitempty"`
	// Hiding are the shelves and maintenance windows that keep such an alert off the wall now.
	Hiding []alerts.SuppressionRow `json:"hiding" nullable:"false"`

	Wrong *g.Error `json:"-"` // why it is not in force
}

// Tried is what tests of a rule said.
type Tried struct {
	Tests    []rules.TestResult `json:"tests" nullable:"false"`
	Passed   int                `json:"passed"`
	Failed   int                `json:"failed"`
	Problems []RuleProblem      `json:"problems" nullable:"false"`
}

type explainRuleInput struct {
	ByRule
	Device g.DeviceID `query:"device" maxLength:"64" doc:"The device that the question is about; empty: only where the rule holds, and its alerts."`
	Zone   g.ZoneID   `query:"zone" maxLength:"64" doc:"Instead of a device: the room that the question is about. Of its devices the one where most has come of the rule is explained."`
}

type backtestRuleInput struct {
	Body struct {
		Text   string     `json:"text" maxLength:"65536" doc:"One rule in the rule language (YAML)." example:"id: fridge-warm\ntitle: The fridge is warm\nseverity: warning\nwhen: {property: temperature, above: 8}\n"`
		School g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school whose past is looked at, with those below; empty: the caller's own."`
		Days   int        `json:"days,omitempty" minimum:"0" maximum:"31" doc:"How many days it goes back; 0: 7." example:"7"`
	}
}

// ByBacktest is the input of operations on one backtest.
type ByBacktest struct {
	ID string `path:"id" maxLength:"64" doc:"The backtest's id."`
}

type testRuleInput struct {
	Body struct {
		Text  string `json:"text" maxLength:"65536" doc:"One rule in the rule language (YAML)." example:"id: fridge-warm\ntitle: The fridge is warm\nseverity: warning\nwhen: {property: temperature, above: 8}\n"`
		Tests string `json:"tests" maxLength:"65536" doc:"Tests in the language of tests (YAML)." example:"tests:\n  - name: A warm fridge\n    devices: {fridge: {}}\n    story:\n      - {at: \"08:00\", device: fridge, says: {temperature: 9}}\n      - {expect: The fridge is warm}\n"`
	}
}

func (s *area) registerTrying() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rules/{id}/explain",
		ID:          "explain-rule",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "Why a rule has raised an alert for a device, or has not",
		Doc: "Each condition with what is known of it now, since when the rule holds, what mutes " +
			"it, what hides its alerts, and the newest of these with what people did about them.",
	}, s.explain)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rule-backtests",
		ID:          "start-rule-backtest",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Status:      202,
		Summary:     "Find out what a draft would have found in the last days",
		Doc: "It runs over the journal; ask for it by its id until its state is done. Names, rooms " +
			"and profiles are those of now, nobody's answers count, and what was known before it " +
			"begins is not. At most 5 million events and 3 minutes: cut says where it was ended.",
	}, s.startBacktest)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rule-backtests/{id}",
		ID:          "get-rule-backtest",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "How far a backtest is, and what it has found",
	}, func(ctx context.Context, in *ByBacktest) (*gate.Body[Backtest], error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		out, err := book.BacktestState(ctx, s.View(ctx), in.ID)
		out.Findings = gate.Some(out.Findings)
		return gate.Answer(out, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "DELETE",
		Path:        "/v1/rule-backtests/{id}",
		ID:          "stop-rule-backtest",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "End a backtest",
	}, func(ctx context.Context, in *ByBacktest) (*struct{}, error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		return nil, book.StopBacktest(ctx, s.View(ctx), in.ID)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rules/test",
		ID:          "test-rule",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "Try a rule on stories that say what it should find",
		Doc:         "The language of tests is in rules/README.md. The rules in force take part too.",
	}, s.try)
}

func (s *area) explain(ctx context.Context, in *explainRuleInput) (*gate.Body[Explained], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	out, err := book.Explain(ctx, s.View(ctx), in.ID, About{
		Device: in.Device,
		Zone:   in.Zone,
	})
	if out.Wrong != nil {
		out.Problem = gate.LanguageOf(ctx).Error(out.Wrong)
	}
	out.Standings, out.Alerts = gate.Some(out.Standings), gate.Some(out.Alerts)
	out.Hiding = gate.Some(out.Hiding)
	return gate.Answer(out, err)
}

func (s *area) startBacktest(
	ctx context.Context, in *backtestRuleInput,
) (*gate.Body[Backtest], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	days := in.Body.Days
	if days == 0 {
		days = 7
	}
	d := Draft{
		School: gate.SchoolOf(ctx, in.Body.School),
		Text:   in.Body.Text,
	}
	out, err := book.Backtest(ctx, s.View(ctx), d, time.Duration(days)*24*time.Hour)
	out.Findings = gate.Some(out.Findings)
	return gate.Answer(out, err)
}

func (s *area) try(ctx context.Context, in *testRuleInput) (*gate.Body[Tried], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	out, err := book.Try(ctx, s.View(ctx), in.Body.Text, in.Body.Tests)
	out.Tests, out.Problems = gate.Some(out.Tests), worded(ctx, out.Problems)
	return gate.Answer(out, err)
}
