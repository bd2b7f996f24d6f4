// Package rules is the API of rules: those in force, the ones that a school writes itself with
// their versions, templates, and what a draft would find.
//
// It knows nothing of the rule language: it asks the Book that it is given, as the caller.
package rules

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
)

// Book holds the rules in force. Its methods see and change what the view may.
type Book interface {
	List(ctx context.Context, v *registry.View, school g.SchoolID) ([]Rule, error)
	Find(ctx context.Context, v *registry.View, id g.RuleID) (Rule, error)
	Versions(ctx context.Context, v *registry.View, id g.RuleID) ([]kept.RuleVersion, error)
	Templates(ctx context.Context, v *registry.View) ([]RuleTemplate, error)
	ExportTemplates(ctx context.Context, id string) (string, error)
	Import(ctx context.Context, v *registry.View, d Draft, dry bool) (ImportedRules, error)
	Check(ctx context.Context, v *registry.View, d Draft) (Checked, error)
	Put(ctx context.Context, v *registry.View, d Draft, seen int) (Rule, error)
	Delete(ctx context.Context, v *registry.View, id g.RuleID, seen int, note string) error
	Restore(
		ctx context.Context, v *registry.View, id g.RuleID, seen, from int, note string,
	) (Rule, error)
	Explain(
		ctx context.Context, v *registry.View, id g.RuleID, about About,
	) (Explained, error)
	ExplainThen(
		ctx context.Context, v *registry.View, id g.RuleID, about About, at time.Time,
	) (ExplainedThen, error)
	ThenState(ctx context.Context, v *registry.View, id string) (ExplainedThen, error)
	StopThen(ctx context.Context, v *registry.View, id string) error
	Backtest(
		ctx context.Context, v *registry.View, d Draft, since time.Duration,
	) (Backtest, error)
	BacktestState(ctx context.Context, v *registry.View, id string) (Backtest, error)
	StopBacktest(ctx context.Context, v *registry.View, id string) error
	Try(ctx context.Context, v *registry.View, text, tests string) (Tried, error)
}

// area is what the operations use.
type area struct {
	*gate.Gate
	book Book
}

// Register adds the operations. Without a book they return unavailable.
func Register(r *gate.Gate, book Book) {
	s := &area{r, book}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("ImportedRule", "what", ImportAdded, ImportNewer, ImportSame, ImportKept, ImportRefused)
		d.OneOf("Rule", "origin", OfFile, OfSchool)
		d.OneOf("Backtest", "state", BacktestRuns, BacktestDone, BacktestFailed)
		d.OneOf("Backtest", "cut", "", CutTime, CutEvents, CutStopped)
		d.OneOf("ExplainedThen", "state", BacktestRuns, BacktestDone, BacktestFailed)
		d.OneOf("ExplainedThen", "cut", "", CutTime, CutStopped)
		d.OneOf("ExplainedThen", "short", "", ShortJournal, ShortEvents)
	})
	s.registerReading()
	s.registerWriting()
	s.registerTrying()
	s.registerThen()
	s.registerTemplates()
}

// ready returns the book, or that there is none.
func (s *area) ready() (Book, error) {
	if s.book == nil {
		return nil, gate.Missing("rules")
	}
	return s.book, nil
}
