package rulebook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Options are what a Book uses.
type Options struct {
	Dir       string // the folder of rules
	Own       bool   // the folder is the gateway's own: it begins with the shipped rules
	Held      string // a copy of what is in force, for a start that finds Dir damaged; "": none
	Shipped   fs.FS  // deploy's files
	Registry  *registry.Registry
	Directory *directory.Directory
	Journal   *journal.Journal // the past, for backtests
	Now       func() time.Time
	Logger    *slog.Logger
	// Refused is told why a start goes on with the copy, and not with the folder.
	Refused func(why error)
}

// Book holds the rules in force. It is safe for concurrent use.
type Book struct {
	opt    Options
	view   *registry.View // of the gateway itself
	reader *alerting.Reader

	shipped []rules.Procedure // that come with the gateway

	mu      sync.Mutex // one change of the rules in force at a time
	now     atomic.Pointer[inForce]
	changed chan struct{} // rules or schools in the registry changed

	running sync.WaitGroup // backtests
	tests   sync.Mutex     // guards life and all
	life    context.Context
	all     []*backtest // oldest first
}

// inForce are the rules in force, and what they were put together from.
type inForce struct {
	files   alerting.Files     // of the folder
	kept    []kept.RuleVersion // of the schools, newest versions
	steps   []g.ProcedureID    // the IDs of all procedures in the registry
	schools tree
	all     alerting.Files        // what the engine runs
	broken  map[g.RuleID]*g.Error // schools' rules that cannot be in force, and why
}

// Open reads every rule and procedure. Where one in the folder is invalid, what held before the stop
// holds on, and Refused is told; at a first start that is an error. One in the registry is left out
// and told. Changes of the folder since the last start
// are recorded in the audit log; if that fails, so does the start. Call Begin before Run.
func Open(ctx context.Context, o Options) (*Book, error) {
	b := &Book{
		opt:     o,
		view:    o.Registry.In(g.SystemScope("rules")),
		changed: make(chan struct{}, 1),
	}
	if o.Own {
		if err := alerting.Seed(o.Dir, o.Shipped); err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
	}
	versions, err := b.view.Rules.List(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	files, wrong, err := alerting.LoadStart(o.Dir, o.Held, func(f alerting.Files) error {
		return b.clashes(f, versions)
	})
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		o.Refused(wrong)
	}
	if b.shipped, err = shippedProcedures(o.Shipped); err != nil {
		return nil, err
	}
	now, err := b.compose(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	profiles, err := b.view.Fleet.Profiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for _, d := range now.all.Doubts(profiles) {
		o.Logger.Warn("a rule can find nothing until a profile knows what it is about", "at", d.Field,
			"doubt", d.Message)
	}
	if err := b.note(ctx, files); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if err := b.offer(ctx, files); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	b.now.Store(now)
	if wrong == nil {
		b.hold()
	}
	return b, nil
}

// hold keeps a copy of the folder. Without one the rules are in force all the same.
func (b *Book) hold() {
	if b.opt.Held == "" {
		return
	}
	if err := alerting.Hold(b.opt.Dir, b.opt.Held); err != nil {
		b.opt.Logger.Warn("no copy of the rules in force is kept for the next start", "error", err)
	}
}

// InForce are the rules that the engine runs.
func (b *Book) InForce() alerting.Files { return b.now.Load().all }

// Begin names the reader that runs the rules.
func (b *Book) Begin(r *alerting.Reader) { b.reader = r }

// Folder are the rules and procedures of the folder that are in force.
func (b *Book) Folder() alerting.Files { return b.now.Load().files }

// Take puts the folder's rules and procedures into force, together with the schools', and records
// their changes in the audit log.
func (b *Book) Take(ctx context.Context, files alerting.Files) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, err := b.compose(ctx, files)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	err = b.reader.Replace(ctx, next.all, func(ctx context.Context) error {
		if err := b.note(ctx, files); err != nil {
			return err
		}
		return b.offer(ctx, files)
	})
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	b.now.Store(next)
	b.hold()
	return nil
}

// Fits reports which of the folder's rules have the ID of a rule that a school has written and that
// does not stand in its place.
func (b *Book) Fits(files alerting.Files) error {
	return b.clashes(files, b.now.Load().kept)
}

func (b *Book) clashes(files alerting.Files, versions []kept.RuleVersion) error {
	var errs []error
	for _, r := range files.Rules {
		for _, x := range versions {
			if x.ID == r.ID && !x.Replaces {
				errs = append(errs, b.clash(r.File, r.Line, x))
			}
		}
	}
	return errors.Join(errs...)
}

func (b *Book) clash(file string, line int, x kept.RuleVersion) error {
	return g.FieldErrorf(fmt.Sprintf("%s:%d", file, line),
		"the id %q is taken by a rule that the school %s has written; choose another", x.ID,
		b.schoolName(x.School))
}

func (b *Book) schoolName(id g.SchoolID) string {
	if s := b.opt.Directory.School(id); s.Name != "" {
		return s.Name
	}
	return string(id)
}

func (b *Book) note(ctx context.Context, files alerting.Files) error {
	texts, err := files.Texts()
	if err != nil {
		return err
	}
	return b.view.Alerts.NoteRules(ctx, texts)
}

// retryAfter is how long Run waits before it tries again what did not work.
const retryAfter = 5 * time.Second

// composed are the kinds of what the rules in force are put together from.
var composed = []change.Kind{change.Rule, change.Procedure, change.School, change.Calendar}

// Run puts changes of the schools' rules and calendars, and of the tree of schools, into force until
// ctx ends.
func (b *Book) Run(ctx context.Context) error {
	cancel := b.opt.Registry.Subscribe(func(c registry.Change) {
		if slices.Contains(composed, c.Kind) {
			b.wake()
		}
	})
	defer cancel()
	b.live(ctx)
	defer func() {
		var over context.Context
		b.live(over)
		b.running.Wait()
	}()
	b.wake() // for what changed between Open and now
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.changed:
		}
		err := b.refresh(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		b.opt.Logger.Error("the schools' rules are not in force yet", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryAfter):
			b.wake()
		}
	}
}

// live sets the context in which backtests run; nil: none may begin.
func (b *Book) live(ctx context.Context) {
	b.tests.Lock()
	defer b.tests.Unlock()
	b.life = ctx
}

func (b *Book) wake() {
	select {
	case b.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// refresh puts the registry's rules into force if they differ from those in force.
func (b *Book) refresh(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now.Load()
	next, err := b.compose(ctx, now.files)
	if err != nil {
		return err
	}
	if next.same(now) {
		return nil
	}
	nothing := func(context.Context) error { return nil }
	if err := b.reader.Replace(ctx, next.all, nothing); err != nil {
		return err
	}
	b.now.Store(next)
	for id, why := range next.broken {
		b.opt.Logger.Warn("a school's rule cannot be in force", "rule", id, "why", why.Message)
	}
	return nil
}
