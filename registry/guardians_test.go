package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/guardians"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// codes are the letters with codes that wait in school a, after what is due was looked at.
func (d *district) codes(t *testing.T) []messages.Letter {
	t.Helper()
	ctx := t.Context()
	if _, err := d.sys.Guardians.SendCodes(ctx, 100); err != nil {
		t.Fatal(err)
	}
	due, err := d.sys.Messages.Due(ctx, d.clock.now())
	ok(t, err)
	var out []messages.Letter
	for _, x := range due {
		all, err := d.sys.Messages.Letters(ctx, x, d.clock.now(), 100, nil)
		ok(t, err)
		out = append(out, all...)
	}
	return out
}

// TestGuardiansSignIn: a code goes to the number that the school has, however it is typed, and to no other;
// it counts once, for five tries and ten minutes; the guardian sees their own child alone, for an hour, and
// nobody once the pupil's page names them no more; an address that nobody has gets the same answers.
func TestGuardiansSignIn(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		pupil := household(t, d)
		a, v := d.a.ID, d.sys.Guardians
		_, err := d.sys.Messages.CreateChannel(ctx, messages.Channel{School: a, Kind: "sms", Name: "sms"}, nil)
		ok(t, err)
		ask := func(id, typed string) {
			t.Helper()
			ok(t, v.AskCode(ctx, a, id, typed))
		}
		wrong := func(id, code string) {
			t.Helper()
			if _, err := v.SignIn(ctx, a, id, code); g.ErrorCode(err) != g.Invalid {
				t.Errorf("%s: got %v, want the code refused", id, err)
			}
		}
		ask("gc_none", "13999999999")
		if all := d.codes(t); len(all) != 0 {
			t.Errorf("got %d letters for a number that nobody has", len(all))
		}
		ask("gc_1", "+86 138-0013-8000")
		ask("gc_2", "13800138000") // within a minute
		all := d.codes(t)
		if len(all) != 1 || all[0].To != "138 0013 8000" || all[0].Gone != "" || all[0].Stop != "" {
			t.Fatalf("got %+v, want one code, to the number that the school has, whatever they wish", all)
		}
		code := all[0].Params["code"]
		wrong("gc_2", code)
		wrong("gc_none", code)
		wrong("gc_1", "12345")
		if _, err := v.SignIn(ctx, d.b.ID, "gc_1", code); g.ErrorCode(err) != g.Invalid {
			t.Errorf("got %v, want the code of another school's page refused", err)
		}
		secret := must[string](t)(v.SignIn(ctx, a, "gc_1", " "+code[:3]+" "+code[3:]))
		wrong("gc_1", code) // once
		me := must[guardians.SignedIn](t)(v.Who(ctx, a, secret))
		if len(me.Children) != 1 || me.Children[0].ID != pupil.ID || me.Children[0].Name != pupil.Name {
			t.Errorf("got %+v, want their own child", me)
		}
		gone := func(school g.SchoolID, secret, why string) {
			t.Helper()
			if _, err := v.Who(ctx, school, secret); g.ErrorCode(err) != g.NotFound {
				t.Errorf("%s: got %v, want nobody signed in", why, err)
			}
		}
		gone(d.b.ID, secret, "another school")
		gone(a, secret+"x", "another secret")
		none := pupil
		none.Guardian = nil
		ok(t, d.sys.People.Update(ctx, none))
		gone(a, secret, "nobody's guardian")
		ok(t, d.sys.People.Update(ctx, pupil))
		c.add(guardians.SignInLasts)
		gone(a, secret, "an hour later")

		ask("gc_3", "13800138000")
		code = ""
		for _, l := range d.codes(t) {
			if l.Created.Equal(c.now()) || l.Params["code"] != "" {
				code = l.Params["code"]
			}
		}
		other := "000000"
		if code == other {
			other = "111111"
		}
		for range guardians.CodeTries {
			wrong("gc_3", other)
		}
		wrong("gc_3", code)
		c.add(2 * time.Minute)
		ask("gc_4", "13800138000")
		d.codes(t)
		c.add(guardians.CodeLasts)
		wrong("gc_4", code)
		for typed, want := range map[string]string{
			"":                       "address: write a telephone number",
			"Li Hua":                 "address: write a telephone number",
			"li@":                    "address: write a telephone number",
			"１２":                     "address: write a telephone number",
			"1380013800\n":           "",
			strings.Repeat("1", 300): "address: the text has 300",
		} {
			err := v.AskCode(ctx, a, g.NewID("gc"), typed)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%q: got %v, want %q", typed, err, want)
			}
		}
	})
}

// TestCodesAreBounded: one address gets five codes in an hour, whoever asks, and a school's open codes are
// counted.
func TestCodesAreBounded(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		household(t, d)
		_, err := d.sys.Messages.CreateChannel(ctx, messages.Channel{School: d.a.ID, Kind: "sms", Name: "sms"}, nil)
		ok(t, err)
		for range 8 {
			ok(t, d.sys.Guardians.AskCode(ctx, d.a.ID, g.NewID("gc"), "13800138000"))
			d.codes(t)
			c.add(2 * time.Minute)
		}
		list, _, err := d.sys.Messages.List(ctx, d.a.ID, "", registry.Page{Limit: 100})
		if err != nil || len(list) != guardians.CodesAnHour {
			t.Errorf("got %d codes, %v, want %d", len(list), err, guardians.CodesAnHour)
		}
	})
}
