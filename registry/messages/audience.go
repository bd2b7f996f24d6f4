package messages

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Audience is to whom a broadcast goes: everybody whom one of its lines names, each once.
type Audience struct {
	Kinds     []g.PersonKind `json:"kinds,omitempty"`     // all people of these kinds
	Classes   []string       `json:"classes,omitempty"`   // the students of these classes
	Guardians []string       `json:"guardians,omitempty"` // the guardians of students of these classes
	Roles     []g.Role       `json:"roles,omitempty"`     // users with these roles
	People    []g.PersonID   `json:"people,omitempty"`
	// who has not read this message, instead of all the above
	Unread g.MessageID `json:"unread,omitempty"`
}

// Limits of an audience.
const (
	maxNamed  = 500
	maxPeople = 1000 // named one by one
)

func (a Audience) check() error {
	if len(a.Classes) > maxNamed || len(a.Guardians) > maxNamed || len(a.People) > maxPeople {
		return g.FieldErrorf("audience", "at most %d classes and %d people are named one by one", maxNamed,
			maxPeople)
	}
	if len(a.Kinds)+len(a.Classes)+len(a.Guardians)+len(a.Roles)+len(a.People) == 0 && a.Unread == "" {
		return g.FieldErrorf("audience", "say who is told: kinds of people, classes, guardians or roles")
	}
	for _, k := range a.Kinds {
		if !slices.Contains(g.PersonKinds(), k) {
			return g.FieldErrorf("audience.kinds", "%q is no kind of person; use some of %v", k,
				g.PersonKinds())
		}
	}
	for _, r := range a.Roles {
		if !slices.Contains(g.Roles(), r) {
			return g.FieldErrorf("audience.roles", "%q is no role of a user; use one of %v", r, g.Roles())
		}
	}
	return nil
}

// Preview says whom a broadcast would reach, before it is sent.
type Preview struct {
	Recipients int         `json:"recipients"`
	People     int         `json:"people"`
	Users      int         `json:"users"`
	ByWay      map[Way]int `json:"by_way"`     // how many have an address that a channel reaches
	NoAddress  int         `json:"no_address"` // how many can be reached by no step
	NotWished  int         `json:"not_wished"` // guardians and visitors who have not agreed
}

// Broadcast is a text to many, in one language or two.
type Broadcast struct {
	School    g.SchoolID
	Audience  Audience
	Subject   string
	Text      string
	SubjectZH string // "": the same as Subject
	TextZH    string
	Urgent    bool // passes quiet hours and wishes, in the lane of alarms
	Steps     []Step
}

// message is the broadcast as a message.
func (b Broadcast) message() (Message, error) {
	if err := store.Line("subject", b.Subject, MaxSubject); err != nil {
		return Message{}, err
	}
	if err := store.Optional("subject_zh", b.SubjectZH, MaxSubject); err != nil {
		return Message{}, err
	}
	if b.Text == "" {
		return Message{}, g.FieldErrorf("text", "write what the message says")
	}
	m := Message{
		School: b.School,
		Lane:   Bulk,
		Kind:   "broadcast",
		Steps:  b.Steps,
		Params: map[string]string{"subject": b.Subject, "text": b.Text},
	}
	if b.SubjectZH != "" {
		m.Params["subject_zh"] = b.SubjectZH
	}
	if b.TextZH != "" {
		m.Params["text_zh"] = b.TextZH
	}
	if b.Urgent {
		m.Lane = Alarm
	}
	return m, nil
}

// Preview counts whom a broadcast would reach, by the addresses, wishes and channels that there are
// now. It sends nothing.
func (v View) Preview(ctx context.Context, b Broadcast) (Preview, error) {
	to, err := v.audience(ctx, b)
	if err != nil {
		return Preview{}, err
	}
	if len(b.Steps) == 0 {
		b.Steps = DefaultSteps(Bulk)
	}
	return v.reach(ctx, b, to)
}

// reach counts who of the recipients of a broadcast with steps can be reached.
func (v View) reach(ctx context.Context, b Broadcast, to []To) (Preview, error) {
	steps := b.Steps
	var ways []Way
	for _, s := range steps {
		ways = append(ways, s.Ways...)
	}
	serving, err := v.r.serving(ctx, v.s.Reg, b.School)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{
		Recipients: len(to),
		ByWay:      map[Way]int{},
	}
	have, agreed, err := v.r.reachedBy(ctx, b.School)
	if err != nil {
		return Preview{}, err
	}
	l, err := people.RollOf(ctx, v.r.people, b.School)
	if err != nil {
		return Preview{}, err
	}
	roll := map[g.PersonID]people.Keyed{}
	for _, p := range l.People {
		roll[p.ID] = p
	}
	for _, x := range to {
		p := roll[x.Person]
		if x.User != "" {
			out.Users++
		} else {
			out.People++
		}
		if !b.Urgent && (p.Kind == g.Guardian || p.Kind == g.Visitor) && !agreed[x.who()] {
			out.NotWished++
			continue
		}
		any := false
		for _, w := range Ways() {
			_, served := serving[w]
			reached := have[x.who()][w] || p.Phone != "" && (w == SMS || w == Voice)
			if served && reached && slices.Contains(ways, w) {
				out.ByWay[w]++
				any = true
			}
		}
		if !any {
			out.NoAddress++
		}
	}
	return out, nil
}

