package guardians

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of codes and sign-ins.
const (
	CodeLasts   = 10 * time.Minute
	CodeTries   = 5
	CodePause   = time.Minute // between two codes for one address
	CodesAnHour = 5           // for one address
	MaxCodes    = 500         // of a school, that have not ended
	SignInLasts = time.Hour
	maxTyped    = 200 // characters
	maxPersons  = 5   // whose address it is: one family enters the same number more than once
)

// codeSent is guardian_codes.due of a code that was sent: it counts against the address's bounds.
const codeSent = -1

// body is the sealed part of a code.
type body struct {
	Typed   string       `json:"typed"`
	Code    string       `json:"code"`
	Persons []g.PersonID `json:"persons,omitempty"` // whose address it is, once somebody looked
}

func place(id string) string { return "guardian code " + id }

// AskCode notes that somebody wants to sign in with an address, and returns at once: whether the school
// has it is looked up later, so that the answer, and how long it takes, says nothing of it. The ID is the
// asking browser's own; the same again changes nothing. Only for system scopes.
func (v View) AskCode(ctx context.Context, school g.SchoolID, id, typed string) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	typed = strings.TrimSpace(typed)
	if err := store.Optional("address", typed, maxTyped); err != nil {
		return err
	}
	if !messages.LooksLikeAddress(typed) {
		return g.FieldErrorf("address", "write a telephone number like 13800138000, or an e-mail address like "+
			"li@school.example")
	}
	if !g.ValidID(id) {
		return store.BadID()
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	plain, err := json.Marshal(body{
		Typed: typed,
		Code:  fmt.Sprintf("%06d", n),
	})
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.s.Vault.School(ctx, t, school)
		if err != nil {
			return err
		}
		if err := v.roomForCode(ctx, t, school); err != nil {
			return err
		}
		now := store.Micros(t.Now)
		if _, err := t.Exec(ctx, "INSERT INTO guardian_codes (id, school, mac, made, until, tries, due, body_sealed) "+
			"VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (id) DO NOTHING", id, string(school),
			k.Mac("guardian address", messages.SameAddress(typed)), now, store.Micros(t.Now.Add(CodeLasts)), now,
			store.Seal(v.s.Vault.Data, plain, place(id))); err != nil {
			return fmt.Errorf("keep a code: %w", err)
		}
		t.Change(change.Guardians, school, "")
		return nil
	})
}

// roomForCode forgets codes of an hour ago, and refuses more than a school can need.
func (v View) roomForCode(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	if _, err := t.Exec(ctx, "DELETE FROM guardian_codes WHERE school = ? AND made < ?", string(school),
		store.Micros(t.Now.Add(-time.Hour))); err != nil {
		return fmt.Errorf("delete codes: %w", err)
	}
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM guardian_codes WHERE school = ? AND until > ?", string(school),
		store.Micros(t.Now)).Scan(&n); err != nil {
		return fmt.Errorf("count codes: %w", err)
	}
	if n >= MaxCodes {
		return g.Errorf(g.TooLarge, "too many people sign in right now: try again in a few minutes")
	}
	return nil
}

