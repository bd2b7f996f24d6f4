package messages

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// ToldFilter selects recipients of a message.
type ToldFilter struct {
	store.Page
	State State // "": all
	// recipients who have not read it, whatever else came of it
	Unread bool
}

// Summary is a message with how many recipients are in which state.
type Summary struct {
	Message
	Counts Counts `json:"counts"`
}

// List lists the messages of the school, or of all schools in scope, newest first, without those
// that only carry a code, and digests, which only tell others. The texts of alerts are not told
// apart: kind "" lists all. A page may have fewer rows than asked for and still have a next one.
func (v View) List(
	ctx context.Context, school g.SchoolID, kind string, p store.Page,
) ([]Summary, string, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return nil, "", err
	}
	w := store.Where{}
	if err := in.Within(&w, "school", school); err != nil {
		return nil, "", err
	}
	w.And("kind <> 'confirm'")
	w.And("kind <> 'digest'")
	store.Eq(&w, "kind", kind)
	parts, resumed, err := p.After(2)
	if err != nil {
		return nil, "", err
	}
	if resumed {
		at, err := store.Number(parts[0])
		if err != nil {
			return nil, "", err
		}
		w.And("(created < ? OR created = ? AND id < ?)", at, at, parts[1])
	}
	out := []Summary{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+messageColumns+" FROM messages"+w.String()+" ORDER BY created DESC, id DESC LIMIT ?",
		append(w.Args, p.Size()+1), func(scan func(...any) error) error {
			m, err := v.r.scanMessage(scan)
			out = append(out, Summary{Message: m})
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list messages: %w", err)
	}
	out, next := store.Cut(out, p.Size(), func(m Summary) string {
		return store.Cursor(store.Digits(store.Micros(m.Created)), string(m.ID))
	})
	out = slices.DeleteFunc(out, func(m Summary) bool { return v.unseen(m.Message) })
	for i := range out {
		if out[i].Counts, err = v.r.counts(ctx, out[i].ID); err != nil {
			return nil, "", err
		}
	}
	return out, next, nil
}

// RuleParam is the parameter that says which rule a silent alert is of; other messages have none.
const RuleParam = "rule"

// unseen reports whether a message tells of a silent alert that whoever acts is not to see.
func (v View) unseen(m Message) bool {
	return v.s.System == "" && v.s.Unseen(g.RuleID(m.Params[RuleParam]))
}

func (r *Book) counts(ctx context.Context, id g.MessageID) (Counts, error) {
	out := Counts{}
	err := store.Each(ctx, r.s.Reg,
		"SELECT state, COUNT(*) FROM recipients WHERE message = ? GROUP BY state", []any{string(id)},
		func(scan func(...any) error) error {
			var s State
			n := 0
			err := scan(&s, &n)
			out[s] = n
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("count recipients: %w", err)
	}
	return out, nil
}

// Find returns one message with its counts.
func (v View) Find(ctx context.Context, id g.MessageID) (Summary, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return Summary{}, err
	}
	m, err := v.r.scanMessage(
		v.s.Reg.Row(ctx, "SELECT "+messageColumns+" FROM messages WHERE id = ?", string(id)).Scan)
	if err != nil {
		return Summary{}, store.Missing(err, "message", string(id))
	}
	if err := in.Owns(m.School, "message", string(id)); err != nil {
		return Summary{}, err
	}
	if v.unseen(m) {
		return Summary{}, store.NotFound("message", string(id))
	}
	counts, err := v.r.counts(ctx, id)
	return Summary{
		Message: m,
		Counts:  counts,
	}, err
}

// Told lists the recipients of a message with what came of it, in the order in which they were named.
// Names of people are given to those who may see people.
func (v View) Told(
	ctx context.Context, id g.MessageID, f ToldFilter,
) ([]Told, string, error) {
	if _, err := v.Find(ctx, id); err != nil {
		return nil, "", err
	}
	var w store.Where
	w.And("message = ?", string(id))
	store.Eq(&w, "state", f.State)
	if f.Unread {
		w.And("read = 0")
	}
	parts, resumed, err := f.After(1)
	if err != nil {
		return nil, "", err
	}
	if resumed {
		after, err := store.Number(parts[0])
		if err != nil {
			return nil, "", err
		}
		w.And("id > ?", after)
	}
	out := []Told{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, COALESCE(usr, ''), COALESCE(person, ''), channel, state, code, next, read "+
			"FROM recipients"+w.String()+" ORDER BY id LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			x := Told{Ways: []Sending{}}
			var next, read int64
			err := scan(
				&x.ID,
				&x.User,
				&x.Person,
				&x.Channel,
				&x.State,
				&x.Code,
				&next,
				&read,
			)
			x.Next, x.Read = store.Moment(next), store.Moment(read)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list recipients: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(x Told) string { return store.Cursor(store.Digits(x.ID)) })
	if err := v.r.fillWays(ctx, out); err != nil {
		return nil, "", err
	}
	return out, next, v.fillNames(ctx, out)
}

func (r *Book) fillWays(ctx context.Context, out []Told) error {
	at := map[int64]*Told{}
	ids := make([]any, 0, len(out))
	for i := range out {
		at[out[i].ID] = &out[i]
		ids = append(ids, out[i].ID)
	}
	for some := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, r.s.Reg,
			"SELECT recipient, id, channel, way, state, code, error, attempt, next, sent, delivered, "+
				"digest, moved FROM sendings WHERE recipient IN ("+store.Marks(len(some))+") ORDER BY id",
			some, func(scan func(...any) error) error {
				var of, next, sent, delivered int64
				var s Sending
				if err := scan(&of, &s.ID, &s.Channel, &s.Way, &s.State, &s.Code, &s.Error, &s.Attempt,
					&next, &sent, &delivered, &s.Digest, &s.Moved); err != nil {
					return err
				}
				s.Next, s.Sent, s.Delivered = store.Moment(next), store.Moment(sent),
					store.Moment(delivered)
				at[of].Ways = append(at[of].Ways, s)
				return nil
			})
		if err != nil {
			return fmt.Errorf("read sendings: %w", err)
		}
	}
	return nil
}

func (v View) fillNames(ctx context.Context, out []Told) error {
	var ids []g.PersonID
	for _, x := range out {
		if x.Person != "" {
			ids = append(ids, x.Person)
		}
	}
	names, err := people.Named(ctx, v.people, ids)
	if err != nil {
		return err
	}
	for i := range out {
		switch x := &out[i]; {
		case x.Person != "":
			x.Name = names[x.Person]
		case x.User != "":
			u, err := access.UserRow(ctx, v.r.access, v.s.Reg, x.User)
			if err != nil {
				return err
			}
			x.Name = u.FullName
			if x.Name == "" {
				x.Name = u.Name
			}
		}
	}
	return nil
}
