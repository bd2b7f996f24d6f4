package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Wishes are how somebody wishes to be told. Alarms pass all of them but the language.
type Wishes struct {
	Language string `json:"language,omitempty"` // en or zh-CN; "": the user's own, else the school's
	// no message begins between these times of day in the school's time zone, "HH:MM"; "": none
	QuietFrom string `json:"quiet_from,omitempty"`
	QuietTo   string `json:"quiet_to,omitempty"`
	// notices by e-mail are held until this time of day, "HH:MM"; "": each comes at once
	Digest string `json:"digest,omitempty"`
	// and until this day of the week, of Weekdays; "": each day has a digest
	DigestDay string `json:"digest_day,omitempty"`
	// a guardian's agreement to messages; without it only alarms come
	Opted bool `json:"opted,omitempty"`
	// who said last that the person agreed or did not, and when; "link": the person, by a message's link
	OptedBy string    `json:"opted_by,omitempty"`
	OptedAt time.Time `json:"opted_at,omitzero"`
}

// agreed are wishes with who changed the agreement and when; what was noted before stays where nothing
// changed.
func (w Wishes) agreed(before Wishes, actor string, now time.Time) Wishes {
	w.OptedBy, w.OptedAt = before.OptedBy, before.OptedAt
	if w.Opted != before.Opted {
		w.OptedBy, w.OptedAt = actor, store.Moment(store.Micros(now))
	}
	return w
}

// Weekdays are the days on which a weekly digest may come.
func Weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

func (w Wishes) check() error {
	if w.Language != "" && w.Language != "en" && w.Language != "zh-CN" {
		return g.FieldErrorf("language", "%q is not offered; use en or zh-CN", w.Language)
	}
	for field, value := range map[string]string{
		"quiet_from": w.QuietFrom,
		"quiet_to":   w.QuietTo,
		"digest":     w.Digest,
	} {
		if _, err := time.Parse("15:04", value); value != "" && err != nil {
			return g.FieldErrorf(field, "%q is no time of day; write it like 22:30", value)
		}
	}
	if w.DigestDay != "" && !slices.Contains(Weekdays(), w.DigestDay) {
		return g.FieldErrorf("digest_day", "%q is none of %v", w.DigestDay, Weekdays())
	}
	if w.DigestDay != "" && w.Digest == "" {
		return g.FieldErrorf("digest", "say at what time of that day the digest comes")
	}
	if (w.QuietFrom == "") != (w.QuietTo == "") {
		return g.FieldErrorf("quiet_to", "give both ends of the quiet hours, or neither")
	}
	if w.QuietFrom != "" && w.QuietFrom == w.QuietTo {
		return g.FieldErrorf("quiet_to",
			"quiet hours that end as they begin are none or the whole day: say which end is meant")
	}
	return nil
}

// onDay is a time of day on the day of t, in t's time zone.
func onDay(t time.Time, clock string) time.Time {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return time.Time{}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), 0, 0, t.Location())
}

// quietUntil is when the quiet hours that hold at t end; the zero time where none do.
func (w Wishes) quietUntil(t time.Time) time.Time {
	if w.QuietFrom == "" || w.QuietFrom == w.QuietTo {
		return time.Time{}
	}
	from, to := onDay(t, w.QuietFrom), onDay(t, w.QuietTo)
	switch {
	case from.Before(to):
		if !t.Before(from) && t.Before(to) {
			return to
		}
	case !t.Before(from):
		return onDay(t.AddDate(0, 0, 1), w.QuietTo)
	case t.Before(to):
		return to
	}
	return time.Time{}
}

// gatheredUntil is when the digest after t goes out; the zero time without one.
func (w Wishes) gatheredUntil(t time.Time) time.Time {
	if w.Digest == "" {
		return time.Time{}
	}
	for days := range 8 {
		at := onDay(t.AddDate(0, 0, days), w.Digest)
		if at.After(t) && w.digestOn(at.Weekday()) {
			return at
		}
	}
	return time.Time{}
}

// digestOn says whether a digest comes on a day of the week.
func (w Wishes) digestOn(day time.Weekday) bool {
	return w.DigestDay == "" || w.DigestDay == strings.ToLower(day.String()[:3])
}

