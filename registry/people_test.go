package registry_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

func TestOpeningAStudentNeedsAReason(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		child := d.child["a"]
		teacher := g.Scope{
			School:      "a",
			Actor:       "usr_1 teacher",
			Permissions: g.RoleTeacher.Permissions(),
		}
		_, err := d.r.In(teacher).People.Open(ctx, child.ID)
		wantCode(t, err, g.Invalid)
		teacher.Reason = "the parents called"
		page := must[people.PersonPage](t)(d.r.In(teacher).People.Open(ctx, child.ID))
		if diff := cmp.Diff(child, page.Person); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		entries, _, err := d.as(d.a, g.RoleAdmin).Views.Audit(ctx,
			views.AuditFilter{Deed: "person.open"})
		ok(t, err)
		if len(entries) != 1 || entries[0].Reason != "the parents called" ||
			entries[0].Object != string(child.ID) || entries[0].Actor != "usr_1 teacher" {
			t.Errorf("got %+v, want one entry with the reason", entries)
		}
	})
}

func TestALookThatCannotBeAuditedIsRefused(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	d := newDistrict(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
	raw(t, filepath.Join(dir, "registry.db"),
		"CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
	page, err := d.as(d.a, g.RoleAdmin).People.Open(t.Context(), d.child["a"].ID)
	wantCode(t, err, g.Unavailable)
	if page.Name != "" {
		t.Errorf("got %+v, want nothing", page)
	}
}

// TestEveryFieldOfAPersonComesBack: a field that is written nowhere would be lost without a word.
func TestEveryFieldOfAPersonComesBack(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	admin := g.Scope{
		School:      "a",
		Actor:       "usr_1 admin",
		Permissions: g.RoleAdmin.Permissions(),
		Reason:      "a test",
	}
	all := d.r.In(admin).People
	want := g.Person{
		School:  "a",
		Kind:    g.Student,
		Name:    "Ann Example",
		Number:  "2026-1",
		Class:   "7-2",
		Boarder: true,
		Phone:   "13800000000",
		Guardian: []g.PersonID{must[g.Person](t)(all.Create(t.Context(),
			g.Person{School: "a", Kind: g.Guardian, Name: "Guardian Example"})).ID},
	}
	made := must[g.Person](t)(all.Create(t.Context(), want))
	want.ID, want.Created = made.ID, made.Created
	v := reflect.ValueOf(want)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Left" {
			t.Errorf("this test gives the field %s no value", name)
		}
	}
	page := must[people.PersonPage](t)(all.Open(t.Context(), made.ID))
	if diff := cmp.Diff(want, page.Person); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPeopleListPagesAndSearches(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		for _, p := range []g.Person{
			{Kind: g.Student, Name: "李明", Number: "20260002", Class: "7-1"},
			{Kind: g.Student, Name: "Anna Li", Number: "20260003", Class: "7-1"},
			{Kind: g.Staff, Name: "Teacher Chen", Number: "T1"},
		} {
			p.School = "a"
			must[g.Person](t)(d.sys.People.Create(ctx, p))
		}
		names := func(f people.Filter) (out []string) {
			f.Limit = 2
			for {
				rows, next, err := d.as(d.dist, g.RoleDistrict).People.List(ctx, f)
				ok(t, err)
				for _, r := range rows {
					out = append(out, r.Name)
				}
				if next == "" {
					return out
				}
				f.Cursor = next
			}
		}
		for _, c := range []struct {
			f    people.Filter
			want []string
		}{
			{
				people.Filter{},
				[]string{"Teacher Chen", "李明", "Anna Li", "Zhou Xiaohua a", "Zhou Xiaohua b"},
			},
			{people.Filter{School: "a", Query: "li"}, []string{"Anna Li"}},
			{people.Filter{Query: "明"}, []string{"李明"}},
			{
				people.Filter{Query: "2026000"},
				[]string{"李明", "Anna Li", "Zhou Xiaohua a", "Zhou Xiaohua b"},
			},
			{people.Filter{Class: "7-1"}, []string{"李明", "Anna Li"}},
			{people.Filter{Kind: g.Staff}, []string{"Teacher Chen"}},
		} {
			if diff := cmp.Diff(c.want, names(c.f)); diff != "" {
				t.Errorf("%+v: -want +got\n%s", c.f, diff)
			}
		}
		classes := must[[]string](t)(d.sys.People.Classes(ctx, "a"))
		if diff := cmp.Diff([]string{"7-1", "7-2"}, classes); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		_, _, err := d.sys.People.List(ctx,
			people.Filter{Page: registry.Page{Cursor: "nonsense"}})
		wantCode(t, err, g.Invalid)
	})
}