// SendCodes looks whose the addresses are for which codes were asked, and queues the messages that bring
// them there. Nothing is sent for an address that the school does not have, within a minute of another
// code, or beyond five in an hour. Only for system scopes.
func (v View) SendCodes(ctx context.Context, limit int) (n int, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	type asked struct {
		id     string
		school g.SchoolID
	}
	var due []asked
	err = store.Each(ctx, v.s.Reg, "SELECT id, school FROM guardian_codes WHERE due > 0 ORDER BY due, id LIMIT ?",
		[]any{limit}, func(scan func(...any) error) error {
			var x asked
			err := scan(&x.id, &x.school)
			due = append(due, x)
			return err
		})
	if err != nil {
		return 0, fmt.Errorf("find codes to send: %w", err)
	}
	for _, x := range due {
		if err := v.sendCode(ctx, x.school, x.id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (v View) sendCode(ctx context.Context, school g.SchoolID, id string) error {
	return v.s.Write(ctx, func(t *store.Tx) error {
		var sealed, mac []byte
		var made, until int64
		err := t.Row(ctx, "SELECT mac, made, until, body_sealed FROM guardian_codes WHERE id = ? AND due > 0", id).
			Scan(&mac, &made, &until, &sealed)
		if err != nil {
			return store.Missing(err, "code", id)
		}
		b, err := v.unseal(id, sealed)
		if err != nil {
			return err
		}
		soon, hour := 0, 0
		if err := t.Row(ctx, "SELECT COUNT(*), COUNT(CASE WHEN made > ? THEN 1 END) FROM guardian_codes "+
			"WHERE school = ? AND mac = ? AND due = ?", made-CodePause.Microseconds(), string(school), mac,
			codeSent).Scan(&hour, &soon); err != nil {
			return fmt.Errorf("count codes: %w", err)
		}
		due := 0
		if soon == 0 && hour < CodesAnHour {
			if b.Persons, err = v.deliver(ctx, t, school, b, store.Moment(until)); err != nil {
				return err
			}
		}
		if len(b.Persons) > 0 {
			due = codeSent
		}
		plain, err := json.Marshal(b)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx, "UPDATE guardian_codes SET due = ?, body_sealed = ? WHERE id = ?", due,
			store.Seal(v.s.Vault.Data, plain, place(id)), id)
		if err != nil {
			return fmt.Errorf("note that a code was sent: %w", err)
		}
		return nil
	})
}

// deliver queues the code to the address, and returns the guardians whose it is; nobody where it is of no
// guardian of the school's pupils.
func (v View) deliver(
	ctx context.Context, t *store.Tx, school g.SchoolID, b body, until time.Time,
) ([]g.PersonID, error) {
	found, err := messages.KnownBy(ctx, v.messages, t, school, b.Typed)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	wards, err := v.r.wards(ctx, school)
	if err != nil {
		return nil, err
	}
	var out []g.PersonID
	for _, x := range found {
		if len(wards[x.Person]) == 0 || len(out) == maxPersons {
			continue
		}
		if len(out) == 0 {
			err = messages.SendCode(ctx, v.messages, t, school, x, b.Code, until)
			if g.ErrorCode(err) == g.Unavailable {
				return nil, nil // the school has no channel that reaches it
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, x.Person)
	}
	return out, nil
}

func (v View) unseal(id string, sealed []byte) (b body, err error) {
	plain, err := store.Unseal(v.s.Vault.Data, sealed, place(id))
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(plain, &b)
}

// wards are the pupils of a school by their guardians; who has left counts on neither side.
func (r *Book) wards(ctx context.Context, school g.SchoolID) (map[g.PersonID][]people.Keyed, error) {
	l, err := people.RollOf(ctx, r.people, school)
	if err != nil {
		return nil, err
	}
	left := map[g.PersonID]bool{}
	for _, p := range l.People {
		left[p.ID] = !p.Left.IsZero()
	}
	out := map[g.PersonID][]people.Keyed{}
	for _, p := range l.People {
		if p.Kind != g.Student || !p.Left.IsZero() {
			continue
		}
		for _, id := range p.Guardian {
			if !left[id] {
				out[id] = append(out[id], p)
			}
		}
	}
	return out, nil
}

// SignIn compares a code with the one that was sent for an ask, and returns the secret of a sign-in. A
// code counts once, for ten minutes and five tries. Only for system scopes.
func (v View) SignIn(ctx context.Context, school g.SchoolID, id, code string) (secret string, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return "", err
	}
	wrong := g.FieldErrorf("code", "this code is not right, was used, or has ended: look at the message again, or "+
		"ask for a new one")
	if !g.ValidID(id) {
		return "", wrong
	}
	is := false
	err = v.s.Write(ctx, func(t *store.Tx) error {
		var sealed []byte
		var of g.SchoolID
		var until int64
		tries := 0
		err := t.Row(ctx, "SELECT school, until, tries, body_sealed FROM guardian_codes WHERE id = ?", id).
			Scan(&of, &until, &tries, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a code: %w", err)
		}
		if of != school || tries >= CodeTries || store.Micros(t.Now) >= until {
			return nil
		}
		b, err := v.unseal(id, sealed)
		if err != nil {
			return err
		}
		same := subtle.ConstantTimeCompare([]byte(b.Code), []byte(onlyDigits(code))) == 1
		if !same || len(b.Persons) == 0 {
			_, err := t.Exec(ctx, "UPDATE guardian_codes SET tries = tries + 1 WHERE id = ?", id)
			return err
		}
		if _, err := t.Exec(ctx, "UPDATE guardian_codes SET tries = ? WHERE id = ?", CodeTries, id); err != nil {
			return fmt.Errorf("use a code: %w", err)
		}
		is = true
		secret, err = v.signIn(ctx, t, school, b.Persons)
		return err
	})
	if err == nil && !is {
		return "", wrong
	}
	return secret, err
}

func (v View) signIn(ctx context.Context, t *store.Tx, school g.SchoolID, persons []g.PersonID) (string, error) {
	var b [24]byte
	rand.Read(b[:])
	secret := base64.RawURLEncoding.EncodeToString(b[:])
	if _, err := t.Exec(ctx, "DELETE FROM guardian_signins WHERE ends <= ?", store.Micros(t.Now)); err != nil {
		return "", fmt.Errorf("delete sign-ins: %w", err)
	}
	names := make([]string, len(persons))
	for i, p := range persons {
		names[i] = string(p)
	}
	if _, err := t.Exec(ctx, "INSERT INTO guardian_signins (hash, school, ends, persons) VALUES (?, ?, ?, ?)",
		hashOf(secret), string(school), store.Micros(t.Now.Add(SignInLasts)), strings.Join(names, " ")); err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	for _, p := range persons {
		if err := v.s.Audit(ctx, t, school, "guardian.signin", string(p)); err != nil {
			return "", err
		}
	}
	return secret, nil
}

// hashOf is what is kept of a sign-in's secret, which has 192 random bits.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte("guardian " + secret))
	return sum[:]
}

// onlyDigits is a code as it was meant: people type blanks, and full-width digits.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, s)
}
