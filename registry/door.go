package registry

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// What package store offers to callers of the registry.
type (
	// Options say where the registry is stored.
	Options = store.Options
	// Change describes a committed change.
	Change = store.Change
	// Page selects part of a list.
	Page = store.Page
	// Sort is the order of a list.
	Sort = store.Sort
	// Walks pages through lists that may change meanwhile.
	Walks = store.Walks
	// OutboxRow is an event to be journalled.
	OutboxRow = store.OutboxRow
	// AuditAnchor records how far the audit log had come at a time.
	AuditAnchor = store.AuditAnchor
)

// NewWalks keeps orders of at most max rows in total; see [store.Walks].
func NewWalks(max int) *Walks { return store.NewWalks(max) }

// Walk returns a page of a list; see [store.Walk].
func Walk[T any](w *Walks, all []T, p Page, key func(T) string) ([]T, string, error) {
	return store.Walk(w, all, p, key)
}

// When makes the next write under ctx conditional on check; see [store.When].
func When(ctx context.Context, check func(context.Context) error) context.Context {
	return store.When(ctx, check)
}

// CheckReason refuses a reason without content.
func CheckReason(field, s string) error { return store.CheckReason(field, s) }

// Deeds lists the actions that the audit log can record; see [store.Deeds].
func Deeds() []string { return store.Deeds() }

// Close waits for queries in progress and closes both databases. It may be called twice.
func (r *Registry) Close() error { return r.s.Close() }

// Backup writes consistent copies of both databases into dir while the registry is in use; they
// need the same master key. It is not available on PostgreSQL: use pg_dump.
func (r *Registry) Backup(ctx context.Context, dir string) error { return r.s.Backup(ctx, dir) }

// CheckFiles checks the integrity of SQLite's database files.
func (r *Registry) CheckFiles(ctx context.Context) error { return r.s.CheckFiles(ctx) }

// Subscribe calls f after each commit that changed something. f blocks the committing goroutine, so
// it must be quick, and must not call the registry; cancel ends the calls.
func (r *Registry) Subscribe(f func(Change)) (cancel func()) { return r.s.Subscribe(f) }

// OutboxReady signals that the outbox may have new rows. It serves one reader, which should also
// look once when it starts.
func (r *Registry) OutboxReady() <-chan struct{} { return r.s.OutboxReady() }

// HoldAudit makes VerifyAudit also check the log against an anchor from an earlier run. It fails
// for an anchor of another gateway.
func (r *Registry) HoldAudit(a AuditAnchor) error { return r.s.HoldAudit(a) }

// AnchorAudit returns the current end of the audit log, to be stored out of reach of those who can
// change the registry. Only for system scopes.
func (v *View) AnchorAudit(ctx context.Context) (AuditAnchor, error) { return v.s.AnchorAudit(ctx) }

// VerifyAudit recomputes the whole chain of the audit log, and compares it with the end seen in
// this run and with the anchors. It returns the number of entries, or of those before the first
// invalid one, which the error names.
func (v *View) VerifyAudit(
	ctx context.Context, anchors ...AuditAnchor,
) (entries uint64, err error) {
	return v.s.VerifyAudit(ctx, anchors...)
}

// Outbox returns the oldest unjournalled events after a row; only for system scopes.
func (v *View) Outbox(ctx context.Context, after int64, limit int) ([]OutboxRow, error) {
	return v.s.Outbox(ctx, after, limit)
}

// DeleteOutbox removes journalled rows; only for system scopes.
func (v *View) DeleteOutbox(ctx context.Context, upTo []int64) error {
	return v.s.DeleteOutbox(ctx, upTo)
}
