package visits

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of the barred list.
const (
	MaxBarred   = 1000 // of a school
	MaxBarYears = 10
	barredCols  = "SELECT id, school, ends, body_sealed FROM barred"
)

// phoneMac finds somebody by name and telephone number; nil: one of them is missing. Blanks, case and
// what is no digit do not count, nor a country's code before eleven digits.
func phoneMac(k *store.SchoolKeys, name, phone string) []byte {
	name, phone = plain(name), digits(phone)
	if name == "" || phone == "" {
		return nil
	}
	return k.Mac("barred phone", name+" "+phone)
}

func cardMac(k *store.SchoolKeys, number string) []byte {
	if number = plain(number); number == "" {
		return nil
	}
	return k.Mac("barred card", number)
}

func plain(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return r
	}, s))
}

func digits(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, s)
	return s[max(0, len(s)-11):]
}

// barred reports whether who comes is on the school's list at a time.
func barred(
	ctx context.Context, c store.Conn, keys *store.SchoolKeys, k kept, now time.Time,
) (bool, error) {
	for column, mac := range map[string][]byte{
		"phone_mac": phoneMac(keys, k.Name, k.Phone),
		"id_mac":    k.CardMac,
	} {
		if mac == nil {
			continue
		}
		n := 0
		if err := c.Row(ctx, "SELECT COUNT(*) FROM barred WHERE school = ? AND ends > ? AND "+column+" = ?",
			string(k.School), store.Micros(now), mac).Scan(&n); err != nil {
			return false, fmt.Errorf("read the barred list: %w", err)
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// rebar looks again whether who comes is barred, and holds their codes accordingly.
func (v View) rebar(ctx context.Context, t *store.Tx, k *kept) error {
	keys, err := v.s.Vault.School(ctx, t, k.School)
	if err != nil {
		return err
	}
	is, err := barred(ctx, t, keys, *k, t.Now)
	if err != nil || is == k.Barred {
		return err
	}
	k.Barred = is
	var h people.Held
	switch {
	case is:
		h = people.HeldBarred
	case k.State == g.VisitOnSite:
		h = people.HeldInside
	}
	return v.hold(ctx, t, *k, h)
}

// Bar puts somebody on a school's barred list, until a day in the future. Visits of theirs that are
// to come are held from now on.
func (v View) Bar(ctx context.Context, x g.Barred, card string) (g.Barred, error) {
	in, err := v.s.Reach(ctx, g.VisitsWrite)
	if err != nil {
		return g.Barred{}, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return g.Barred{}, err
	}
	x.Name, x.Phone, card = strings.TrimSpace(x.Name), strings.TrimSpace(x.Phone), strings.TrimSpace(card)
	for _, err := range []error{
		store.Line("name", x.Name, store.MaxName),
		store.Optional("phone", x.Phone, store.MaxLabel),
		store.Optional("card_number", card, store.MaxLabel),
		store.Substance("reason", x.Reason, MaxReason),
	} {
		if err != nil {
			return g.Barred{}, err
		}
	}
	x.ID, x.By = g.BarredID(g.NewID("bar")), v.s.Scope.Actor
	x.Ends = store.Moment(store.Micros(x.Ends))
	err = v.s.Write(ctx, func(t *store.Tx) error {
		x.Added = store.Moment(store.Micros(t.Now))
		switch {
		case !x.Ends.After(t.Now):
			return g.FieldErrorf("ends", "give a time in the future, at which the entry ends by itself")
		case x.Ends.After(t.Now.AddDate(MaxBarYears, 0, 0)):
			return g.FieldErrorf("ends", "an entry has at most %d years", MaxBarYears)
		}
		keys, err := v.s.Vault.School(ctx, t, x.School)
		if err != nil {
			return err
		}
		phone, id := phoneMac(keys, x.Name, x.Phone), cardMac(keys, card)
		if phone == nil && id == nil {
			return g.FieldErrorf("phone",
				"a name alone is many people's: give the telephone number or the identity card's as well")
		}
		x.WithID = id != nil
		if err := v.roomBarred(ctx, t, x.School); err != nil {
			return err
		}
		b, err := json.Marshal(x)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "INSERT INTO barred (id, school, phone_mac, id_mac, ends, body_sealed) "+
			"VALUES (?, ?, ?, ?, ?, ?)", string(x.ID), string(x.School), append([]byte{}, phone...),
			append([]byte{}, id...), store.Micros(x.Ends),
			store.Seal(keys.Kept, b, "barred "+string(x.ID))); err != nil {
			return fmt.Errorf("write the barred list: %w", err)
		}
		return v.barredChanged(ctx, t, x.School, x.ID, "barred.add")
	})
	return x, err
}

// roomBarred forgets entries that ended longer than Keep ago, and refuses more than MaxBarred.
func (v View) roomBarred(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	if _, err := t.Exec(ctx, "DELETE FROM barred WHERE school = ? AND ends < ?", string(school),
		store.Micros(t.Now.Add(-Keep))); err != nil {
		return fmt.Errorf("delete from the barred list: %w", err)
	}
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM barred WHERE school = ?", string(school)).Scan(&n); err != nil {
		return fmt.Errorf("count the barred list: %w", err)
	}
	if n >= MaxBarred {
		return g.Errorf(g.TooLarge, "the barred list has %d entries, the most that are kept: end some first", n)
	}
	return nil
}

// barredChanged holds or frees the visits that are to come, and makes the gateway look at them.
func (v View) barredChanged(
	ctx context.Context, t *store.Tx, school g.SchoolID, id g.BarredID, deed string,
) error {
	var all []kept
	err := store.Each(ctx, t, columns+" WHERE school = ? AND (ends > ? OR state = ?)",
		[]any{string(school), store.Micros(t.Now), string(g.VisitOnSite)},
		func(scan func(...any) error) error {
			k, err := v.r.scan(ctx, v.s.Reg, scan)
			all = append(all, k)
			return err
		})
	if err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	for _, k := range all {
		was := k.Barred
		if err := v.rebar(ctx, t, &k); err != nil {
			return err
		}
		if k.Barred == was {
			continue
		}
		if err := v.write(ctx, t, k, dueNow(t, k)); err != nil {
			return err
		}
		t.Change(change.Visit, school, string(k.ID))
	}
	return v.s.Audit(ctx, t, school, deed, string(id))
}

// BarredOf lists the entries of a school's barred list that have not ended, those that end last first.
func (v View) BarredOf(ctx context.Context, school g.SchoolID, now time.Time) ([]g.Barred, error) {
	in, err := v.s.Reach(ctx, g.VisitsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	w.And("ends > ?", store.Micros(now))
	out := []g.Barred{}
	err = store.Each(ctx, v.s.Reg, barredCols+w.String()+" ORDER BY ends DESC, id", w.Args,
		func(scan func(...any) error) error {
			x, err := v.r.scanBarred(ctx, v.s.Reg, scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the barred list: %w", err)
	}
	return out, nil
}

func (r *Book) scanBarred(
	ctx context.Context, c store.Conn, scan func(...any) error,
) (x g.Barred, err error) {
	var ends int64
	var body []byte
	if err := scan(&x.ID, &x.School, &ends, &body); err != nil {
		return x, err
	}
	k, err := r.s.Vault.School(ctx, c, x.School)
	if err != nil {
		return x, err
	}
	b, err := store.Unseal(k.Kept, body, "barred "+string(x.ID))
	if err != nil {
		return x, err
	}
	err = json.Unmarshal(b, &x)
	x.Ends = store.Moment(ends)
	return x, err
}

// Unbar ends an entry of the barred list now. Visits that it held are free.
func (v View) Unbar(ctx context.Context, id g.BarredID) (x g.Barred, err error) {
	in, err := v.s.Reach(ctx, g.VisitsWrite)
	if err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		x, err = v.r.scanBarred(ctx, t, t.Row(ctx, barredCols+" WHERE id = ?", string(id)).Scan)
		if err != nil {
			return store.Missing(err, "entry", string(id))
		}
		if err := in.Owns(x.School, "entry", string(id)); err != nil {
			return err
		}
		if !x.Ends.After(t.Now) {
			return g.Errorf(g.Conflict, "this entry has ended already")
		}
		x.Ends = store.Moment(store.Micros(t.Now))
		if _, err := t.Exec(ctx, "UPDATE barred SET ends = ? WHERE id = ?", store.Micros(x.Ends),
			string(id)); err != nil {
			return fmt.Errorf("end an entry: %w", err)
		}
		return v.barredChanged(ctx, t, x.School, id, "barred.end")
	})
	return x, err
}
