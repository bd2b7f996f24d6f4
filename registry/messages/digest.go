package messages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// digestKind is the kind of message that tells several others in one letter.
const digestKind = "digest"

// digestID names the digest of a recipient that goes out at a time: what is gathered twice, or after
// a kill, comes into the same one.
func digestID(school g.SchoolID, who string, at time.Time) g.MessageID {
	sum := sha256.Sum256([]byte(fmt.Sprint(
		school,
		" ",
		who,
		" ",
		store.Micros(at),
	)))
	return g.MessageID("msg_digest" + hex.EncodeToString(sum[:12]))
}

// gather leaves a message for the recipient's digest at a time, and makes that where there is none.
func (x *round) gather(
	ctx context.Context, m Message, one turn, ch Keyed, a g.AddressID, at time.Time,
) error {
	to := To{
		User:   one.user,
		Person: one.person,
	}
	digest := Message{
		ID:      digestID(m.School, to.who(), at),
		School:  m.School,
		Lane:    Notice,
		Kind:    digestKind,
		Steps:   []Step{{Ways: []Way{Email}}},
		Asked:   "digest",
		Expires: at.Add(lasts(Notice)),
	}
	made, err := x.r.addMessage(ctx, x.t, digest)
	if err != nil {
		return err
	}
	if made {
		if err := x.r.addRecipients(ctx, x.t, digest, []To{to}); err != nil {
			return err
		}
		if _, err := x.t.Exec(ctx, "UPDATE recipients SET next = ? WHERE message = ?", store.Micros(at),
			string(digest.ID)); err != nil {
			return fmt.Errorf("write digest: %w", err)
		}
	}
	_, err = x.t.Exec(ctx,
		"INSERT INTO sendings (recipient, channel, way, address, lane, state, attempt, next, code, error, "+
			"peer, sent, delivered, digest) VALUES (?, ?, ?, ?, ?, 'queued', 0, 0, '', '', '', 0, 0, ?) "+
			"ON CONFLICT (recipient, channel, address) DO NOTHING",
		one.id, string(ch.ID), string(Email), string(a), string(m.Lane), string(digest.ID))
	if err != nil {
		return fmt.Errorf("write sending: %w", err)
	}
	return nil
}

// gathered takes what came of a digest over to what it told.
func gathered(ctx context.Context, t *store.Tx, digest g.MessageID, s State, code string) error {
	type one struct{ id, recipient int64 }
	var all []one
	err := store.Each(ctx, t,
		"SELECT id, recipient FROM sendings WHERE digest = ? AND state IN ('queued', 'sent') ORDER BY id",
		[]any{string(digest)}, func(scan func(...any) error) error {
			var x one
			err := scan(&x.id, &x.recipient)
			all = append(all, x)
			return err
		})
	if err != nil {
		return fmt.Errorf("read what a digest told: %w", err)
	}
	var sent time.Time
	if s != Failed {
		sent = t.Now
	}
	for _, x := range all {
		if _, err := t.Exec(ctx, "UPDATE sendings SET state = ?, code = ?, sent = ? WHERE id = ?",
			string(s), code, store.Micros(sent), x.id); err != nil {
			return fmt.Errorf("write what a digest told: %w", err)
		}
		if err := rise(ctx, t, x.recipient, s); err != nil {
			return err
		}
	}
	return nil
}

// Digest is what a digest tells: the letters with their parameters, at most limit of them, and how
// many there are; only for system scopes.
func (v View) Digest(
	ctx context.Context, id g.MessageID, limit int,
) (letters []Letter, total int, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, 0, err
	}
	const some = "FROM sendings s JOIN recipients r ON r.id = s.recipient WHERE s.digest = ? AND s.state = 'queued'"
	if err := v.s.Reg.Row(ctx, "SELECT COUNT(*) "+some, string(id)).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count what a digest tells: %w", err)
	}
	var rows []letterRow
	err = store.Each(ctx, v.s.Reg,
		"SELECT s.id, s.way, s.address, s.attempt, s.code, r.id, r.who, COALESCE(r.usr, ''), r.role, "+
			"COALESCE(r.person, ''), r.params_sealed, r.message "+some+" ORDER BY s.id LIMIT ?",
		[]any{string(id), limit}, func(scan func(...any) error) error {
			x := letterRow{}
			err := scan(&x.Sending, &x.Way, &x.address, &x.Attempt, &x.Code, &x.Recipient, &x.who, &x.user,
				&x.role, &x.person, &x.sealed, &x.Message)
			rows = append(rows, x)
			return err
		})
	if err != nil {
		return nil, 0, fmt.Errorf("read what a digest tells: %w", err)
	}
	messages := map[g.MessageID]Message{}
	schools := map[g.SchoolID]g.School{}
	for _, x := range rows {
		l, err := v.r.letter(ctx, x, messages, schools)
		if err != nil {
			return nil, 0, err
		}
		letters = append(letters, l)
	}
	return letters, total, nil
}
