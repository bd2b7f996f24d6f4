package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// atOnce is the most recipients written in one transaction, which limits how long other writers
// wait.
const atOnce = 256

// body is the part of a message that is sealed.
type body struct {
	Params map[string]string `json:"params,omitempty"`
	Steps  []Step            `json:"steps"`
}

const messageColumns = "id, school, lane, kind, alert, asked, body_sealed, created, expires, stopped, why, again"

func (r *Book) scanMessage(scan func(...any) error) (m Message, err error) {
	var sealed []byte
	var created, expires, stopped int64
	if err := scan(&m.ID, &m.School, &m.Lane, &m.Kind, &m.Alert, &m.Asked, &sealed, &created, &expires,
		&stopped, &m.Why, &m.Again); err != nil {
		return m, err
	}
	m.Created, m.Expires, m.Stopped = store.Moment(created), store.Moment(expires),
		store.Moment(stopped)
	plain, err := store.Unseal(r.s.Vault.Data, sealed, "message "+string(m.ID))
	if err != nil {
		return m, err
	}
	var b body
	if err := json.Unmarshal(plain, &b); err != nil {
		return m, fmt.Errorf("read message %s: %w", m.ID, err)
	}
	m.Params, m.Steps = b.Params, b.Steps
	return m, nil
}

// paced is the context for writes of a lane: all but alarms let others go first.
func paced(ctx context.Context, l Lane) context.Context {
	if l == Alarm {
		return ctx
	}
	return store.Patient(ctx)
}

// lasts is how long a message of a lane is tried where it does not say.
func lasts(l Lane) time.Duration {
	if l == Alarm {
		return 24 * time.Hour
	}
	return 3 * 24 * time.Hour
}

func checkMessage(m Message) error {
	if !slices.Contains(Lanes(), m.Lane) {
		return g.FieldErrorf("lane", "%q is no lane; use one of %v", m.Lane, Lanes())
	}
	if _, err := KindOf(m.Kind); err != nil {
		return err
	}
	if len(m.Steps) > MaxSteps {
		return g.FieldErrorf("steps", "a message has at most %d steps", MaxSteps)
	}
	for i, s := range m.Steps {
		field := fmt.Sprintf("steps[%d]", i)
		if len(s.Ways) == 0 {
			return g.FieldErrorf(field, "a step has at least one way")
		}
		for _, w := range s.Ways {
			if !slices.Contains(Ways(), w) {
				return g.FieldErrorf(field, "%q is no way; use some of %v", w, Ways())
			}
		}
		if s.AfterSeconds < 0 || s.AfterSeconds > MaxAfter {
			return g.FieldErrorf(field, "the wait is between 0 and 24 hours")
		}
	}
	return checkParams("params", m.Params)
}

func checkParams(field string, params map[string]string) error {
	if len(params) > MaxParams {
		return g.FieldErrorf(field, "a message has at most %d parameters", MaxParams)
	}
	for name, value := range params {
		if !utf8.ValidString(value) {
			return g.FieldErrorf(field+"."+name, "the text is not UTF-8")
		}
		if n := utf8.RuneCountInString(value); n > MaxParam {
			return g.FieldErrorf(field+"."+name, "the text has %d characters; at most %d are kept", n,
				MaxParam)
		}
	}
	return nil
}

func checkTo(to []To) error {
	if len(to) == 0 {
		return g.FieldErrorf("to", "a message has at least one recipient")
	}
	if len(to) > MaxRecipients {
		return g.FieldErrorf("to", "a message has at most %d recipients: send it in parts", MaxRecipients)
	}
	for i, x := range to {
		set := 0
		for _, id := range []string{string(x.User), string(x.Person), string(x.Channel)} {
			if id != "" {
				set++
			}
		}
		if set != 1 {
			return g.FieldErrorf(fmt.Sprintf("to[%d]", i), "name one user, person or channel")
		}
		if err := checkParams(fmt.Sprintf("to[%d].params", i), x.Params); err != nil {
			return err
		}
	}
	return nil
}

