package messages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Known is a person of a school by one of their addresses.
type Known struct {
	Person  g.PersonID
	way     Way
	address g.AddressID
}

// LooksLikeAddress reports whether a text could be an e-mail address or a telephone number.
func LooksLikeAddress(typed string) bool {
	if strings.Contains(typed, "@") {
		_, err := cleanValue(Email, typed)
		return err == nil
	}
	return len(numberOf(typed)) >= minPhone
}

// SameAddress is an address as it is counted by: two that reach the same are the same.
func SameAddress(typed string) string {
	if strings.Contains(typed, "@") {
		return strings.ToLower(strings.TrimSpace(typed))
	}
	return numberOf(typed)
}

// KnownBy are the people of a school who have an address, by class, number and name: a telephone number
// on their page, or a confirmed address for messages. It does not check the scope: the caller must.
func KnownBy(ctx context.Context, v View, c store.Conn, school g.SchoolID, typed string) ([]Known, error) {
	k, err := v.s.Vault.School(ctx, c, school)
	if err != nil {
		return nil, err
	}
	number := ""
	macs := [][]byte{k.Mac("address "+string(Email), typed), k.Mac("address "+string(Email), strings.ToLower(typed))}
	if !strings.Contains(typed, "@") {
		number, macs = numberOf(typed), nil
		for _, w := range []Way{SMS, Voice} {
			for _, written := range []string{number, "+" + number, "+86" + number, "86" + number} {
				macs = append(macs, k.Mac("address "+string(w), written))
			}
		}
	}
	at := map[g.PersonID]Known{}
	args := []any{string(school)}
	for _, m := range macs {
		args = append(args, m)
	}
	err = store.Each(ctx, c, "SELECT id, person, way FROM addresses WHERE school = ? AND person IS NOT NULL AND "+
		"confirmed > 0 AND lost = '' AND mac IN ("+store.Marks(len(macs))+") ORDER BY created, id", args,
		func(scan func(...any) error) error {
			var x Known
			err := scan(&x.address, &x.Person, &x.way)
			if had, is := at[x.Person]; !is || had.way == Voice {
				at[x.Person] = x
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find whose an address is: %w", err)
	}
	l, err := people.RollOf(ctx, v.r.people, school)
	if err != nil {
		return nil, err
	}
	var out []Known
	for _, p := range l.People {
		x, is := at[p.ID]
		if !is && number != "" && numberOf(p.Phone) == number {
			x, is = Known{
				Person:  p.ID,
				way:     SMS,
				address: phone,
			}, true
		}
		if is && p.Left.IsZero() {
			out = append(out, x)
		}
	}
	return out, nil
}

// SendCode queues the message that brings a code to the address by which somebody is known, and to no
// other, whatever they wish; it is Unavailable where the school has no channel for it. It does not check
// the scope: the caller must.
func SendCode(
	ctx context.Context, v View, t *store.Tx, school g.SchoolID, to Known, code string, until time.Time,
) error {
	by, err := v.r.serving(ctx, t, school)
	if err != nil {
		return err
	}
	ways := []Way{to.way}
	if to.address == phone {
		ways = []Way{SMS, Voice}
	}
	i := slices.IndexFunc(ways, func(w Way) bool { _, is := by[w]; return is })
	if i < 0 {
		return g.Errorf(g.Unavailable,
			"the school has no channel for this kind of address yet: ask your administrator to add one")
	}
	m := Message{
		ID:      g.MessageID(g.NewID("msg")),
		School:  school,
		Lane:    Notice,
		Kind:    signInKind,
		Params:  map[string]string{"code": code},
		Steps:   []Step{{Ways: []Way{ways[i]}}},
		Asked:   v.s.Actor,
		Expires: until,
	}
	if _, err := v.r.addMessage(ctx, t, m); err != nil {
		return err
	}
	if err := v.r.addRecipients(ctx, t, m, []To{{Person: to.Person}}); err != nil {
		return err
	}
	var id int64
	if err := t.Row(ctx, "SELECT id FROM recipients WHERE message = ? AND who = ?", string(m.ID),
		string(to.Person)).Scan(&id); err != nil {
		return fmt.Errorf("read recipient: %w", err)
	}
	if _, err := t.Exec(ctx, "UPDATE recipients SET step = 1, next = 0 WHERE id = ?", id); err != nil {
		return fmt.Errorf("write recipient: %w", err)
	}
	if err := v.r.addSending(ctx, t, id, by[ways[i]], to.address, m.Lane, t.Now); err != nil {
		return err
	}
	t.Change(change.Message, school, string(m.ID))
	return nil
}

// Kinds of message that answer what a person asked for: they come whether or not the person agreed to
// messages.
const (
	signInKind      = "signin"
	leaveAnswerKind = "leave_answer"
)

// asksForIt reports whether a message is the answer to what its recipient asked for.
func asksForIt(kind string) bool { return kind == signInKind || kind == leaveAnswerKind }
