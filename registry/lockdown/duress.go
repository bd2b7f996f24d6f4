package lockdown

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// After so many wrong codes the next try waits.
const (
	freeTries = 5
	tryAgain  = time.Minute
)

// feigned is an all-clear that somebody was made to give: to them alone the lockdown looks over.
type feigned struct {
	By   g.UserID  `json:"by"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"`
}

// SetClearCodes gives the user who acts a code without which they cannot give an all-clear, and
// another that looks the same and says that they are made to. Both empty: none. Of the codes keyed
// hashes are kept.
func (v View) SetClearCodes(ctx context.Context, user g.User, code, duress string) error {
	if _, err := v.s.Reach(ctx, g.LockdownClear); err != nil {
		return err
	}
	if code != "" || duress != "" {
		for field, one := range map[string]string{"code": code, "duress": duress} {
			if len(one) < 4 || len(one) > 12 || strings.Trim(one, "0123456789") != "" {
				return g.FieldErrorf(field, "a code has 4 to 12 digits, and nothing else")
			}
		}
		if code == duress {
			return g.FieldErrorf("duress", "the two codes are the same: nobody could tell them apart")
		}
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		u, err := v.signedIn(ctx, t, user)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM clear_codes WHERE usr = ?", string(u.ID)); err != nil {
			return fmt.Errorf("write codes: %w", err)
		}
		if code != "" {
			keys, err := v.s.Vault.School(ctx, t, u.School)
			if err != nil {
				return err
			}
			_, err = t.Exec(ctx,
				"INSERT INTO clear_codes (usr, code, duress, tries, tried) VALUES (?, ?, ?, 0, 0)",
				string(u.ID), keys.Mac("clear "+string(u.ID), code), keys.Mac("clear "+string(u.ID), duress))
			if err != nil {
				return fmt.Errorf("write codes: %w", err)
			}
		}
		return v.s.Audit(
			ctx,
			t,
			u.School,
			"lockdown.codes",
			string(u.ID),
		)
	})
}

// signedIn returns the user who acts; a key is refused.
func (v View) signedIn(ctx context.Context, t *store.Tx, user g.User) (g.User, error) {
	id, err := access.ActingUser(ctx, v.access, t)
	if err != nil || id != string(user.ID) {
		return user, g.Errorf(g.Forbidden, "the all-clear takes a person who is signed in")
	}
	return access.Acting(ctx, v.access, t, user)
}

// checkCode compares the code of an all-clear with the user's, if they have one. forced: it is the
// one that says that they are made to.
func (v View) checkCode(
	ctx context.Context, t *store.Tx, u g.User, code string,
) (forced bool, err error) {
	var right, duress []byte
	var tries, tried int64
	err = t.Row(ctx, "SELECT code, duress, tries, tried FROM clear_codes WHERE usr = ?", string(u.ID)).
		Scan(&right, &duress, &tries, &tried)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read codes: %w", err)
	}
	if code == "" {
		return false, g.Errorf(g.Forbidden, "the all-clear takes your code").At("code").Because("code_needed")
	}
	if tries >= freeTries && store.Moment(tried).Add(tryAgain).After(t.Now) {
		return false, g.Errorf(g.RateLimited, "too many wrong codes: wait a minute").At("code")
	}
	keys, err := v.s.Vault.School(ctx, t, u.School)
	if err != nil {
		return false, err
	}
	mac := keys.Mac("clear "+string(u.ID), code)
	is, forced := hmac.Equal(mac, right), hmac.Equal(mac, duress)
	tries++
	if is || forced {
		tries = 0
	}
	_, err = t.Exec(ctx, "UPDATE clear_codes SET tries = ?, tried = ? WHERE usr = ?", tries,
		store.Micros(t.Now), string(u.ID))
	if err != nil {
		return false, fmt.Errorf("count a code: %w", err)
	}
	if !is && !forced {
		return false, g.Errorf(g.Forbidden, "this is not your code").At("code").Because("code_wrong")
	}
	return forced, nil
}

// feign has a lockdown look over to a user who is made to end it. It stands: doors stay as they are,
// nobody is told an all-clear, and the others get a silent alert.
func (v View) feign(
	ctx context.Context, t *store.Tx, l *raised, u g.User, note string,
) error {
	now := store.Moment(store.Micros(t.Now))
	l.Feigned = append(l.Feigned, feigned{
		By:   u.ID,
		Name: u.FullName,
		At:   now,
		Note: note,
	})
	a := g.Alert{
		ID:       g.AlertID(g.NewID("alt")),
		School:   l.School,
		Rule:     g.DuressRule(u.ID),
		Severity: g.Critical,
		State:    g.AlertOpen,
		Title:    "All-clear under duress: " + u.FullName,
		TitleZH:  "受胁迫解除警戒：" + u.FullName,
		Text: l.Title + " stands. To " + u.FullName + " alone it looks over: do not tell them, do not " +
			"call them, and call the police.",
		TextZH: "“" + l.Title + "”仍然有效，仅对 " + u.FullName + " 显示为已解除：不要告知或呼叫此人，立即报警。",
		Zone:   l.Zone,
		Drill:  l.Drill,

		Count:     1,
		Opened:    now,
		LastFired: now,
	}
	if err := alerts.Raise(ctx, v.alerts, t, a); err != nil {
		return err
	}
	if err := alerts.Feign(ctx, t, l.Alert, u); err != nil {
		return err
	}
	if err := v.r.keep(ctx, t, l); err != nil {
		return err
	}
	t.Change(changeOf(l.Lockdown))
	return v.s.Audit(
		ctx,
		t,
		l.School,
		"lockdown.duress",
		describe(l.Lockdown),
	)
}

// seenBy is the lockdown as a user sees it: over, if they were made to end it.
func (l raised) seenBy(id g.UserID) g.Lockdown {
	out := l.Lockdown
	for _, f := range l.Feigned {
		if f.By == id && id != "" && out.Cleared.IsZero() {
			out.Cleared, out.ClearedBy, out.ClearedByName, out.ClearNote = f.At, f.By, f.Name, f.Note
		}
	}
	return out
}