func TestPeopleRefusesBadInput(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		for _, c := range []struct {
			p     g.Person
			code  g.Code
			field string
		}{
			{g.Person{School: "a", Kind: "pupil", Name: "x"}, g.Invalid, "kind"},
			{g.Person{School: "a", Kind: g.Staff, Name: " "}, g.Invalid, "name"},
			{g.Person{School: "a", Kind: g.Staff, Name: "two\nlines"}, g.Invalid, "name"},
			{g.Person{School: "a", Kind: g.Staff, Name: "x\xff"}, g.Invalid, "name"},
			{
				g.Person{School: "a", Kind: g.Staff, Name: strings.Repeat("字", 101)},
				g.Invalid,
				"name",
			},
			{
				g.Person{School: "a", Kind: g.Staff, Name: "x", Number: "20260001"},
				g.Conflict,
				"number",
			},
			{
				g.Person{
					School:   "a",
					Kind:     g.Staff,
					Name:     "x",
					Guardian: []g.PersonID{d.child["b"].ID},
				},
				g.Invalid,
				"guardians[0]",
			},
			{g.Person{School: "a", ID: d.child["b"].ID, Kind: g.Staff, Name: "x"}, g.Conflict, ""},
		} {
			_, err := v.People.Create(t.Context(), c.p)
			wantCode(t, err, c.code)
			if e, _ := err.(*g.Error); e == nil || e.Field != c.field {
				t.Errorf("%+v: got %v, want the field %q", c.p, err, c.field)
			}
		}
		// Security may add a visitor to enrol, and nobody else.
		guard := d.as(d.a, g.RoleSecurity)
		must[g.Person](t)(guard.People.Create(t.Context(),
			g.Person{School: "a", Kind: g.Visitor, Name: "Plumber"}))
		_, err := guard.People.Create(t.Context(), g.Person{School: "a", Kind: g.Student, Name: "x"})
		wantCode(t, err, g.Forbidden)
	})
}

func TestFacesNeedConsent(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		child := d.child["a"]
		v := d.as(d.a, g.RoleAdmin)
		face := []float32{3, 0, 4}
		_, err := v.People.AddFace(ctx, child.ID, face, "m1", 0.9)
		wantCode(t, err, g.Forbidden)
		ok(t, v.People.SetConsent(ctx, g.Consent{Person: child.ID, Given: true, By: "mother"}))
		pass := must[g.Pass](t)(v.People.AddFace(ctx, child.ID, face, "m1", 0.9))
		got := must[[]people.Template](t)(d.sys.People.Templates(ctx, "a"))
		if diff := cmp.Diff([]people.Template{
			{Pass: pass.ID, Person: child.ID, Model: "m1", Embedding: []float32{0.6, 0, 0.8}},
		},
			got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got := must[[]people.Template](t)(d.sys.People.Templates(ctx, "b")); len(got) != 0 {
			t.Errorf("got %v in the other school, want none", got)
		}
		for range 4 {
			must[g.Pass](t)(v.People.AddFace(ctx, child.ID, face, "m1", 0.9))
		}
		_, err = v.People.AddFace(ctx, child.ID, face, "m1", 0.9)
		wantCode(t, err, g.Conflict)
		for _, bad := range [][]float32{nil, {0, 0}, make([]float32, g.MaxEmbedding+1)} {
			_, err = v.People.AddFace(ctx, child.ID, bad, "m1", 0.9)
			wantCode(t, err, g.Invalid)
		}
		if id, found, err := d.sys.People.ByCredential(ctx, "a", g.ByFace, "20260001"); err != nil ||
			!found || id != child.ID {
			t.Errorf("got %q %v %v, want the child by number", id, found, err)
		}
		ok(t, v.People.SetConsent(ctx, g.Consent{Person: child.ID, Given: false, By: "mother"}))
		if got := must[[]people.Template](t)(d.sys.People.Templates(ctx, "a")); len(got) != 0 {
			t.Errorf("got %d templates after the withdrawal, want none", len(got))
		}
		if _, found, err := d.sys.People.ByCredential(ctx, "a", g.ByFace, "20260001"); err != nil ||
			found {
			t.Errorf("got found %v %v after the withdrawal, want nobody", found, err)
		}
		ok(t, v.People.SetConsent(ctx, g.Consent{Person: child.ID, Given: true, By: "mother"}))
		if got := must[[]people.Template](t)(d.sys.People.Templates(ctx, "a")); len(got) != 0 {
			t.Errorf("got %d templates after consent was given again, want none: they were "+
				"destroyed",
				len(got))
		}
		page := must[people.PersonPage](t)(v.People.Open(ctx, child.ID))
		if len(page.Consents) != 3 || !page.Consents[0].Given || page.Consents[1].Given ||
			page.Consents[0].Actor != "usr_test tester" {
			t.Errorf("got %+v, want three, newest first", page.Consents)
		}
	})
}

