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
	if len(e.Changes) > 0 { // entries from before there were any keep their hash
		put(changesText(e.Changes))
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
	return r.auditEntry(ctx, t, g.AuditEntry{School: school, Actor: actor, Deed: deed, Object: object, Reason: reason})
}

// auditEntry appends an entry, of which it sets the place, the time and the hash.
func (r *Registry) auditEntry(ctx context.Context, t *tx, e g.AuditEntry) error {
	e.Time = moment(micros(t.now))
	var prev string
	err := t.row(ctx, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").Scan(&e.Seq, &prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the audit log: %w", err)
	}
	e.Seq++
	e.Hash = auditHash(prev, e)
	place := "audit " + digits(e.Seq)
	var reason, changes []byte
	if e.Reason != "" {
		reason = seal(r.vault.data, []byte(e.Reason), place)
	}
	if len(e.Changes) > 0 {
		changes = seal(r.vault.data, []byte(changesText(e.Changes)), place+" changes")
	}
	_, err = t.exec(ctx, "INSERT INTO audit (seq, time, school, actor, deed, object, reason_sealed, hash, changes_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		int64(e.Seq), micros(e.Time), string(e.School), e.Actor, e.Deed, e.Object, reason, e.Hash, changes)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	_, err = t.exec(ctx, "INSERT INTO meta (key, value) VALUES ('audit_head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", r.vault.auditHead(e.Seq, e.Hash))
	if err != nil {
		return fmt.Errorf("write the audit log's head: %w", err)
	}
	t.audited = &AuditPoint{Seq: e.Seq, Hash: e.Hash}
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
	if err := v.hidesNames(ctx, v.s.School); err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error { return v.audit(ctx, t, v.s.School, deed, object) })
}

const auditColumns = "seq, time, school, actor, deed, object, reason_sealed, hash, changes_sealed"

func (r *Registry) scanAudit(scan func(...any) error) (e g.AuditEntry, err error) {
	var at int64
	var sealed, changes []byte
	if err := scan(&e.Seq, &at, &e.School, &e.Actor, &e.Deed, &e.Object, &sealed, &e.Hash, &changes); err != nil {
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
	if len(changes) > 0 {
		text, err := unseal(r.vault.data, changes, "audit "+digits(e.Seq)+" changes")
		if err != nil {
			return e, err
		}
		return e, unjson(text, &e.Changes)
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
	f.narrow(&w)
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
	return out, next, v.namesBeside(ctx, out)
}
