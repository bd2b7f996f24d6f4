package messages

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Letter is a message to one address by one channel, as the queue sends it.
type Letter struct {
	Sending   int64
	Recipient int64
	Message   g.MessageID
	School    g.SchoolID
	Kind      string
	Lane      Lane
	Channel   g.ChannelID
	Way       Way
	To        string // "": the channel's own address
	Language  string
	Params    map[string]string
	Attempt   int    // failed ones so far
	Code      string // of the last failure
	Created   time.Time
	Expires   time.Time
	Read      string // token of the link by which the recipient says that it was read
	Stop      string // token of the link by which a guardian or visitor ends messages; "": none
	Gone      string // why it cannot be sent any more; "": it can

	address g.AddressID
}

// DueAt is a channel that has letters due in a lane.
type DueAt struct {
	Channel g.ChannelID
	Lane    Lane
}

// Due lists the channels and lanes that have letters due; only for system scopes.
func (v View) Due(ctx context.Context, now time.Time) ([]DueAt, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := []DueAt{}
	err := store.Each(ctx, v.s.Reg,
		"SELECT DISTINCT channel, lane FROM sendings WHERE next > 0 AND next <= ?",
		[]any{store.Micros(now)}, func(scan func(...any) error) error {
			var d DueAt
			err := scan(&d.Channel, &d.Lane)
			out = append(out, d)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find channels that have something due: %w", err)
	}
	return out, nil
}

// Letters are what is due by a channel in a lane, longest due first; only for system scopes. Those in
// except, by their sendings, are left out.
func (v View) Letters(
	ctx context.Context, d DueAt, now time.Time, limit int, except map[int64]bool,
) ([]Letter, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var rows []letterRow
	err := store.Each(ctx, v.s.Reg,
		"SELECT s.id, s.way, s.address, s.attempt, s.code, r.id, r.who, COALESCE(r.usr, ''), r.role, "+
			"COALESCE(r.person, ''), r.params_sealed, r.message FROM sendings s "+
			"JOIN recipients r ON r.id = s.recipient "+
			"WHERE s.channel = ? AND s.lane = ? AND s.next > 0 AND s.next <= ? "+
			"ORDER BY s.next, s.id LIMIT ?",
		[]any{string(d.Channel), string(d.Lane), store.Micros(now), limit + len(except)},
		func(scan func(...any) error) error {
			x := letterRow{Letter: Letter{
				Channel: d.Channel,
				Lane:    d.Lane,
			}}
			err := scan(&x.Sending, &x.Way, &x.address, &x.Attempt, &x.Code, &x.Recipient, &x.who, &x.user,
				&x.role, &x.person, &x.sealed, &x.Message)
			if !except[x.Sending] && len(rows) < limit {
				rows = append(rows, x)
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read what is due: %w", err)
	}
	out := make([]Letter, 0, len(rows))
	messages := map[g.MessageID]Message{}
	schools := map[g.SchoolID]g.School{}
	for _, x := range rows {
		l, err := v.r.letter(ctx, x, messages, schools)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

type letterRow struct {
	Letter
	who    string
	user   g.UserID
	role   g.Role // for which the user is told
	about  g.AlertID
	person g.PersonID
	sealed []byte // parameters of the recipient
}

func (r *Book) letter(
	ctx context.Context, x letterRow, messages map[g.MessageID]Message,
	schools map[g.SchoolID]g.School,
) (Letter, error) {
	m, ok := messages[x.Message]
	if !ok {
		var err error
		m, err = r.scanMessage(r.s.Reg.Row(ctx,
			"SELECT "+messageColumns+" FROM messages WHERE id = ?", string(x.Message)).Scan)
		if err != nil {
			return x.Letter, store.Missing(err, "message", string(x.Message))
		}
		messages[x.Message] = m
	}
	s, ok := schools[m.School]
	if !ok {
		var err error
		if s, err = places.SchoolRow(ctx, r.s.Reg, m.School); err != nil {
			return x.Letter, err
		}
		schools[m.School] = s
	}
	l := x.Letter
	l.School, l.Kind, l.Created, l.Expires = m.School, m.Kind, m.Created, m.Expires
	l.Language, l.Read = s.Language, r.readToken(l.Recipient, l.Sending)
	own := map[string]string{}
	if len(x.sealed) > 0 {
		plain, err := store.Unseal(r.s.Vault.Data, x.sealed, "recipient "+string(m.ID)+" "+x.who)
		if err != nil {
			return l, err
		}
		if err := json.Unmarshal(plain, &own); err != nil {
			return l, fmt.Errorf("read recipient: %w", err)
		}
	}
	l.Params = withParams(m, own)
	l.Params["school"] = s.Name
	if !m.Stopped.IsZero() {
		l.Gone = LeftOut
	}
	x.about = m.Alert
	return r.addressed(ctx, l, x)
}

// addressed sets where a letter goes, in which language, and whether it still can.
func (r *Book) addressed(ctx context.Context, l Letter, x letterRow) (Letter, error) {
	var all []kept
	var number string
	switch {
	case x.user != "":
		u, err := access.UserRow(ctx, r.access, r.s.Reg, x.user)
		if err != nil {
			return l, err
		}
		l.Language = u.Language
		if !stillTold(u, x.role, x.about) && l.Gone == "" {
			l.Gone = NoAddress // disabled since, or without the role
		}
		if all, err = r.addressesOf(ctx, r.s.Reg, "usr", string(u.ID), r.ofUser); err != nil {
			return l, err
		}
	case x.person != "":
		p, err := people.Person(
			ctx,
			r.people,
			r.s.Reg,
			everything(),
			x.person,
		)
		if err != nil {
			return l, err
		}
		number = p.Phone
		if !p.Left.IsZero() && l.Gone == "" {
			l.Gone = NoAddress // has left since
		}
		l.Params["name"] = p.Name
		if l.Lane != Alarm && !asksForIt(l.Kind) && (p.Kind == g.Guardian || p.Kind == g.Visitor) {
			l.Stop = r.stopToken(p.ID)
		}
		if all, err = r.addressesOf(ctx, r.s.Reg, "person", string(p.ID), r.ofPerson(p)); err != nil {
			return l, err
		}
	default:
		return l, nil // the channel's own
	}
	w, err := r.wishesOf(ctx, r.s.Reg, x.who)
	if w.Language != "" {
		l.Language = w.Language
	}
	for _, a := range all {
		if a.ID == l.address {
			l.To = a.value
		}
	}
	if l.address == phone {
		l.To = number
	}
	if l.Stop != "" && !w.Opted && l.Gone == "" {
		l.Gone = NotWished // the agreement ended since
	}
	if l.To == "" && l.Gone == "" {
		l.Gone = NoAddress // deleted since
	}
	return l, err
}

// stillTold says whether a user is told now what was meant for them: their account is not disabled,
// and they have the role for which they were told, or, called for an alert otherwise, may see alerts.
func stillTold(u g.User, role g.Role, about g.AlertID) bool {
	switch {
	case u.Disabled:
		return false
	case role != "":
		return u.Role == role
	case about != "":
		return slices.Contains(u.Role.Permissions(), g.AlertsRead)
	}
	return true
}

// readToken is the secret part of the link by which a recipient says that a message was read, as one
// sending has it.
func (r *Book) readToken(recipient, sending int64) string {
	plain := strconv.FormatInt(recipient, 10) + " " + strconv.FormatInt(sending, 10)
	return base64.RawURLEncoding.EncodeToString(store.Seal(r.s.Vault.Data, []byte(plain), "read link"))
}

// recipientOf opens a token; NotFound for one that is not ours. sending is 0 where the token names none.
func (r *Book) recipientOf(token string) (recipient, sending int64, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(token) > 200 {
		return 0, 0, badLink()
	}
	plain, err := store.Unseal(r.s.Vault.Data, sealed, "read link")
	if err != nil {
		return 0, 0, badLink()
	}
	first, second, _ := strings.Cut(string(plain), " ")
	if recipient, err = strconv.ParseInt(first, 10, 64); err != nil {
		return 0, 0, badLink()
	}
	sending, _ = strconv.ParseInt(second, 10, 64)
	return recipient, sending, nil
}

func badLink() error {
	return g.Errorf(g.NotFound, "this link leads to no message: it is incomplete, or the message is no longer kept")
}

// TemplateFor is what a kind of message says in a language: the school's own, else that of the
// nearest school above that has one, else as shipped; only for system scopes.
func (v View) TemplateFor(
	ctx context.Context, school g.SchoolID, kind, language string,
) (Template, error) {
	if err := v.s.OnlySystem(); err != nil {
		return Template{}, err
	}
	return TemplateOf(
		ctx,
		v,
		school,
		kind,
		language,
	)
}

// TemplateOf is TemplateFor for those who have checked the scope.
func TemplateOf(
	ctx context.Context, v View, school g.SchoolID, kind, language string,
) (Template, error) {
	for depth := 0; school != "" && depth < 16; depth++ {
		found, err := v.r.templatesOf(ctx, v.s.Reg, school)
		if err != nil {
			return Template{}, err
		}
		for _, t := range found {
			if t.Kind == kind && sameLanguage(t.Language, language) {
				return t, nil
			}
		}
		s, err := places.SchoolRow(ctx, v.s.Reg, school)
		if err != nil {
			return Template{}, err
		}
		school = s.Parent
	}
	for _, t := range shipped() {
		if t.Kind == kind && sameLanguage(t.Language, language) {
			return t, nil
		}
	}
	return Template{}, g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("template"), kind)
}

func sameLanguage(a, b string) bool {
	return strings.HasPrefix(a, "zh") == strings.HasPrefix(b, "zh")
}
