package messages

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"math/big"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Address is where a user or a person is reached. One that is not confirmed gets nothing but its
// code.
type Address struct {
	ID        g.AddressID `json:"id"`
	Way       Way         `json:"way"`
	Shown     string      `json:"shown"` // for people: most of it hidden
	Confirmed time.Time   `json:"confirmed,omitzero"`
	Created   time.Time   `json:"created"`
	// why it is no longer used: the other side said that it is gone
	Lost string `json:"lost,omitempty"`
}

// kept is an address as stored.
type kept struct {
	Address
	school g.SchoolID
	user   g.UserID
	person g.PersonID
	value  string
	code   []byte // sealed
	until  time.Time
	tries  int
}

// Limits of addresses.
const (
	maxAddresses = 10 // of one user or person
	maxValue     = 2000
	codeLasts    = 15 * time.Minute
	codeTries    = 5
)

const addressColumns = "id, school, COALESCE(usr, ''), COALESCE(person, ''), way, value_sealed, " +
	"confirmed, created, code_sealed, code_until, tries, lost"

// scanAddress reads an address; open unseals its value.
func (r *Book) scanAddress(
	scan func(...any) error, open func(kept, []byte) ([]byte, error),
) (a kept, err error) {
	var sealed []byte
	var confirmed, created, until int64
	if err := scan(&a.ID, &a.school, &a.user, &a.person, &a.Way, &sealed, &confirmed, &created,
		&a.code, &until, &a.tries, &a.Lost); err != nil {
		return a, err
	}
	a.Confirmed, a.Created, a.until = store.Moment(confirmed), store.Moment(created),
		store.Moment(until)
	plain, err := open(a, sealed)
	a.value = string(plain)
	a.Shown = shown(a.Way, a.value)
	return a, err
}

// ofUser unseals the address of a user.
func (r *Book) ofUser(a kept, sealed []byte) ([]byte, error) {
	return store.Unseal(r.s.Vault.Data, sealed, "address "+string(a.ID))
}

// ofPerson unseals the addresses of one person.
func (r *Book) ofPerson(p people.Keyed) func(kept, []byte) ([]byte, error) {
	return func(a kept, sealed []byte) ([]byte, error) {
		return people.UnsealPersonal(r.people, p, sealed, "address "+string(a.ID))
	}
}

// shown hides most of an address.
func shown(w Way, value string) string {
	switch w {
	case Email:
		name, host, _ := strings.Cut(value, "@")
		return first(name, 2) + "…@" + host
	case Push:
		u, err := url.Parse(subscribed(value))
		if err != nil {
			return "…"
		}
		return u.Host
	}
	return "…" + value[max(0, len(value)-4):]
}

func first(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// subscribed is the endpoint of a push subscription.
func subscribed(value string) string {
	var s struct {
		Endpoint string `json:"endpoint"`
	}
	_ = json.Unmarshal([]byte(value), &s)
	return s.Endpoint
}

// cleanValue checks an address and returns it as it is compared.
func cleanValue(w Way, value string) (string, error) {
	value = strings.TrimSpace(value)
	if n := utf8.RuneCountInString(value); n > maxValue {
		return "", g.FieldErrorf("value", "the text has %d characters; at most %d are kept", n, maxValue)
	}
	switch w {
	case Email:
		a, err := mail.ParseAddress(value)
		if err != nil || a.Address != value || !strings.Contains(value, ".") {
			return "", g.FieldErrorf("value", "this is no e-mail address; write it like li@school.example")
		}
		return value, nil
	case SMS, Voice:
		return cleanPhone(value)
	case Push:
		u, err := url.Parse(subscribed(value))
		if err != nil || u.Scheme != "https" && u.Hostname() != "localhost" || u.Host == "" {
			return "", g.FieldErrorf("value",
				"this is no push subscription; it is what a browser's PushManager answers, as JSON")
		}
		return value, nil
	}
	return "", g.FieldErrorf("way", "%q takes no address; use one of %v", w,
		[]Way{Email, SMS, Push, Voice})
}

// cleanPhone takes a telephone number: digits with an optional + in front, at most 15 (ITU-T E.164,
// section 6.1), separated by spaces, hyphens or brackets.
func cleanPhone(value string) (string, error) {
	out := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "（", "", "）", "").Replace(value)
	digits := strings.TrimPrefix(out, "+")
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	if len(digits) < 3 || len(digits) > 15 || strings.ContainsFunc(digits, notDigit) {
		return "", g.FieldErrorf("value",
			"this is no telephone number; write it like 13800138000 or +8613800138000")
	}
	return out, nil
}

