package messages

import (
	"context"
	"strings"
	"unicode"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Host finds the one of a school's users and staff whom a visitor means by a name or a telephone
// number; only for system scopes. Who is a user and staff is told as a user, who has confirmed
// addresses. It is false where nobody fits, or more than one does.
func (v View) Host(ctx context.Context, school g.SchoolID, typed string) (To, bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return To{}, false, err
	}
	name, number := letters(typed), numberOf(typed)
	fits := func(n, tel string) bool {
		n = letters(n)
		return n != "" && n == name || len(number) >= minPhone && numberOf(tel) == number
	}
	users, err := access.UsersOf(ctx, v.r.access, v.s.Reg, school)
	if err != nil {
		return To{}, false, err
	}
	var found []To
	for _, u := range users {
		if !u.Disabled && fits(u.FullName, "") {
			found = append(found, To{User: u.ID})
		}
	}
	if len(found) == 0 {
		l, err := people.RollOf(ctx, v.r.people, school)
		if err != nil {
			return To{}, false, err
		}
		for _, p := range l.People {
			if p.Kind == g.Staff && p.Left.IsZero() && fits(p.Name, p.Phone) {
				found = append(found, To{Person: p.ID})
			}
		}
	}
	if len(found) != 1 {
		return To{}, false, nil
	}
	return found[0], true, nil
}

// minPhone is the fewest digits that are a telephone number.
const minPhone = 7

// letters is a name without case, blanks and marks.
func letters(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s))
}

// numberOf is a number's last eleven digits, where it is nothing else.
func numberOf(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			out = append(out, r)
		case unicode.IsLetter(r):
			return ""
		}
	}
	return string(out[max(0, len(out)-11):])
}
