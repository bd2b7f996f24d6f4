package registry

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// auditHash is SHA-256 over the previous hash and the entry, each field with its length.
func auditHash(prev string, e g.AuditEntry) string {
	h := sha256.New()
	var n [8]byte
	put := func(s string) {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	put(prev)
	binary.BigEndian.PutUint64(n[:], e.Seq)
	h.Write(n[:])
	binary.BigEndian.PutUint64(n[:], uint64(micros(e.Time)))
	h.Write(n[:])
	for _, s := range []string{string(e.School), e.Actor, e.Deed, e.Object, e.Reason} {
		put(s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// head is a keyed hash of the newest entry: entries cut off the end, and a chain that was
// computed anew, are found by it.
func (v *vault) auditHead(seq uint64, hash string) []byte {
	m := hmac.New(sha256.New, v.head)
	fmt.Fprintf(m, "%d %s", seq, hash)
	return m.Sum(nil)
}

// audit adds an entry in the transaction of the deed: both are kept or neither.
func (v *View) audit(ctx context.Context, t *tx, school g.SchoolID, deed, object string) error {
	return v.r.auditAs(ctx, t, v.s.Actor, v.s.Reason, school, deed, object)
}

func (r *Registry) auditAs(ctx context.Context, t *tx, actor, reason string, school g.SchoolID, deed, object string) error {
	e := g.AuditEntry{Time: moment(micros(t.now)), School: school, Actor: actor, Deed: deed, Object: object, Reason: reason}
	var prev string
	err := t.row(ctx, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").Scan(&e.Seq, &prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the audit log: %w", err)
	}
	e.Seq++
	e.Hash = auditHash(prev, e)
	var sealed []byte
	if reason != "" {
		sealed = seal(r.vault.data, []byte(reason), "audit "+digits(e.Seq))
	}
	_, err = t.exec(ctx, "INSERT INTO audit (seq, time, school, actor, deed, object, reason_sealed, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		int64(e.Seq), micros(e.Time), string(school), actor, deed, object, sealed, e.Hash)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	_, err = t.exec(ctx, "INSERT INTO meta (key, value) VALUES ('audit_head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", r.vault.auditHead(e.Seq, e.Hash))
	if err != nil {
		return fmt.Errorf("write the audit log's head: %w", err)
	}
	return nil
}

// Record adds an entry of the caller's own to the audit log, e.g. "camera.view".
func (v *View) Record(ctx context.Context, deed, object string) error {
	if _, err := v.reach(ctx, ""); err != nil {
		return err
	}
	if err := errors.Join(line("deed", deed, 100), optional("object", object, 500)); err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error { return v.audit(ctx, t, v.s.School, deed, object) })
}

const auditColumns = "seq, time, school, actor, deed, object, reason_sealed, hash"

func (r *Registry) scanAudit(scan func(...any) error) (e g.AuditEntry, err error) {
	var at int64
	var sealed []byte
	if err := scan(&e.Seq, &at, &e.School, &e.Actor, &e.Deed, &e.Object, &sealed, &e.Hash); err != nil {
		return e, err
	}
	e.Time = moment(at)
	if len(sealed) > 0 {
		reason, err := unseal(r.vault.data, sealed, "audit "+digits(e.Seq))
		if err != nil {
			return e, err
		}
		e.Reason = string(reason)
	}
	return e, nil
}

// Audit lists the audit log, newest first.
func (v *View) Audit(ctx context.Context, f AuditFilter) ([]g.AuditEntry, string, error) {
	in, err := v.reach(ctx, g.AuditRead)
	if err != nil {
		return nil, "", err
	}
	var w where
	if err := in.within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	eq(&w, "actor", f.Actor)
	eq(&w, "deed", f.Deed)
	eq(&w, "object", f.Object)
	if err := before(&w, f.Page, "seq"); err != nil {
		return nil, "", err
	}
	out := []g.AuditEntry{}
	err = each(ctx, v.r.reg, "SELECT "+auditColumns+" FROM audit"+w.String()+" ORDER BY seq DESC LIMIT ?", append(w.args, f.limit()+1), func(scan func(...any) error) error {
		e, err := v.r.scanAudit(scan)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list the audit log: %w", err)
	}
	out, next := cut(out, f.limit(), func(e g.AuditEntry) string { return cursor(digits(e.Seq)) })
	return out, next, nil
}

// VerifyAudit recomputes the whole chain. It answers how many entries hold; the error names
// the first that does not.
func (v *View) VerifyAudit(ctx context.Context) (entries uint64, err error) {
	in, err := v.reach(ctx, g.AuditRead)
	if err != nil {
		return 0, err
	}
	if top, err := v.top(ctx, in); err != nil {
		return 0, err
	} else if !top {
		return 0, g.Errorf(g.Forbidden, "the chain spans all schools: only the gateway's top school can verify it")
	}
	prev := ""
	// One read transaction, so that an entry written meanwhile does not look like a forged head.
	t, err := v.r.reg.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: v.r.reg.snapshot()})
	if err != nil {
		return 0, fmt.Errorf("verify the audit log: %w", err)
	}
	defer t.Rollback()
	c := &tx{Tx: t, s: v.r.reg}
	err = each(ctx, c, "SELECT "+auditColumns+" FROM audit ORDER BY seq", nil, func(scan func(...any) error) error {
		e, err := v.r.scanAudit(scan)
		if err != nil {
			return g.Errorf(g.Conflict, "audit entry %d was changed: %v", entries+1, err)
		}
		if e.Seq != entries+1 {
			return g.Errorf(g.Conflict, "audit entry %d is missing", entries+1)
		}
		if e.Hash != auditHash(prev, e) {
			return g.Errorf(g.Conflict, "audit entry %d was changed: its hash does not follow from it", e.Seq)
		}
		prev, entries = e.Hash, e.Seq
		return nil
	})
	if err != nil || entries == 0 && v.emptyHead(ctx, c) {
		return entries, err
	}
	var head []byte
	if err := c.row(ctx, "SELECT value FROM meta WHERE key = 'audit_head'").Scan(&head); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return entries, fmt.Errorf("verify the audit log: %w", err)
	}
	if !hmac.Equal(head, v.r.vault.auditHead(entries, prev)) {
		return entries, g.Errorf(g.Conflict, "the audit log was cut or written anew: its head does not fit entry %d", entries)
	}
	return entries, nil
}

// emptyHead says whether nothing has ever been audited.
func (v *View) emptyHead(ctx context.Context, c conn) bool {
	n := 0
	return c.row(ctx, "SELECT COUNT(*) FROM meta WHERE key = 'audit_head'").Scan(&n) == nil && n == 0
}