// reachedBy tells who of a school has which kinds of address in use, and who agreed to messages.
func (r *Book) reachedBy(
	ctx context.Context, school g.SchoolID,
) (have map[string]map[Way]bool, agreed map[string]bool, err error) {
	have, agreed = map[string]map[Way]bool{}, map[string]bool{}
	err = store.Each(ctx, r.s.Reg,
		"SELECT COALESCE(usr, person), way FROM addresses WHERE school = ? AND confirmed > 0 AND lost = ''",
		[]any{string(school)}, func(scan func(...any) error) error {
			var who string
			var w Way
			err := scan(&who, &w)
			if have[who] == nil {
				have[who] = map[Way]bool{}
			}
			have[who][w] = true
			return err
		})
	if err != nil {
		return nil, nil, fmt.Errorf("read addresses: %w", err)
	}
	err = store.Each(ctx, r.s.Reg, "SELECT who, body FROM wishes", nil,
		func(scan func(...any) error) error {
			var who string
			var body []byte
			if err := scan(&who, &body); err != nil {
				return err
			}
			var w Wishes
			err := json.Unmarshal(body, &w)
			agreed[who] = w.Opted
			return err
		})
	if err != nil {
		return nil, nil, fmt.Errorf("read wishes: %w", err)
	}
	return have, agreed, nil
}

// Broadcast sends a text to everybody whom its audience names, and returns the message's ID. It is
// audited.
func (v View) Broadcast(ctx context.Context, b Broadcast) (g.MessageID, error) {
	m, err := b.message()
	if err != nil {
		return "", err
	}
	to, err := v.audience(ctx, b)
	if err != nil {
		return "", err
	}
	return v.Send(ctx, m, to)
}

// Again sends a message's text once more to those who have not read it, by other steps, as a new
// message. Who reads that has read this one.
func (v View) Again(ctx context.Context, id g.MessageID, steps []Step) (g.MessageID, error) {
	was, err := v.Find(ctx, id)
	if err != nil {
		return "", err
	}
	if was.Kind != "broadcast" {
		return "", g.Errorf(g.Conflict, "only a broadcast is sent again to those who have not read it")
	}
	to, err := v.audience(ctx, Broadcast{
		School:   was.School,
		Audience: Audience{Unread: id},
	})
	if err != nil {
		return "", err
	}
	return v.Send(ctx, Message{
		School: was.School,
		Lane:   was.Lane,
		Kind:   was.Kind,
		Params: was.Params,
		Steps:  steps,
		Again:  id,
	}, to)
}

// audience lists the recipients of a broadcast, each once: people by class, number and name, then
// users.
func (v View) audience(ctx context.Context, b Broadcast) ([]To, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, b.School); err != nil {
		return nil, err
	}
	if err := b.Audience.check(); err != nil {
		return nil, err
	}
	if b.Audience.Unread != "" {
		return v.unread(ctx, in, b.Audience.Unread)
	}
	to, err := v.named(ctx, b)
	if err != nil {
		return nil, err
	}
	if len(to) == 0 {
		return nil, g.FieldErrorf("audience", "nobody of the school is named by this")
	}
	return to, nil
}

// named lists the people, then the users whom a broadcast's audience names.
func (v View) named(ctx context.Context, b Broadcast) ([]To, error) {
	to, err := v.peopleOf(ctx, b)
	if err != nil {
		return nil, err
	}
	users, err := access.UsersOf(ctx, v.r.access, v.s.Reg, b.School)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if !u.Disabled && slices.Contains(b.Audience.Roles, u.Role) {
			to = append(to, To{User: u.ID, Role: u.Role})
		}
	}
	return to, nil
}

func (v View) peopleOf(ctx context.Context, b Broadcast) ([]To, error) {
	l, err := people.RollOf(ctx, v.r.people, b.School)
	if err != nil {
		return nil, err
	}
	a := b.Audience
	chosen := map[g.PersonID]bool{}
	for _, id := range a.People {
		chosen[id] = true
	}
	for _, p := range l.People {
		if p.Kind != g.Student || !p.Left.IsZero() {
			continue
		}
		if slices.Contains(a.Classes, p.Class) {
			chosen[p.ID] = true
		}
		if slices.Contains(a.Guardians, p.Class) {
			for _, id := range p.Guardian {
				chosen[id] = true
			}
		}
	}
	var to []To
	for _, p := range l.People {
		if p.Left.IsZero() && (chosen[p.ID] || slices.Contains(a.Kinds, p.Kind)) {
			to = append(to, To{Person: p.ID})
		}
	}
	return to, nil
}

// unread are the recipients of a message who have not read it.
func (v View) unread(ctx context.Context, in store.Reach, id g.MessageID) ([]To, error) {
	school, err := store.SchoolOf(ctx, v.s.Reg, "messages", "message", string(id))
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "message", string(id)); err != nil {
		return nil, err
	}
	var to []To
	err = store.Each(ctx, v.s.Reg,
		"SELECT COALESCE(usr, ''), COALESCE(person, ''), channel, role FROM recipients WHERE message = ? AND "+
			"read = 0 ORDER BY id", []any{string(id)}, func(scan func(...any) error) error {
			var x To
			err := scan(&x.User, &x.Person, &x.Channel, &x.Role)
			to = append(to, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read recipients: %w", err)
	}
	if len(to) == 0 {
		return nil, g.FieldErrorf("audience", "everybody has read it")
	}
	return to, nil
}
