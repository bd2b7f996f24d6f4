package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
)

// grade is a file with n students of one class.
func grade(n int, class string) string {
	var b strings.Builder
	b.WriteString("学号,姓名,班级,卡号\n")
	for i := range n {
		fmt.Fprintf(&b, "S%03d,Pupil %d,%s,%08d\n", i, i, class, 70000000+i)
	}
	return b.String()
}

// told is a short form of a report: people, actions and reasons.
func told(r people.ImportReport) (out []string) {
	for _, l := range append(r.Lines, r.Leaving...) {
		s := l.Action + " " + l.Number
		for _, c := range l.Changes {
			s += fmt.Sprintf(" %s %q→%q", c.Field, c.From, c.To)
		}
		for _, p := range l.Problems {
			s += " " + p.Code
		}
		out = append(out, s)
	}
	return out
}

// importer previews a file and applies the preview.
type importer struct {
	t *testing.T
	v *registry.View
}

func (i importer) preview(file string, o people.ImportOptions) people.ImportReport {
	i.t.Helper()
	o.DryRun = true
	return must[people.ImportReport](i.t)(i.v.People.ImportRoster(i.t.Context(), "a", []byte(file), o))
}

func (i importer) apply(file string, o people.ImportOptions) people.ImportReport {
	i.t.Helper()
	before := i.preview(file, o)
	o.Token = before.Token
	if before.Brake.Needed {
		o.Confirm = before.Brake.Affected
	}
	after := must[people.ImportReport](i.t)(i.v.People.ImportRoster(i.t.Context(), "a", []byte(file), o))
	if diff := cmp.Diff(told(before), told(after)); diff != "" || !after.Applied {
		i.t.Fatalf("applied %v, %v: -preview +done\n%s", after.Applied, after.Problems, diff)
	}
	return after
}

func TestImportModesChangeWhatTheySay(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		i := importer{t, d.as(d.a, g.RoleAdmin)}
		students := people.ImportOptions{Kind: g.Student}
		i.apply(grade(4, "7年级9班"), students)
		for _, x := range []struct {
			name string
			file string
			o    people.ImportOptions
			want []string
		}{
			{
				"add",
				"学号,姓名,班级\nS000,Other,8\nS100,New,8\n",
				people.ImportOptions{Mode: people.ImportAdd},
				[]string{"same S000 exists", "create S100"},
			},
			{"update", "学号,姓名,电话\nS000,Pupil 0,13900000001\nS101,Nobody,\n",
				people.ImportOptions{Mode: people.ImportUpdate},
				[]string{`update S000 phone ""→"13900000001"`, "error S101 unknown_number"}},
			{
				"merge",
				"学号,姓名,班级,电话\nS000,Pupil 0,,\nS001,Pupil 1,7年级10班,1\n",
				people.ImportOptions{},
				[]string{"same S000", `update S001 class "7年级9班"→"7年级10班" phone ""→"1"`},
			},
			{
				"clear",
				"学号,姓名,班级\nS000,Pupil 0,\n",
				people.ImportOptions{Clear: true},
				[]string{`update S000 class "7年级9班"→""`},
			},
			{
				"promote",
				"学号,姓名,班级,电话\nS000,Renamed,8年级9班,1\n",
				people.ImportOptions{Mode: people.ImportPromote},
				[]string{`update S000 class "7年级9班"→"8年级9班"`},
			},
			{
				"by hand",
				"学号,姓名\n20260001,Other\n",
				people.ImportOptions{},
				[]string{"same 20260001 kept_by_hand"},
			},
			{
				"overwrite",
				"学号,姓名\n20260001,Other\n",
				people.ImportOptions{Mode: people.ImportOverwrite},
				[]string{`update 20260001 name "Zhou Xiaohua a"→"Other"`},
			},
			{"skip", "学号,姓名,班级\nS000,Pupil 0,1-Jul\nS102,,\nS103,X,\nS103,Y,\n",
				people.ImportOptions{Skip: true},
				[]string{
					"skip S000 class_date",
					"skip S102 missing",
					"skip S103 duplicate_first",
					"skip S103 duplicate_number",
				}},
			{
				"zeros",
				"学号,姓名\n001,A\n1,B\n",
				people.ImportOptions{Accept: []string{"zeros_ok"}},
				[]string{"create 001", "create 1"},
			},
		} {
			x.o.Kind = g.Student
			if diff := cmp.Diff(x.want, told(i.preview(x.file, x.o))); diff != "" {
				t.Errorf("%s: -want +got\n%s", x.name, diff)
			}
		}
	})
}

