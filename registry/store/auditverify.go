package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// AuditPoint is an entry of the audit log and its hash, which fixes the chain up to it.
type AuditPoint struct {
	Seq  uint64
	Hash string
}

// AuditAnchor records how far the audit log had come at a time. Its MAC is made with a key of the
// gateway, without which anchors cannot be forged.
type AuditAnchor struct {
	AuditPoint
	Time time.Time // whole seconds
	MAC  string
}

func (v *Vault) anchorMAC(a AuditAnchor) string {
	m := hmac.New(sha256.New, v.head)
	fmt.Fprintf(m, "anchor %d %s %d", a.Seq, a.Hash, a.Time.Unix())
	return hex.EncodeToString(m.Sum(nil))
}

// AnchorAudit returns the current end of the audit log, to be stored out of reach of those who can
// change the registry. Only system scopes may call it.
func (v *View) AnchorAudit(ctx context.Context) (AuditAnchor, error) {
	if err := v.OnlySystem(); err != nil {
		return AuditAnchor{}, err
	}
	a := AuditAnchor{Time: v.Now().UTC().Truncate(time.Second)}
	err := v.Reg.Row(ctx, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").Scan(&a.Seq,
		&a.Hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return AuditAnchor{}, fmt.Errorf("read the audit log: %w", err)
	}
	a.MAC = v.Vault.anchorMAC(a)
	return a, nil
}

// HoldAudit makes VerifyAudit also check the log against an anchor from an earlier run. It fails
// for an anchor of another gateway.
func (r *Store) HoldAudit(a AuditAnchor) error {
	if !hmac.Equal([]byte(a.MAC), []byte(r.Vault.anchorMAC(a))) {
		return g.Errorf(g.Invalid, "the anchor of %s was not made with this gateway's key",
			a.Time.Format(time.RFC3339))
	}
	if seen := r.auditSeen.Load(); seen == nil || seen.Seq < a.Seq {
		r.auditSeen.Store(&a.AuditPoint)
	}
	return nil
}

// sawAudit records how far the log has come in this run.
func (r *Store) sawAudit(p *AuditPoint) {
	for {
		old := r.auditSeen.Load()
		if old != nil && old.Seq >= p.Seq || r.auditSeen.CompareAndSwap(old, p) {
			return
		}
	}
}

// VerifyAudit recomputes the whole chain, and compares it with the end seen in this run and with
// the anchors. It returns the number of entries, or of those before the first invalid one, which
// the error names. An anchor of another gateway is an error.
func (v *View) VerifyAudit(
	ctx context.Context, anchors ...AuditAnchor,
) (entries uint64, err error) {
	in, err := v.Reach(ctx, g.AuditRead)
	if err != nil {
		return 0, err
	}
	if top, err := v.Top(ctx, in); err != nil {
		return 0, err
	} else if !top {
		return 0, g.Errorf(g.Forbidden,
			"the chain spans all schools: only the gateway's top school can verify it")
	}
	points, err := v.points(anchors)
	if err != nil {
		return 0, err
	}
	// One read transaction: an entry written meanwhile must not look like a forged head.
	t, err := v.Reg.r.BeginTx(ctx, &sql.TxOptions{
		ReadOnly:  true,
		Isolation: v.Reg.snapshot(),
	})
	if err != nil {
		return 0, fmt.Errorf("verify the audit log: %w", err)
	}
	defer t.Rollback()
	c := &Tx{Tx: t, s: v.Reg}
	last, err := v.walkAudit(ctx, c, points)
	if err != nil {
		return last.Seq, err
	}
	return last.Seq, v.checkHead(ctx, c, last)
}

// points maps sequence numbers to the hashes that the chain must have there.
func (r *Store) points(anchors []AuditAnchor) (map[uint64]string, error) {
	points := map[uint64]string{}
	if seen := r.auditSeen.Load(); seen != nil {
		points[seen.Seq] = seen.Hash
	}
	for _, a := range anchors {
		if !hmac.Equal([]byte(a.MAC), []byte(r.Vault.anchorMAC(a))) {
			return nil, g.Errorf(g.Invalid,
				"the anchor of %s, entry %d, was not made with this gateway's key: it is another "+
					"gateway's, or forged",
				a.Time.UTC().Format(time.RFC3339), a.Seq)
		}
		if had, ok := points[a.Seq]; ok && had != a.Hash {
			return nil, g.Errorf(g.Conflict,
				"audit entry %d had another hash when it was anchored at %s: the log was written "+
					"anew",
				a.Seq, a.Time.UTC().Format(time.RFC3339))
		}
		points[a.Seq] = a.Hash
	}
	delete(points, 0) // anchor of an empty log
	return points, nil
}

// walkAudit verifies the chain and returns its end.
func (r *Store) walkAudit(
	ctx context.Context, c Conn, points map[uint64]string,
) (last AuditPoint, err error) {
	err = Each(ctx, c, "SELECT "+AuditColumns+" FROM audit ORDER BY seq", nil,
		func(scan func(...any) error) error {
			e, err := r.ScanAudit(scan)
			if err != nil {
				return g.Errorf(g.Conflict, "audit entry %d was changed: %v", last.Seq+1, err)
			}
			if e.Seq != last.Seq+1 {
				return g.Errorf(g.Conflict, "audit entry %d is missing", last.Seq+1)
			}
			if e.Hash != auditHash(last.Hash, e) {
				return g.Errorf(g.Conflict,
					"audit entry %d was changed: its hash does not follow from it", e.Seq)
			}
			if want, ok := points[e.Seq]; ok && want != e.Hash {
				return g.Errorf(g.Conflict,
					"audit entry %d is another one than was anchored: the log was written anew",
					e.Seq)
			}
			last = AuditPoint{e.Seq, e.Hash}
			return nil
		})
	if err != nil {
		return last, err
	}
	for seq := range points {
		if seq > last.Seq {
			return last, g.Errorf(g.Conflict,
				"the audit log ends with entry %d and had entry %d already: "+
					"its end was removed, or a backup from before was restored", last.Seq, seq)
		}
	}
	return last, nil
}

// checkHead compares the end of the chain with the HMAC of the head.
func (r *Store) checkHead(ctx context.Context, c Conn, last AuditPoint) error {
	var head []byte
	err := c.Row(ctx, "SELECT value FROM meta WHERE key = 'audit_head'").Scan(&head)
	if errors.Is(err, sql.ErrNoRows) && last.Seq == 0 {
		return r.neverAudited(ctx, c)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("verify the audit log: %w", err)
	}
	if !hmac.Equal(head, r.Vault.auditHead(last.Seq, last.Hash)) {
		return g.Errorf(g.Conflict,
			"the audit log was cut or written anew: its head does not fit entry %d", last.Seq)
	}
	return nil
}

// neverAudited checks that a log without entries is plausible: creating a school or a user writes
// one.
func (r *Store) neverAudited(ctx context.Context, c Conn) error {
	n := 0
	if err := c.Row(ctx, "SELECT (SELECT COUNT(*) FROM schools) + (SELECT COUNT(*) FROM users)").Scan(&n); err != nil {
		return fmt.Errorf("verify the audit log: %w", err)
	}
	if n > 0 {
		return g.Errorf(g.Conflict,
			"the audit log is empty, and there are schools or users, whose making it must hold: "+
				"it was removed")
	}
	return nil
}
