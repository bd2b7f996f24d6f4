package guardians

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxNotice limits the school's own words on its page, in characters.
const MaxNotice = 1000

type pageBody struct {
	Notice   string `json:"notice,omitempty"`
	NoticeZH string `json:"notice_zh,omitempty"`
}

func (r *Book) page(ctx context.Context, c store.Conn, where, arg string) (x g.GuardianPage, err error) {
	var shown, changed int64
	var body string
	err = c.Row(ctx, "SELECT school, code, shown, body, changed FROM guardian_pages WHERE "+where+" = ?",
		arg).Scan(&x.School, &x.Code, &shown, &body, &changed)
	if err != nil {
		return x, err
	}
	var b pageBody
	err = json.Unmarshal([]byte(body), &b)
	x.On, x.Changed = shown != 0, store.Moment(changed)
	x.Notice, x.NoticeZH = b.Notice, b.NoticeZH
	return x, err
}

// Page is a school's public page; it is off where nobody has switched it on.
func (v View) Page(ctx context.Context, school g.SchoolID) (g.GuardianPage, error) {
	in, err := v.s.Reach(ctx, g.PeopleRead)
	if err != nil {
		return g.GuardianPage{}, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return g.GuardianPage{}, err
	}
	x, err := v.r.page(ctx, v.s.Reg, "school", string(school))
	if errors.Is(err, sql.ErrNoRows) {
		return g.GuardianPage{School: school}, nil
	}
	return x, err
}

// PageOf is the public page with the secret part of its link, if it is on; only for system scopes.
func (v View) PageOf(ctx context.Context, code string) (g.GuardianPage, error) {
	if err := v.s.OnlySystem(); err != nil {
		return g.GuardianPage{}, err
	}
	x, err := v.r.page(ctx, v.s.Reg, "code", code)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !x.On {
		return g.GuardianPage{}, g.Errorf(g.NotFound, "there is no such page")
	}
	return x, err
}

// SetPage switches a school's public page on or off and sets its notice. Its link is made when it is
// first on, and again with renew: then the old one leads nowhere.
func (v View) SetPage(ctx context.Context, x g.GuardianPage, renew bool) (g.GuardianPage, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return x, err
	}
	for field, s := range map[string]string{"notice": x.Notice, "notice_zh": x.NoticeZH} {
		if err := store.Optional(field, s, MaxNotice); err != nil {
			return x, err
		}
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		was, err := v.r.page(ctx, t, "school", string(x.School))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if x.Code = was.Code; x.Code == "" || renew {
			var b [16]byte
			rand.Read(b[:])
			x.Code = base64.RawURLEncoding.EncodeToString(b[:])
		}
		x.Changed = store.Moment(store.Micros(t.Now))
		body, err := json.Marshal(pageBody{x.Notice, x.NoticeZH})
		if err != nil {
			return err
		}
		on := 0
		if x.On {
			on = 1
		}
		if _, err := t.Exec(ctx, `INSERT INTO guardian_pages (school, code, shown, body, changed) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (school) DO UPDATE SET code = excluded.code, shown = excluded.shown, body = excluded.body,
			changed = excluded.changed`,
			string(x.School), x.Code, on, string(body), store.Micros(x.Changed)); err != nil {
			return fmt.Errorf("write the guardians' page: %w", err)
		}
		t.Change(change.Guardians, x.School, "")
		return v.s.Audit(ctx, t, x.School, "guardian.page", string(x.School))
	})
	return x, err
}
