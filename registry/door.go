package registry

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// What the store does by itself, for those who stand outside.
type (
	// Options say where the registry lives.
	Options = store.Options
	// Change says that something committed.
	Change = store.Change
	// Page bounds a list.
	Page = store.Page
	// Sort is the order of a list.
	Sort = store.Sort
	// Walks let lists be read page by page while they change.
	Walks = store.Walks
	// OutboxRow is an event that is to be journalled.
	OutboxRow = store.OutboxRow
	// AuditAnchor says that the audit log had come so far at a time.
	AuditAnchor = store.AuditAnchor
)

// NewWalks keeps orders of at most max rows together, and always the newest.
func NewWalks(max int) *Walks { return store.NewWalks(max) }

// Walk is a page of a list that is read as a whole; see [store.Walk].
func Walk[T any](w *Walks, all []T, p Page, key func(T) string) ([]T, string, error) {
	return store.Walk(w, all, p, key)
}

// When makes the next change that is written under ctx depend on check; see [store.When].
func When(ctx context.Context, check func(context.Context) error) context.Context {
	return store.When(ctx, check)
}

// CheckReason refuses a reason that says nothing.
func CheckReason(field, s string) error { return store.CheckReason(field, s) }

// Deeds are what the audit log can say that somebody did; see [store.Deeds].
func Deeds() []string { return store.Deeds() }

// Close waits for what is under way and closes both databases. It may be called twice.
func (r *Registry) Close() error { return r.s.Close() }

// Backup writes consistent copies of both files into dir while the registry is in use. The
// copies need the same master key. On PostgreSQL it refuses: use pg_dump.
func (r *Registry) Backup(ctx context.Context, dir string) error { return r.s.Backup(ctx, dir) }

// CheckFiles says whether the databases' files are whole, as far as SQLite can tell.
func (r *Registry) CheckFiles(ctx context.Context) error { return r.s.CheckFiles(ctx) }

// Subscribe calls f after each commit that changed something. f must be quick and must not call
// the registry; cancel ends the calls.
func (r *Registry) Subscribe(f func(Change)) (cancel func()) { return r.s.Subscribe(f) }

// OutboxReady receives when the outbox may hold new rows. It is for one reader, which should
// also look once when it starts.
func (r *Registry) OutboxReady() <-chan struct{} { return r.s.OutboxReady() }

// HoldAudit makes VerifyAudit hold the log against an anchor from before this start, besides
// what it has seen itself. An anchor of another gateway is refused.
func (r *Registry) HoldAudit(a AuditAnchor) error { return r.s.HoldAudit(a) }

// AnchorAudit is the audit log's present end, to be kept where whoever can change the registry
// cannot reach. Only system scopes ask.
func (v *View) AnchorAudit(ctx context.Context) (AuditAnchor, error) { return v.s.AnchorAudit(ctx) }

// VerifyAudit recomputes the whole chain of the audit log, and holds it against how far it came
// in this run and against the anchors. It answers how many entries hold; the error names the
// first that does not.
func (v *View) VerifyAudit(
	ctx context.Context, anchors ...AuditAnchor,
) (entries uint64, err error) {
	return v.s.VerifyAudit(ctx, anchors...)
}

// Outbox reads the oldest events after a row that are to be journalled; only system scopes do.
func (v *View) Outbox(ctx context.Context, after int64, limit int) ([]OutboxRow, error) {
	return v.s.Outbox(ctx, after, limit)
}

// DeleteOutbox removes rows that are journalled; only system scopes do.
func (v *View) DeleteOutbox(ctx context.Context, upTo []int64) error {
	return v.s.DeleteOutbox(ctx, upTo)
}
