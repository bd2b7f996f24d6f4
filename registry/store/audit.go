package store

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

// auditHash is SHA-256 over the previous hash and the entry's fields, each preceded by its length.
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
	binary.BigEndian.PutUint64(n[:], uint64(Micros(e.Time)))
	h.Write(n[:])
	for _, s := range []string{string(e.School), e.Actor, e.Deed, e.Object, e.Reason} {
		put(s)
	}
	if len(e.Changes) > 0 { // entries without changes hash as they did before there were changes
		put(changesText(e.Changes))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// auditHead is an HMAC of the newest entry. It reveals a chain that was truncated or recomputed.
func (v *Vault) auditHead(seq uint64, hash string) []byte {
	m := hmac.New(sha256.New, v.head)
	fmt.Fprintf(m, "%d %s", seq, hash)
	return m.Sum(nil)
}

// Audit adds an entry in the transaction of the change that it records.
func (v *View) Audit(ctx context.Context, t *Tx, school g.SchoolID, deed, object string) error {
	return v.AuditAs(
		ctx,
		t,
		v.Scope.Actor,
		v.Scope.Reason,
		school,
		deed,
		object,
	)
}

func (r *Store) AuditAs(
	ctx context.Context, t *Tx, actor, reason string, school g.SchoolID, deed, object string,
) error {
	return r.AuditEntry(ctx, t, g.AuditEntry{
		School: school,
		Actor:  actor,
		Deed:   deed,
		Object: object,
		Reason: reason,
	})
}

// AuditEntry appends an entry and sets its sequence number, time and hash.
func (r *Store) AuditEntry(ctx context.Context, t *Tx, e g.AuditEntry) error {
	e.Time = Moment(Micros(t.Now))
	var prev string
	err := t.Row(ctx, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").Scan(&e.Seq, &prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the audit log: %w", err)
	}
	e.Seq++
	e.Hash = auditHash(prev, e)
	place := "audit " + Digits(e.Seq)
	var reason, changes []byte
	if e.Reason != "" {
		reason = Seal(r.Vault.Data, []byte(e.Reason), place)
	}
	if len(e.Changes) > 0 {
		changes = Seal(r.Vault.Data, []byte(changesText(e.Changes)), place+" changes")
	}
	_, err = t.Exec(ctx,
		"INSERT INTO audit (seq, time, school, actor, deed, object, reason_sealed, hash, "+
			"changes_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		int64(e.Seq), Micros(e.Time), string(e.School), e.Actor, e.Deed, e.Object, reason, e.Hash,
		changes)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	_, err = t.Exec(ctx,
		"INSERT INTO meta (key, value) VALUES ('audit_head', ?) ON CONFLICT (key) DO UPDATE SET "+
			"value = excluded.value",
		r.Vault.auditHead(e.Seq, e.Hash))
	if err != nil {
		return fmt.Errorf("write the audit log's head: %w", err)
	}
	t.audited = &AuditPoint{
		Seq:  e.Seq,
		Hash: e.Hash,
	}
	return nil
}

const AuditColumns = "seq, time, school, actor, deed, object, reason_sealed, hash, changes_sealed"

func (r *Store) ScanAudit(scan func(...any) error) (e g.AuditEntry, err error) {
	var at int64
	var sealed, changes []byte
	if err := scan(&e.Seq, &at, &e.School, &e.Actor, &e.Deed, &e.Object, &sealed, &e.Hash,
		&changes); err != nil {
		return e, err
	}
	e.Time = Moment(at)
	if len(sealed) > 0 {
		reason, err := Unseal(r.Vault.Data, sealed, "audit "+Digits(e.Seq))
		if err != nil {
			return e, err
		}
		e.Reason = string(reason)
	}
	if len(changes) > 0 {
		text, err := Unseal(r.Vault.Data, changes, "audit "+Digits(e.Seq)+" changes")
		if err != nil {
			return e, err
		}
		return e, FromJSON(text, &e.Changes)
	}
	return e, nil
}
