package gate

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// ValidTimezone tells whether name is a zone of the IANA database; the empty name and Local are
// not.
func ValidTimezone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// MaxWord is the longest id, or word out of a fixed set, that is taken, in characters.
const MaxWord = 64

// SchoolOf is the school that a request names, or the caller's own.
func SchoolOf(ctx context.Context, id g.SchoolID) g.SchoolID {
	if id != "" {
		return id
	}
	return CallerOf(ctx).Scope.School
}

// Because is the caller's view with a reason for the audit log.
func (gt *Gate) Because(ctx context.Context, reason string) *registry.View {
	scope := CallerOf(ctx).Scope
	if said := OneLine(reason); said != "" {
		scope.Reason = said // a key has its purpose as the reason otherwise
	}
	return gt.reg.In(scope)
}

// OneLine keeps a text to one line of at most 512 bytes.
func OneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for len(text) > 512 {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return text
}

// Span is a range of time that a list covers.
type Span struct {
	Paged
	InSchool
	Date string    `query:"date" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"One day in the school's time zone, YYYY-MM-DD. Default: today." example:"2026-09-01"`
	From time.Time `query:"from" doc:"Instead of date: from then on, RFC 3339."`
	To   time.Time `query:"to" doc:"Instead of date: until then, RFC 3339."`
}

// Spanned tells whether the ends are given. It refuses one without the other, and both beside a
// day, rather than answer with another range than was meant.
func Spanned(ctx context.Context, in Span) (bool, error) {
	q := RequestOf(ctx).URL.Query()
	switch from, to := q.Has("from"), q.Has("to"); {
	case from && !to:
		return false, g.FieldErrorf("to", "from is given without to: give both, or date")
	case to && !from:
		return false, g.FieldErrorf("from", "to is given without from: give both, or date")
	case from && in.Date != "":
		return false, g.FieldErrorf("date", "give either date, or from and to")
	case from && !in.To.After(in.From):
		return false, g.FieldErrorf("to", "to is not after from")
	default:
		return from, nil
	}
}

// Quote makes one shell word of s.
func Quote(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("-_./:@", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