func TestCardsAreOnePersons(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		other := must[g.Person](t)(v.People.Create(ctx,
			g.Person{School: "a", Kind: g.Staff, Name: "x"}))
		pass := must[g.Pass](t)(v.People.AddCard(ctx, d.child["a"].ID, g.ByCard, "04:a1:b2:c3:d4",
			c.now().Add(time.Hour)))
		if pass.Masked != "C3D4" {
			t.Errorf("got %q, want the last 4", pass.Masked)
		}
		_, err := v.People.AddCard(ctx, other.ID, g.ByCard, "04A1B2C3D4", time.Time{})
		wantCode(t, err, g.Conflict)
		_, err = v.People.AddCard(ctx, other.ID, g.ByCard, "1", time.Time{})
		wantCode(t, err, g.Invalid)
		_, err = v.People.AddCard(ctx, other.ID, g.ByFace, "12345678", time.Time{})
		wantCode(t, err, g.Invalid)
		// The same card number in another school belongs to another person.
		must[g.Pass](t)(d.sys.People.AddCard(ctx, d.child["b"].ID, g.ByCard, "04A1B2C3D4", time.Time{}))
		find := func(school g.SchoolID, m g.Method, s string) g.PersonID {
			id, found, err := d.sys.People.ByCredential(ctx, school, m, s)
			ok(t, err)
			if found != (id != "") {
				t.Errorf("found %v with id %q", found, id)
			}
			return id
		}
		if got := find("a", g.ByCard, "04a1b2c3d4"); got != d.child["a"].ID {
			t.Errorf("got %q, want a's child", got)
		}
		if got := find("b", g.ByCard, "04A1B2C3D4"); got != d.child["b"].ID {
			t.Errorf("got %q, want b's child", got)
		}
		if got := find("a", g.ByQR, "04A1B2C3D4"); got != "" {
			t.Errorf("a card number shown as a QR code: got %q, want nobody", got)
		}
		if got := find("a", g.ByCard, ""); got != "" {
			t.Errorf("an empty card: got %q, want nobody", got)
		}
		rows, _, err := v.People.List(ctx, people.Filter{School: "a", Kind: g.Student})
		ok(t, err)
		if len(rows) != 1 || rows[0].Cards != 1 || rows[0].Face || rows[0].Consent {
			t.Errorf("got %+v, want one card", rows)
		}
		c.add(2 * time.Hour)
		if got := find("a", g.ByCard, "04A1B2C3D4"); got != "" {
			t.Errorf("an expired card: got %q, want nobody", got)
		}
		ok(t, v.People.DeletePass(ctx, pass.ID))
		must[g.Pass](t)(v.People.AddCard(ctx, other.ID, g.ByCard, "04A1B2C3D4", time.Time{}))
	})
}
