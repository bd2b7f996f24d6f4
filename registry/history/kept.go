package history

import (
	"context"
	"crypto/cipher"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// sealing is the number of bytes that encryption adds: nonce and tag of AES-GCM.
const sealing = 12 + 16

// keptContext binds encrypted history to its use. It does not include the row, since encryption
// happens before the journal assigns the event's sequence.
const keptContext = "kept history"

// SealKept encrypts what the history keeps for authorised callers: the credential of an unresolved
// sighting, or a message that could not be parsed. Data of no school is encrypted with a key of the
// gateway. Only for system scopes.
func (v View) SealKept(ctx context.Context, school g.SchoolID, plain []byte) ([]byte, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	if err := people.HidesNames(ctx, v.people, school); err != nil {
		return nil, err
	}
	c, err := v.keptCipher(ctx, school)
	if err != nil {
		return nil, err
	}
	return store.Seal(c, plain, keptContext), nil
}

func (v View) keptCipher(ctx context.Context, school g.SchoolID) (cipher.AEAD, error) {
	if school == "" {
		return v.s.Vault.Data, nil
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	return keys.Kept, nil
}

// optionalBytes is NULL for no bytes.
func optionalBytes(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// RejectionContent decrypts a rejected message, which may contain user numbers, card numbers and
// names. It requires people:open and a reason, is audited, and fails if the audit log cannot be
// written.
func (v View) RejectionContent(ctx context.Context, seq uint64) ([]byte, error) {
	in, err := v.s.Reach(ctx, g.PeopleOpen)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(v.s.Reason) == "" {
		return nil, g.FieldErrorf("reason",
			"say why you look at what was refused; it is kept in the audit log")
	}
	if err := store.Optional("reason", v.s.Reason, store.MaxReason); err != nil {
		return nil, err
	}
	top, err := v.s.Top(ctx, in)
	if err != nil {
		return nil, err
	}
	var school g.SchoolID
	var sealed []byte
	row := v.s.Hist.Row(ctx, "SELECT school, sealed FROM rejections WHERE seq = ?", int64(seq))
	if err := row.Scan(&school, &sealed); err != nil {
		return nil, store.Missing(err, "rejection", store.Digits(seq))
	}
	if !(school == "" && top) && !in.Has(school) || len(sealed) == 0 {
		return nil, store.NotFound("rejection with its content", store.Digits(seq))
	}
	c, err := v.keptCipher(ctx, school)
	if err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(
			ctx,
			t,
			school,
			"rejection.open",
			store.Digits(seq),
		)
	})
	if err != nil {
		v.s.Log.Error("a look at what was refused could not be audited and was refused", "error",
			err)
		return nil, g.Errorf(g.Unavailable,
			"the look cannot be written into the audit log, so it is refused: tell your "+
				"administrator")
	}
	return store.Unseal(c, sealed, keptContext)
}

// Passage is an unresolved sighting with its credential.
type Passage struct {
	Seq        uint64
	Device     g.DeviceID
	Method     g.Method
	Time       time.Time
	Credential string
}

// UnresolvedPassages are up to limit of the school's, newest first, with sequences below before (0:
// from the newest). Only for system scopes.
func (v View) UnresolvedPassages(
	ctx context.Context, school g.SchoolID, before uint64, limit int,
) ([]Passage, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	c, err := v.keptCipher(ctx, school)
	if err != nil {
		return nil, err
	}
	q := "SELECT seq, device, method, time, sealed FROM sightings WHERE sealed IS NOT NULL AND " +
		"school = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
	top := int64(before)
	if before == 0 {
		top = 1<<63 - 1
	}
	var out []Passage
	err = store.Each(ctx, v.s.Hist, q, []any{string(school), top, limit},
		func(scan func(...any) error) error {
			var p Passage
			var at int64
			var sealed []byte
			if err := scan(
				&p.Seq,
				&p.Device,
				&p.Method,
				&at,
				&sealed,
			); err != nil {
				return err
			}
			plain, err := store.Unseal(c, sealed, keptContext)
			p.Time, p.Credential = store.Moment(at), string(plain)
			out = append(out, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read passages of nobody yet: %w", err)
	}
	return out, nil
}

// ResolvePassages assigns unresolved sightings to persons, by sequence, and deletes their stored
// credentials. It is audited and idempotent; only for system scopes.
func (v View) ResolvePassages(
	ctx context.Context, school g.SchoolID, whose map[uint64]g.PersonID,
) error {
	if err := v.s.OnlySystem(); err != nil || len(whose) == 0 {
		return err
	}
	persons := map[g.PersonID]bool{}
	resolved := int64(0)
	now := v.s.Now()
	_, err := v.s.Hist.Write(ctx, func() time.Time { return now }, func(t *store.Tx) error {
		stmt, err := t.Prepare(ctx,
			`UPDATE sightings SET person = ?, sealed = NULL, media = '', resolved = ?
			WHERE seq = ? AND school = ? AND person = ''`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for seq, person := range whose {
			n, err := stmt.Exec(ctx, string(person), store.Micros(now), int64(seq), string(school))
			if err != nil {
				return err
			}
			resolved += n
			persons[person] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("resolve passages: %w", err)
	}
	if resolved == 0 {
		return nil
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(ctx, t, school, "sightings.resolve",
			fmt.Sprintf("%d passages of %d persons", resolved, len(persons)))
	})
}