// Send queues a message for recipients of its school, or of schools below it, and returns its ID. It
// is idempotent: the same ID again adds recipients that are new and changes nothing else, so after
// an error the same call sends to the rest. Recipients that do not exist or are out of reach are
// refused before anything is written.
func (v View) Send(ctx context.Context, m Message, to []To) (g.MessageID, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return "", err
	}
	if err := v.s.InSchool(ctx, in, m.School); err != nil {
		return "", err
	}
	if err := errors.Join(checkMessage(m), checkTo(to)); err != nil {
		return "", err
	}
	if err := v.within(ctx, in, to); err != nil {
		return "", err
	}
	if m.ID == "" {
		m.ID = g.MessageID(g.NewID("msg"))
	}
	if !g.ValidID(string(m.ID)) {
		return "", store.BadID()
	}
	if len(m.Steps) == 0 {
		m.Steps = DefaultSteps(m.Lane)
	}
	m.Asked = v.s.Actor
	ctx = paced(ctx, m.Lane)
	for some := range slices.Chunk(to, atOnce) {
		err := v.s.Write(ctx, func(t *store.Tx) error {
			made, err := v.r.addMessage(ctx, t, m)
			if err != nil {
				return err
			}
			if err := v.r.addRecipients(ctx, t, m, some); err != nil {
				return err
			}
			t.Change(change.Message, m.School, string(m.ID))
			if !made || v.s.System != "" {
				return nil
			}
			return v.s.Audit(ctx, t, m.School, "message.send",
				fmt.Sprintf("%s %s %d", m.ID, m.Kind, len(to)))
		})
		if err != nil {
			return "", fmt.Errorf("queue message: %w", err)
		}
	}
	return m.ID, nil
}

// addMessage inserts a message; made is false if it exists.
func (r *Book) addMessage(ctx context.Context, t *store.Tx, m Message) (made bool, err error) {
	if m.Expires.IsZero() {
		m.Expires = t.Now.Add(lasts(m.Lane))
	}
	plain, err := json.Marshal(body{m.Params, m.Steps})
	if err != nil {
		return false, err
	}
	n, err := t.Exec(ctx,
		"INSERT INTO messages ("+messageColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?) "+
			"ON CONFLICT (id) DO NOTHING",
		string(m.ID), string(m.School), string(m.Lane), m.Kind, string(m.Alert), m.Asked,
		store.Seal(r.s.Vault.Data, plain, "message "+string(m.ID)), store.Micros(t.Now),
		store.Micros(m.Expires), string(m.Again))
	if err != nil {
		return false, fmt.Errorf("write message: %w", err)
	}
	if n == 1 {
		return true, nil
	}
	school, err := store.SchoolOf(ctx, t, "messages", "message", string(m.ID))
	if err == nil && school != m.School {
		err = g.Errorf(g.Conflict, "there is a %s %q already: choose another id", g.Noun("message"),
			string(m.ID))
	}
	return false, err
}

func (r *Book) addRecipients(ctx context.Context, t *store.Tx, m Message, to []To) error {
	stmt, err := t.Prepare(ctx,
		"INSERT INTO recipients (message, who, usr, person, channel, role, params_sealed, lane, state, "+
			"code, step, next, read) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', '', 0, ?, 0) "+
			"ON CONFLICT (message, who) DO NOTHING")
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, x := range to {
		var params []byte
		if len(x.Params) > 0 {
			plain, err := json.Marshal(x.Params)
			if err != nil {
				return err
			}
			params = store.Seal(r.s.Vault.Data, plain, "recipient "+string(m.ID)+" "+x.who())
		}
		if _, err := stmt.Exec(ctx, string(m.ID), x.who(), orNil(x.User), orNil(x.Person),
			string(x.Channel), string(x.Role), params, string(m.Lane), store.Micros(t.Now)); err != nil {
			return fmt.Errorf("write recipient: %w", err)
		}
	}
	return nil
}

// orNil is a foreign key that may be absent.
func orNil[T ~string](id T) any {
	if id == "" {
		return nil
	}
	return string(id)
}

// within refuses recipients that are out of reach or do not exist.
func (v View) within(ctx context.Context, in store.Reach, to []To) error {
	var users []g.UserID
	var persons []g.PersonID
	var channels []g.ChannelID
	for _, x := range to {
		switch {
		case x.User != "":
			users = append(users, x.User)
		case x.Person != "":
			persons = append(persons, x.Person)
		default:
			channels = append(channels, x.Channel)
		}
	}
	if err := missing(ctx, v, in, channels, "channel",
		"SELECT id, school FROM channels WHERE id IN ("); err != nil {
		return err
	}
	found, err := access.SchoolsOf(ctx, v.s.Reg, users)
	if err != nil {
		return err
	}
	if err := reached(in, users, found, "user"); err != nil {
		return err
	}
	schools, err := people.SchoolsOf(ctx, v.s.Reg, persons)
	if err != nil {
		return err
	}
	return reached(in, persons, schools, "person")
}