// self is the user whom the scope acts for.
func (v View) self(ctx context.Context) (g.UserID, g.SchoolID, error) {
	id, _, _ := strings.Cut(v.s.Actor, " ")
	if v.s.System != "" || !strings.HasPrefix(id, "usr") || v.s.Scope.School == "" {
		return "", "", g.Errorf(g.Forbidden, "only somebody who is signed in has addresses of their own")
	}
	u, err := access.UserRow(ctx, v.r.access, v.s.Reg, g.UserID(id))
	return u.ID, u.School, err
}

// Mine lists the caller's own addresses, oldest first.
func (v View) Mine(ctx context.Context) ([]Address, error) {
	user, _, err := v.self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := v.r.addressesOf(ctx, v.s.Reg, "usr", string(user), v.r.ofUser)
	return plainly(all), err
}

func plainly(all []kept) []Address {
	out := make([]Address, len(all))
	for i := range all {
		out[i] = all[i].Address
	}
	return out
}

// addressesOf are the addresses of a user or a person; col is usr or person.
func (r *Book) addressesOf(
	ctx context.Context, c store.Conn, col, id string, open func(kept, []byte) ([]byte, error),
) ([]kept, error) {
	out := []kept{}
	err := store.Each(ctx, c,
		"SELECT "+addressColumns+" FROM addresses WHERE "+col+" = ? ORDER BY created, id", []any{id},
		func(scan func(...any) error) error {
			a, err := r.scanAddress(scan, open)
			out = append(out, a)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	return out, nil
}

// AddMine adds an address of the caller's own, unconfirmed. One that exists is returned as it is. A
// push subscription is confirmed at once: the browser that has it is the caller's.
func (v View) AddMine(ctx context.Context, w Way, value string) (a Address, err error) {
	user, school, err := v.self(ctx)
	if err != nil {
		return Address{}, err
	}
	if value, err = cleanValue(w, value); err != nil {
		return Address{}, err
	}
	k, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return Address{}, err
	}
	mac := k.Mac("address "+string(w), value)
	err = v.s.Write(ctx, func(t *store.Tx) error {
		all, err := v.r.addressesOf(ctx, t, "usr", string(user), v.r.ofUser)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Way == w && x.value == value {
				a = x.Address
				return found(ctx, t, &a)
			}
		}
		if len(all) >= maxAddresses {
			return g.FieldErrorf("value", "at most %d addresses are kept: delete one first", maxAddresses)
		}
		a = Address{
			ID:      g.AddressID(g.NewID("adr")),
			Way:     w,
			Shown:   shown(w, value),
			Created: store.Moment(store.Micros(t.Now)),
		}
		if w == Push {
			a.Confirmed = a.Created
		}
		_, err = t.Exec(ctx,
			"INSERT INTO addresses (id, school, usr, person, way, mac, value_sealed, confirmed, created, "+
				"code_until, tries, lost) VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?, 0, 0, '')",
			string(a.ID), string(school), string(user), string(w), mac,
			store.Seal(v.s.Vault.Data, []byte(value), "address "+string(a.ID)),
			store.Micros(a.Confirmed), store.Micros(a.Created))
		if err != nil {
			return fmt.Errorf("add address: %w", err)
		}
		t.Change(change.Contact, school, string(user))
		return v.s.Audit(
			ctx,
			t,
			school,
			"address.add",
			string(user)+" "+string(w),
		)
	})
	return a, err
}