// wishesOf are the wishes of a user or person; the zero Wishes if there are none.
func (r *Book) wishesOf(ctx context.Context, c store.Conn, who string) (w Wishes, err error) {
	err = store.Each(ctx, c, "SELECT body FROM wishes WHERE who = ?", []any{who},
		func(scan func(...any) error) error {
			var body []byte
			if err := scan(&body); err != nil {
				return err
			}
			return json.Unmarshal(body, &w)
		})
	if err != nil {
		return w, fmt.Errorf("read wishes: %w", err)
	}
	return w, nil
}

func (r *Book) putWishes(ctx context.Context, t *store.Tx, user, person any, who string, w Wishes) error {
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx,
		"INSERT INTO wishes (who, usr, person, body) VALUES (?, ?, ?, ?) ON CONFLICT (who) DO UPDATE "+
			"SET body = excluded.body", who, user, person, string(body))
	if err != nil {
		return fmt.Errorf("write wishes: %w", err)
	}
	return nil
}

// MyWishes are the caller's own wishes.
func (v View) MyWishes(ctx context.Context) (Wishes, error) {
	user, _, err := v.self(ctx)
	if err != nil {
		return Wishes{}, err
	}
	return v.r.wishesOf(ctx, v.s.Reg, string(user))
}

// PutMyWishes replaces the caller's own wishes.
func (v View) PutMyWishes(ctx context.Context, w Wishes) error {
	user, school, err := v.self(ctx)
	if err != nil {
		return err
	}
	w.Opted, w.OptedBy, w.OptedAt = false, "", time.Time{} // a user is told for the work's sake
	if err := w.check(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		before, err := v.r.wishesOf(ctx, t, string(user))
		if err != nil {
			return err
		}
		if err := v.r.putWishes(
			ctx,
			t,
			string(user),
			nil,
			string(user),
			w,
		); err != nil {
			return err
		}
		t.Change(change.Contact, school, string(user))
		return v.s.AuditChanges(
			ctx,
			t,
			school,
			"wishes.put",
			string(user),
			before,
			w,
		)
	})
}

// Contact is how a person is reached: addresses beside the telephone number on the person's page.
type Contact struct {
	Wishes
	Addresses []ContactAddress `json:"addresses" nullable:"false"`
}

// ContactAddress is one address of a person, in full: who may open the person's page sees it.
type ContactAddress struct {
	Way   Way    `json:"way"`
	Value string `json:"value"`
	Lost  string `json:"lost,omitempty"`
}

// PersonContact is how a person is reached. It needs a reason for a student, and is audited.
func (v View) PersonContact(ctx context.Context, id g.PersonID) (Contact, error) {
	in, err := v.s.Reach(ctx, g.PeopleOpen)
	if err != nil {
		return Contact{}, err
	}
	p, err := people.Person(
		ctx,
		v.r.people,
		v.s.Reg,
		in,
		id,
	)
	if err != nil {
		return Contact{}, err
	}
	if err := people.Traced(
		ctx,
		v.people,
		in,
		id,
		"person.contact",
	); err != nil {
		return Contact{}, err
	}
	return v.r.contactOf(ctx, v.s.Reg, p)
}

// ContactToChange is how a person is reached, for a change of it that depends on what was read before.
// It is not audited: nothing of it is shown.
func (v View) ContactToChange(ctx context.Context, id g.PersonID) (Contact, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return Contact{}, err
	}
	p, err := people.Person(
		ctx,
		v.r.people,
		v.s.Reg,
		in,
		id,
	)
	if err != nil {
		return Contact{}, err
	}
	return v.r.contactOf(ctx, v.s.Reg, p)
}

func (r *Book) contactOf(ctx context.Context, c store.Conn, p people.Keyed) (Contact, error) {
	out := Contact{Addresses: []ContactAddress{}}
	var err error
	if out.Wishes, err = r.wishesOf(ctx, c, string(p.ID)); err != nil {
		return out, err
	}
	all, err := r.addressesOf(ctx, c, "person", string(p.ID), r.ofPerson(p))
	for _, a := range all {
		out.Addresses = append(out.Addresses, ContactAddress{a.Way, a.value, a.Lost})
	}
	return out, err
}

