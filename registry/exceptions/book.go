// Package exceptions keeps who looks after what needs a person, and what is settled: by the id of the
// exception, which follows from what it is about. What needs a person is kept by others (answers with
// exceptions, passages of nobody) and not here.
package exceptions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Keep is how long a mark is kept: longer than anything stands in the queue.
const Keep = 30 * 24 * time.Hour

// MaxNote is the most characters of a note.
const MaxNote = 500

// Book keeps marks for all scopes. It is safe for concurrent use.
type Book struct{ s *store.Store }

// New keeps marks in s.
func New(s *store.Store) *Book { return &Book{s} }

// View is the book restricted to one scope.
type View struct {
	r *Book
	s *store.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View { return View{r, s} }

// Mark says who looks after an exception, or that it is settled.
type Mark struct {
	ID    string    `json:"id"`
	Owner string    `json:"owner,omitempty"` // who has taken it
	Taken time.Time `json:"taken,omitzero"`
	Done  time.Time `json:"done,omitzero"` // settled; zero: it is open
	By    string    `json:"by,omitempty"`  // who settled it
	Note  string    `json:"note,omitempty"`
}

// Marks are those of a school, by the id of what is marked.
func (v View) Marks(ctx context.Context, school g.SchoolID) (map[string]Mark, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	k, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	out := map[string]Mark{}
	err = store.Each(ctx, v.s.Reg, "SELECT id, body_sealed FROM exception_marks WHERE school = ?",
		[]any{string(school)}, func(scan func(...any) error) error {
			var id string
			var sealed []byte
			if err := scan(&id, &sealed); err != nil {
				return err
			}
			b, err := store.Unseal(k.Kept, sealed, "exception "+id)
			if err != nil {
				return err
			}
			var m Mark
			err = json.Unmarshal(b, &m)
			out[id] = m
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list marks of exceptions: %w", err)
	}
	return out, nil
}

// Deed is what somebody does about an exception.
type Deed string

// The deeds.
const (
	Take    Deed = "take"    // looks after it
	Release Deed = "release" // does not any more
	Settle  Deed = "settle"
	Reopen  Deed = "reopen"
)

// Do marks an exception and returns the mark. What has been settled is conflict for all but Reopen.
func (v View) Do(
	ctx context.Context, school g.SchoolID, id string, deed Deed, note string,
) (m Mark, err error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return m, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return m, err
	}
	if !g.ValidID(id) {
		return m, store.BadID()
	}
	if err := store.Optional("note", note, MaxNote); err != nil {
		return m, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		all, err := v.Marks(ctx, school)
		if err != nil {
			return err
		}
		m = all[id]
		m.ID = id
		if !m.Done.IsZero() && deed != Reopen {
			return g.Errorf(g.Conflict, "it is settled already: open it again first")
		}
		now := store.Moment(store.Micros(t.Now))
		switch deed {
		case Take:
			m.Owner, m.Taken = v.s.Scope.Actor, now
		case Release:
			m.Owner, m.Taken = "", time.Time{}
		case Settle:
			m.Done, m.By, m.Note = now, v.s.Scope.Actor, note
		case Reopen:
			m.Done, m.By, m.Note = time.Time{}, "", ""
		default:
			return g.FieldErrorf("deed", "%q is no deed; use take, release, settle or reopen", string(deed))
		}
		return v.put(ctx, t, school, m)
	})
	return m, err
}

func (v View) put(ctx context.Context, t *store.Tx, school g.SchoolID, m Mark) error {
	k, err := v.s.Vault.School(ctx, t, school)
	if err != nil {
		return err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := t.Exec(ctx, "DELETE FROM exception_marks WHERE school = ? AND marked < ?", string(school),
		store.Micros(t.Now.Add(-Keep))); err != nil {
		return fmt.Errorf("forget marks of exceptions: %w", err)
	}
	_, err = t.Exec(ctx, "INSERT INTO exception_marks (school, id, marked, body_sealed) VALUES (?, ?, ?, ?) "+
		"ON CONFLICT (school, id) DO UPDATE SET marked = excluded.marked, body_sealed = excluded.body_sealed",
		string(school), m.ID, store.Micros(t.Now), store.Seal(k.Kept, b, "exception "+m.ID))
	if err != nil {
		return fmt.Errorf("write mark of an exception: %w", err)
	}
	t.Change(change.Exception, school, m.ID)
	return v.s.Audit(ctx, t, school, "exception.mark", m.ID)
}