// People who are not in a full roster leave: they are not expected or recognised until a later file
// has them again.
func TestFullRosterMarksWhoLeft(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		i := importer{t, d.as(d.a, g.RoleAdmin)}
		all := grade(12, "7-1") + "20260001,Zhou Xiaohua a,7-2,\n"
		i.apply(all, people.ImportOptions{Kind: g.Student})
		staff := must[g.Person](t)(d.sys.People.Create(ctx,
			g.Person{School: "a", Kind: g.Staff, Name: "Wang", Number: "T1"}))
		without := strings.Replace(all, "S003,Pupil 3,7-1,70000003\n", "", 1)
		full := people.ImportOptions{Kind: g.Student, Mode: people.ImportFull}
		_, err := i.v.People.ImportRoster(ctx, "a", []byte(without), full)
		wantCode(t, err, g.Invalid) // without a preview
		got := i.apply(without, full)
		if len(got.Leaving) != 1 || got.Leaving[0].Name != "Pupil 3" || got.Brake.Needed {
			t.Fatalf("got %+v, brake %+v, want one to leave, below the brake", got.Leaving,
				got.Brake)
		}
		expected := func() int {
			return len(d.roster(t, g.Session{School: "a", Due: d.clock.now(), Who: []g.PersonKind{g.Student}}))
		}
		owner := func() bool {
			_, found, err := d.sys.People.ByCredential(ctx, "a", g.ByCard, "70000003")
			ok(t, err)
			return found
		}
		if expected() != 12 || owner() {
			t.Errorf("got %d expected, card known %v, want 12 and an unknown card", expected(),
				owner())
		}
		left, _, err := i.v.People.List(ctx, people.Filter{School: "a", Left: true})
		ok(t, err)
		there, _, err := i.v.People.List(ctx, people.Filter{School: "a"})
		ok(t, err)
		if len(left) != 1 || left[0].Left.IsZero() || len(there) != 13 || staff.ID == "" {
			t.Errorf("got %d left, %d there, want 1 and 13", len(left), len(there))
		}
		back := i.apply(all, people.ImportOptions{Kind: g.Student})
		if back.Updated != 1 || expected() != 13 || !owner() {
			t.Errorf("got %v, %d expected, card known %v, want them back with the card",
				told(back)[3], expected(), owner())
		}
		ok(t, i.v.People.SetLeft(ctx, left[0].ID, true))
		if expected() != 12 || owner() {
			t.Errorf("got %d expected by hand, want 12", expected())
		}
		// With an unreadable number it is unknown who is missing.
		unsure := strings.Replace(all, "S003,", "1.2E+17,", 1)
		full.Skip = true
		if r := i.preview(unsure, full); r.Fault() == nil || len(r.Leaving) != 0 {
			t.Errorf("got %+v, want the file refused as a full roster", r.Problems)
		}
	})
}

func TestMassChangesNeedTheirNumber(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	i := importer{t, d.as(d.a, g.RoleAdmin)}
	o := people.ImportOptions{Kind: g.Student}
	i.apply(grade(20, "7-1"), o)
	moved := strings.Replace(grade(20, "7-1"), "Pupil 1,7-1", "Pupil 1,7-2", 1)
	if r := i.preview(moved, o); r.Brake.Needed {
		t.Errorf("got %+v for one of 21", r.Brake)
	}
	moved = grade(20, "8-1")
	r := i.preview(moved, o)
	if !r.Brake.Needed || r.Brake.Affected != 20 || r.Brake.Of != 21 {
		t.Fatalf("got %+v, want 20 of 21", r.Brake)
	}
	for _, confirm := range []int{0, 1, 21} {
		o.Token, o.Confirm = r.Token, confirm
		_, err := i.v.People.ImportRoster(t.Context(), "a", []byte(moved), o)
		if g.ErrorCode(err) != g.Invalid || !strings.Contains(err.Error(), "confirm=20") {
			t.Errorf("confirm %d: got %v, want to be asked for 20", confirm, err)
		}
	}
	if _, err := i.v.People.Import(t.Context(), "a",
		strings.NewReader("kind,"+strings.ReplaceAll(strings.TrimSpace(moved), "\n", "\nstudent,")),
		false); g.ErrorCode(err) != g.Invalid {
		t.Errorf("got %v for the plain import, want the brake there too", err)
	}
	i.apply(moved, people.ImportOptions{Kind: g.Student})
}