// PutPersonContact replaces how a person is reached: the school vouches for the addresses. The audit
// log gets the wishes and how many addresses there are, not the addresses.
func (v View) PutPersonContact(ctx context.Context, id g.PersonID, c Contact) error {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if len(c.Addresses) > maxAddresses {
		return g.FieldErrorf("addresses", "at most %d addresses are kept: delete one first", maxAddresses)
	}
	for i, a := range c.Addresses {
		if c.Addresses[i].Value, err = cleanValue(a.Way, a.Value); err != nil {
			return ofAddress(i, err)
		}
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		p, err := people.Person(ctx, v.r.people, t, in, id)
		if err != nil {
			return err
		}
		before, err := v.r.wishesOf(ctx, t, string(id))
		if err != nil {
			return err
		}
		c.Wishes = c.agreed(before, v.s.Actor, t.Now)
		if err := v.r.putWishes(
			ctx,
			t,
			nil,
			string(id),
			string(id),
			c.Wishes,
		); err != nil {
			return err
		}
		if err := v.r.replaceAddresses(ctx, t, p, c.Addresses); err != nil {
			return err
		}
		t.Change(change.Contact, p.School, string(id))
		return v.s.AuditChanges(
			ctx,
			t,
			p.School,
			"contact.put",
			string(id),
			before,
			c.Wishes,
		)
	})
}

// ofAddress has an error name which of several addresses it is about.
func ofAddress(i int, err error) error {
	var said *g.Error
	if errors.As(err, &said) {
		return said.At(fmt.Sprintf("addresses[%d].%s", i, said.Field))
	}
	return err
}

// replaceAddresses writes a person's addresses; those that stay keep what is known of them.
func (r *Book) replaceAddresses(
	ctx context.Context, t *store.Tx, p people.Keyed, all []ContactAddress,
) error {
	had, err := r.addressesOf(ctx, t, "person", string(p.ID), r.ofPerson(p))
	if err != nil {
		return err
	}
	k, err := r.s.Vault.School(ctx, t, p.School)
	if err != nil {
		return err
	}
	keep := map[ContactAddress]bool{}
	for _, a := range all {
		a.Lost = ""
		keep[a] = true
	}
	var gone []kept
	for _, a := range had {
		same := ContactAddress{
			Way:   a.Way,
			Value: a.value,
		}
		if keep[same] {
			delete(keep, same)
			continue
		}
		gone = append(gone, a)
		if _, err := t.Exec(ctx, "DELETE FROM addresses WHERE id = ?", string(a.ID)); err != nil {
			return fmt.Errorf("delete address: %w", err)
		}
	}
	for _, a := range all {
		a.Lost = ""
		if !keep[a] {
			continue
		}
		delete(keep, a)
		id := g.AddressID(g.NewID("adr"))
		sealed, err := people.SealPersonal(r.people, p, []byte(a.Value), "address "+string(id))
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx,
			"INSERT INTO addresses (id, school, usr, person, way, mac, value_sealed, confirmed, created, "+
				"code_until, tries, lost) VALUES (?, ?, NULL, ?, ?, ?, ?, ?, ?, 0, 0, '')",
			string(id), string(p.School), string(p.ID), string(a.Way), k.Mac("address "+string(a.Way), a.Value),
			sealed, store.Micros(t.Now), store.Micros(t.Now))
		if err != nil {
			return fmt.Errorf("add address: %w", err)
		}
		i := slices.IndexFunc(gone, func(x kept) bool { return x.Way == a.Way })
		if i < 0 {
			continue
		}
		if err := move(ctx, t, p.ID, gone[i], id); err != nil {
			return err
		}
		gone = slices.Delete(gone, i, i+1)
	}
	return nil
}

// move has what waits for an address go to the one that stands in its place, at once where it was to be
// tried again; what it was for is noted.
func move(ctx context.Context, t *store.Tx, of g.PersonID, from kept, to g.AddressID) error {
	_, err := t.Exec(ctx,
		"UPDATE sendings SET address = ?, moved = ?, attempt = 0, next = CASE WHEN next > 0 THEN ? ELSE 0 END "+
			"WHERE recipient IN (SELECT id FROM recipients WHERE person = ?) AND address = ? AND state = 'queued'",
		string(to), from.Shown, store.Micros(t.Now), string(of), string(from.ID))
	if err != nil {
		return fmt.Errorf("send what waits to the new address: %w", err)
	}
	return nil
}