// found takes an address that is added again into use, where it is a browser's that was lost.
func found(ctx context.Context, t *store.Tx, a *Address) error {
	if a.Way != Push || a.Lost == "" {
		return nil
	}
	a.Lost = ""
	_, err := t.Exec(ctx, "UPDATE addresses SET lost = '' WHERE id = ?", string(a.ID))
	return err
}

// mine reads one of the caller's own addresses.
func (v View) mine(ctx context.Context, c store.Conn, id g.AddressID) (kept, error) {
	user, _, err := v.self(ctx)
	if err != nil {
		return kept{}, err
	}
	a, err := v.r.scanAddress(c.Row(ctx,
		"SELECT "+addressColumns+" FROM addresses WHERE id = ? AND usr = ?", string(id),
		string(user)).Scan, v.r.ofUser)
	if err != nil {
		return kept{}, store.Missing(err, "address", string(id))
	}
	return a, nil
}

// DeleteMine deletes one of the caller's own addresses.
func (v View) DeleteMine(ctx context.Context, id g.AddressID) error {
	return v.s.Write(ctx, func(t *store.Tx) error {
		a, err := v.mine(ctx, t, id)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM addresses WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("delete address: %w", err)
		}
		t.Change(change.Contact, a.school, string(a.user))
		return v.s.Audit(
			ctx,
			t,
			a.school,
			"address.delete",
			string(a.user)+" "+string(a.Way),
		)
	})
}

// AskCode makes a new code for one of the caller's own addresses and queues the message that brings
// it there. A code lasts 15 minutes and five tries; a new one is made at most once a minute.
func (v View) AskCode(ctx context.Context, id g.AddressID) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	code := fmt.Sprintf("%06d", n)
	return v.s.Write(ctx, func(t *store.Tx) error {
		a, err := v.mine(ctx, t, id)
		if err != nil {
			return err
		}
		if !a.Confirmed.IsZero() {
			return g.Errorf(g.Conflict, "this address is confirmed already")
		}
		if made := a.until.Add(-codeLasts); t.Now.Sub(made) < time.Minute {
			return g.Errorf(g.RateLimited, "a code was sent less than a minute ago: wait for it")
		}
		sealed := store.Seal(v.s.Vault.Data, []byte(code), "code "+string(id))
		if _, err := t.Exec(ctx,
			"UPDATE addresses SET code_sealed = ?, code_until = ?, tries = 0 WHERE id = ?", sealed,
			store.Micros(t.Now.Add(codeLasts)), string(id)); err != nil {
			return fmt.Errorf("keep the code: %w", err)
		}
		return v.r.sendTo(ctx, t, a, code)
	})
}

// Confirm confirms one of the caller's own addresses by its code.
func (v View) Confirm(ctx context.Context, id g.AddressID, code string) error {
	wrong := false
	err := v.s.Write(ctx, func(t *store.Tx) error {
		a, err := v.mine(ctx, t, id)
		if err != nil {
			return err
		}
		if len(a.code) == 0 || t.Now.After(a.until) || a.tries >= codeTries {
			return g.FieldErrorf("code", "this code has ended: ask for a new one")
		}
		want, err := store.Unseal(v.s.Vault.Data, a.code, "code "+string(id))
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(want, []byte(strings.TrimSpace(code))) != 1 {
			wrong = true
			_, err := t.Exec(ctx, "UPDATE addresses SET tries = tries + 1 WHERE id = ?", string(id))
			return err
		}
		if _, err := t.Exec(ctx,
			"UPDATE addresses SET confirmed = ?, code_sealed = NULL, code_until = 0, lost = '' "+
				"WHERE id = ?", store.Micros(t.Now), string(id)); err != nil {
			return fmt.Errorf("confirm address: %w", err)
		}
		t.Change(change.Contact, a.school, string(a.user))
		return v.s.Audit(
			ctx,
			t,
			a.school,
			"address.confirm",
			string(a.user)+" "+string(a.Way),
		)
	})
	if err == nil && wrong {
		return g.FieldErrorf("code", "this is not the code that was sent")
	}
	return err
}
