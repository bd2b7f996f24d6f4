package messages

import (
	"cmp"
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Opened is a message as its recipient reads it by the link.
type Opened struct {
	School   string
	Language string
	Subject  string
	Text     string
	Sent     string // day and time in the school's time zone
	Read     bool
}

// Open shows a message to whoever has its link; only for system scopes. It does not count as read.
func (v View) Open(ctx context.Context, token string) (Opened, error) {
	if err := v.s.OnlySystem(); err != nil {
		return Opened{}, err
	}
	x, err := v.opened(ctx, token)
	if err != nil {
		return Opened{}, err
	}
	l, err := v.r.letter(ctx, x.letterRow, map[g.MessageID]Message{}, map[g.SchoolID]g.School{})
	if err != nil {
		return Opened{}, err
	}
	t, err := v.TemplateFor(ctx, l.School, l.Kind, l.Language)
	if err != nil {
		return Opened{}, err
	}
	s, zone, err := v.r.schoolAt(ctx, l.School)
	if err != nil {
		return Opened{}, err
	}
	out := Opened{
		School:   s.Name,
		Language: cmp.Or(t.Language, "en"),
		Sent:     l.Created.In(zone).Format("2006-01-02 15:04"),
		Read:     x.read,
	}
	out.Subject, out.Text = t.Render(l.Params)
	return out, nil
}

// ReadBy notes that whoever has a message's link has read it; only for system scopes.
func (v View) ReadBy(ctx context.Context, token string) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	x, err := v.opened(ctx, token)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		school, err := store.SchoolOf(ctx, t, "messages", "message", string(x.Message))
		if err != nil {
			return err
		}
		return read(
			ctx,
			t,
			school,
			x.Message,
			x.Recipient,
			x.Sending,
		)
	})
}

// openedRow is the recipient whom a link belongs to.
type openedRow struct {
	letterRow
	read bool
}

func (v View) opened(ctx context.Context, token string) (x openedRow, err error) {
	id, sending, err := v.r.recipientOf(token)
	if err != nil {
		return x, err
	}
	var read int64
	err = v.s.Reg.Row(ctx,
		"SELECT who, COALESCE(usr, ''), COALESCE(person, ''), params_sealed, message, read FROM recipients "+
			"WHERE id = ?", id).Scan(
		&x.who,
		&x.user,
		&x.person,
		&x.sealed,
		&x.Message,
		&read,
	)
	x.Recipient, x.Sending, x.read = id, sending, read > 0
	if err != nil {
		return x, badLink()
	}
	return x, nil
}

// schoolAt is a school with its time zone.
func (r *Book) schoolAt(ctx context.Context, id g.SchoolID) (g.School, *time.Location, error) {
	s, err := places.SchoolRow(ctx, r.s.Reg, id)
	if err != nil {
		return s, time.UTC, err
	}
	zone, err := time.LoadLocation(s.Timezone)
	if err != nil {
		zone = time.UTC
	}
	return s, zone, nil
}
