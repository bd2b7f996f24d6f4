package access

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Limits of the kept responses. The oldest are removed first.
const (
	idemKeys  = 10_000   // responses and requests in progress
	idemBytes = 64 << 20 // of responses
	idemFor   = 24 * time.Hour
	idemTrim  = 64 // new entries between checks of the limits, which may be exceeded by as many
)

// KeptAnswer is the response to a request that may be repeated under the same name. Status 0 means
// no response: the request is in progress, or the gateway stopped before it ended.
type KeptAnswer struct {
	Request string // the hash of the request
	At      time.Time
	Status  int
	Header  map[string]string
	Body    []byte
}

// BeginOnce returns the response stored under a name, or reserves the name. The reservation is on
// disk when it returns, so that after a crash no request is silently executed again. Responses are
// kept for 24 h, encrypted, since they contain personal data and secrets that are shown once. Only
// for system scopes.
func (v View) BeginOnce(
	ctx context.Context, name, request string,
) (had KeptAnswer, found bool, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return KeptAnswer{}, false, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if had, found, err = v.r.keptAnswer(ctx, t, name); err != nil || found {
			return err
		}
		_, err = t.Exec(ctx,
			"INSERT INTO idempotency (name, request, at, status, size) VALUES (?, ?, ?, 0, 0) ON "+
				"CONFLICT (name) DO UPDATE SET request = excluded.request, at = excluded.at, "+
				"status = 0, size = 0, answer_sealed = NULL",
			name, request, store.Micros(t.Now))
		if err == nil && v.r.onces.Add(1)%idemTrim == 1 {
			err = trimAnswers(ctx, t)
		}
		return err
	})
	if err != nil {
		return KeptAnswer{}, false, fmt.Errorf("keep a request: %w", err)
	}
	return had, found, nil
}

func (r *Book) keptAnswer(
	ctx context.Context, t *store.Tx, name string,
) (a KeptAnswer, found bool, err error) {
	var at int64
	var sealed []byte
	err = t.Row(ctx,
		"SELECT request, at, status, answer_sealed FROM idempotency WHERE name = ? AND at > ?",
		name, store.Micros(t.Now.Add(-idemFor))).Scan(&a.Request, &at, &a.Status, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	if err != nil {
		return a, false, err
	}
	a.At = store.Moment(at)
	if a.Status == 0 {
		return a, true, nil
	}
	plain, err := store.Unseal(r.s.Vault.Data, sealed, "answer "+name)
	if err != nil {
		return a, false, err
	}
	var kept struct {
		Header map[string]string
		Body   []byte
	}
	err = json.Unmarshal(plain, &kept)
	a.Header, a.Body = kept.Header, kept.Body
	return a, true, err
}

// EndOnce stores the response of the request, or frees its name if Status is 0. Only for system
// scopes.
func (v View) EndOnce(ctx context.Context, name string, a KeptAnswer) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	plain, err := json.Marshal(struct {
		Header map[string]string
		Body   []byte
	}{a.Header, a.Body})
	if err != nil {
		return err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if a.Status == 0 {
			_, err := t.Exec(ctx, "DELETE FROM idempotency WHERE name = ?", name)
			return err
		}
		_, err := t.Exec(ctx,
			"UPDATE idempotency SET status = ?, size = ?, answer_sealed = ? WHERE name = ?",
			a.Status, len(plain), store.Seal(v.s.Vault.Data, plain, "answer "+name), name)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// trimAnswers removes the oldest responses beyond the limits.
func trimAnswers(ctx context.Context, t *store.Tx) error {
	if _, err := t.Exec(ctx, "DELETE FROM idempotency WHERE at <= ?",
		store.Micros(t.Now.Add(-idemFor))); err != nil {
		return err
	}
	if _, err := t.Exec(ctx,
		"DELETE FROM idempotency WHERE name IN (SELECT name FROM idempotency ORDER BY at DESC, "+
			"name LIMIT ? OFFSET ?)",
		1_000_000, idemKeys); err != nil {
		return err
	}
	_, err := t.Exec(ctx,
		"DELETE FROM idempotency WHERE name IN (SELECT name FROM (SELECT name, SUM(size) OVER "+
			"(ORDER BY at DESC, name) AS total FROM idempotency) sums WHERE total > ?)",
		idemBytes)
	return err
}