func missing[T ~string](
	ctx context.Context, v View, in store.Reach, ids []T, noun, q string,
) error {
	found := map[T]g.SchoolID{}
	for some := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, v.s.Reg, q+store.Marks(len(some))+")", store.Anys(some),
			func(scan func(...any) error) error {
				var id T
				var school g.SchoolID
				err := scan(&id, &school)
				found[id] = school
				return err
			})
		if err != nil {
			return fmt.Errorf("find recipients: %w", err)
		}
	}
	return reached(in, ids, found, noun)
}

func reached[T ~string](
	in store.Reach, ids []T, found map[T]g.SchoolID, noun string,
) error {
	for _, id := range ids {
		school, ok := found[id]
		if !ok {
			return store.NotFound(noun, string(id))
		}
		if err := in.Owns(school, noun, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends a message: nothing further is sent of it. It does nothing to one that has ended.
func (v View) Stop(ctx context.Context, id g.MessageID, why string) error {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return err
	}
	if err := store.Optional("why", why, store.MaxReason); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		school, err := store.SchoolOf(ctx, t, "messages", "message", string(id))
		if err != nil {
			return err
		}
		if err := in.Owns(school, "message", string(id)); err != nil {
			return err
		}
		n, err := t.Exec(ctx, "UPDATE messages SET stopped = ?, why = ? WHERE id = ? AND stopped = 0",
			store.Micros(t.Now), why, string(id))
		if err != nil || n == 0 {
			return err
		}
		if err := v.r.halt(ctx, t, id); err != nil {
			return err
		}
		t.Change(change.Message, school, string(id), "stopped")
		if v.s.System != "" {
			return nil
		}
		return v.s.Audit(
			ctx,
			t,
			school,
			"message.stop",
			string(id),
		)
	})
}

// halt ends what a message still has to send.
func (r *Book) halt(ctx context.Context, t *store.Tx, id g.MessageID) error {
	for _, q := range []string{
		"UPDATE sendings SET state = 'stopped', next = 0 WHERE (next > 0 OR digest <> '' AND " +
			"state = 'queued') AND recipient IN " +
			"(SELECT id FROM recipients WHERE message = ?)",
		"UPDATE recipients SET next = 0 WHERE message = ? AND next > 0",
		"UPDATE recipients SET state = 'stopped', code = 'stopped' WHERE message = ? AND state = 'waiting'",
	} {
		if _, err := t.Exec(ctx, q, string(id)); err != nil {
			return fmt.Errorf("stop message: %w", err)
		}
	}
	return nil
}

// sendTo queues the message that brings the code of an address to that address alone, at once.
func (r *Book) sendTo(ctx context.Context, t *store.Tx, a kept, code string) error {
	m := Message{
		ID:      g.MessageID(g.NewID("msg")),
		School:  a.school,
		Lane:    Notice,
		Kind:    "confirm",
		Params:  map[string]string{"code": code},
		Steps:   []Step{{Ways: []Way{a.Way}}},
		Asked:   string(a.user),
		Expires: t.Now.Add(codeLasts),
	}
	by, err := r.serving(ctx, t, a.school)
	if err != nil {
		return err
	}
	ch, ok := by[a.Way]
	if !ok {
		return g.Errorf(g.Unavailable,
			"the school has no channel for this kind of address yet: ask your administrator to add one")
	}
	if _, err := r.addMessage(ctx, t, m); err != nil {
		return err
	}
	to := To{
		User:   a.user,
		Person: a.person,
	}
	if err := r.addRecipients(ctx, t, m, []To{to}); err != nil {
		return err
	}
	var id int64
	if err := t.Row(ctx, "SELECT id FROM recipients WHERE message = ? AND who = ?", string(m.ID),
		to.who()).Scan(&id); err != nil {
		return fmt.Errorf("read recipient: %w", err)
	}
	if _, err := t.Exec(ctx, "UPDATE recipients SET step = 1, next = 0 WHERE id = ?", id); err != nil {
		return fmt.Errorf("write recipient: %w", err)
	}
	if err := r.addSending(
		ctx,
		t,
		id,
		ch,
		a.ID,
		m.Lane,
		t.Now,
	); err != nil {
		return err
	}
	t.Change(change.Message, a.school, string(m.ID))
	return nil
}