// Exactly the preview is applied, or nothing.
func TestImportAppliesItsPreviewOrNothing(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		i := importer{t, d.as(d.a, g.RoleAdmin)}
		opts := people.ImportOptions{Kind: g.Student}
		file := grade(3, "7-1")
		seen := i.preview(file, opts)
		if again := i.preview(file, opts); again.Token != seen.Token {
			t.Errorf("got another token for the same outcome")
		}
		opts.Token = seen.Token
		_, err := i.v.People.ImportRoster(ctx, "a", []byte(grade(3, "7-2")), opts)
		wantCode(t, err, g.Conflict) // another file
		must[g.Pass](t)(d.sys.People.AddCard(ctx, d.child["a"].ID, g.ByCard, "70000001",
			c.now().AddDate(1, 0, 0)))
		r, err := i.v.People.ImportRoster(ctx, "a", []byte(file), opts)
		ok(t, err)
		if r.Applied || r.Errors != 1 || r.Lines[1].Problems[0].Code != "card_taken" {
			t.Errorf("got %+v, want nothing applied: a card was given away meanwhile", told(r))
		}
		must[g.Person](t)(d.sys.People.Create(ctx,
			g.Person{School: "a", Kind: g.Student, Name: "Pupil 0", Number: "S000", Class: "7-1"}))
		file = strings.Replace(file, "70000001", "70000009", 1)
		_, err = i.v.People.ImportRoster(ctx, "a", []byte(file), opts)
		wantCode(t, err, g.Conflict)
	})
}

func TestColumnsAreRemembered(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		i := importer{t, d.as(d.a, g.RoleAdmin)}
		file := "甲,乙,丙\nS1,张三,7-1\n"
		if r := i.preview(file, people.ImportOptions{Kind: g.Student}); r.Fault() == nil ||
			r.Mapping != "guessed" || len(r.Columns) != 3 || r.Columns[1].Samples[0] != "张三" {
			t.Fatalf("got %+v, want to be asked for the columns and shown samples", r)
		}
		i.apply(file,
			people.ImportOptions{
				Kind:    g.Student,
				Columns: []roster.Field{roster.Number, roster.Name, roster.Class},
			})
		r := i.preview("甲,乙,丙\nS2,李四,7-2\n", people.ImportOptions{Kind: g.Student})
		if r.Mapping != "remembered" || r.Created != 1 || r.Lines[0].Class != "7-2" {
			t.Errorf("got %+v, want the columns as they were chosen", r)
		}
		other := must[people.ImportReport](t)(d.as(d.b, g.RoleAdmin).People.ImportRoster(t.Context(),
			"b", []byte(file), people.ImportOptions{Kind: g.Student, DryRun: true}))
		if other.Mapping != "guessed" {
			t.Errorf("got %s in another school, want its own", other.Mapping)
		}
	})
}

func TestListsSortAndSearchAsPeopleDo(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	v := d.as(d.a, g.RoleAdmin)
	importer{t, v}.apply("学号,姓名,班级\n1,Anna Maria Smith,7年级10班\n2,B,7年级9班\n3,C,初三1班\n4,D,初二1班\n",
		people.ImportOptions{Kind: g.Student})
	got := must[[]string](t)(v.People.Classes(t.Context(), "a"))
	if diff := cmp.Diff([]string{"7-2", "7年级9班", "7年级10班", "初二1班", "初三1班"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for q, want := range map[string]int{
		"smith anna": 1,
		"10班 anna":   1,
		"smith 9班":   0,
		"7年级":        2,
		"":           5,
	} {
		rows, _, err := v.People.List(t.Context(), people.Filter{School: "a", Query: q})
		ok(t, err)
		if len(rows) != want {
			t.Errorf("%q: got %d, want %d", q, len(rows), want)
		}
	}
}