func (r *Book) addSending(
	ctx context.Context, t *store.Tx, recipient int64, ch Keyed, address g.AddressID, lane Lane,
	at time.Time,
) error {
	_, err := t.Exec(ctx,
		"INSERT INTO sendings (recipient, channel, way, address, lane, state, attempt, next, code, error, "+
			"peer, sent, delivered) VALUES (?, ?, ?, ?, ?, 'queued', 0, ?, '', '', '', 0, 0) "+
			"ON CONFLICT (recipient, channel, address) DO NOTHING",
		recipient, string(ch.ID), string(ch.Way), string(address), string(lane), store.Micros(at))
	if err != nil {
		return fmt.Errorf("write sending: %w", err)
	}
	return nil
}

// testLasts is how long a test is tried: who looks at it has gone by then.
const testLasts = 10 * time.Minute

// SendTest queues a test message for a channel: to the caller's own confirmed addresses of its way,
// or to the channel's own address.
func (v View) SendTest(ctx context.Context, id g.ChannelID) (g.MessageID, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return "", err
	}
	m := Message{
		ID:    g.MessageID(g.NewID("msg")),
		Lane:  Alarm, // before what waits: somebody looks whether the channel works
		Kind:  "test",
		Asked: v.s.Actor,
	}
	return m.ID, v.s.Write(ctx, func(t *store.Tx) error {
		m.Expires = t.Now.Add(testLasts)
		ch, err := v.r.scanChannel(
			t.Row(ctx, "SELECT "+channelColumns+" FROM channels WHERE id = ?", string(id)).Scan)
		if err != nil {
			return store.Missing(err, "channel", string(id))
		}
		if err := in.Owns(ch.School, "channel", string(id)); err != nil {
			return err
		}
		s, err := places.SchoolRow(ctx, t, ch.School)
		if err != nil {
			return err
		}
		zone, err := time.LoadLocation(s.Timezone)
		if err != nil {
			zone = time.UTC
		}
		m.School, m.Steps = ch.School, []Step{{Ways: []Way{ch.Way}}}
		m.Params = map[string]string{"channel": ch.Name, "time": t.Now.In(zone).Format("2006-01-02 15:04:05")}
		return v.testVia(ctx, t, m, ch)
	})
}

func (v View) testVia(ctx context.Context, t *store.Tx, m Message, ch Keyed) error {
	to, addresses := To{Channel: ch.ID}, []g.AddressID{""}
	if ch.Way != Chat {
		user, _, err := v.self(ctx)
		if err != nil {
			return err
		}
		all, err := v.r.addressesOf(ctx, t, "usr", string(user), v.r.ofUser)
		if err != nil {
			return err
		}
		to, addresses = To{User: user}, nil
		for _, a := range all {
			if a.Way == ch.Way && a.Lost == "" && !a.Confirmed.IsZero() {
				addresses = append(addresses, a.ID)
			}
		}
		if len(addresses) == 0 {
			return g.FieldErrorf("address",
				"you have no confirmed address that this channel reaches: add one under My addresses first")
		}
	}
	if _, err := v.r.addMessage(ctx, t, m); err != nil {
		return err
	}
	if err := v.r.addRecipients(ctx, t, m, []To{to}); err != nil {
		return err
	}
	var id int64
	if err := t.Row(ctx, "SELECT id FROM recipients WHERE message = ? AND who = ?", string(m.ID),
		to.who()).Scan(&id); err != nil {
		return fmt.Errorf("read recipient: %w", err)
	}
	if _, err := t.Exec(ctx, "UPDATE recipients SET step = 1, next = 0 WHERE id = ?", id); err != nil {
		return fmt.Errorf("write recipient: %w", err)
	}
	for _, a := range addresses {
		if err := v.r.addSending(
			ctx,
			t,
			id,
			ch,
			a,
			m.Lane,
			t.Now,
		); err != nil {
			return err
		}
	}
	t.Change(change.Message, m.School, string(m.ID))
	return v.s.Audit(
		ctx,
		t,
		m.School,
		"channel.test",
		string(ch.ID),
	)
}

// withParams are a message's parameters with a recipient's own over them.
func withParams(m Message, own map[string]string) map[string]string {
	out := maps.Clone(m.Params)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, own)
	return out
}
