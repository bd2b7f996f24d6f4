package registry_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// lines is a short form of a report: line, action and field.
func lines(r people.ImportReport) (out []string) {
	for _, l := range r.Lines {
		s := fmt.Sprintf("%d %s", l.Line, l.Action)
		if l.Field != "" {
			s += " " + l.Field
		}
		out = append(out, s)
	}
	return out
}

func TestImportCreatesUpdatesAndLeavesAlone(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		file := "kind,number,name,class,boarder,phone,card,face_consent,guardian_numbers\n" +
			"student,S1,Li Ming,7-1,yes,,0412345678,yes,G1\n" +
			"\n" +
			"guardian,G1,Li Hua,,,13900000000,,,\n" +
			"student,S2,\"Wang, Fang\",7-1,no,,,no,\n"
		for _, dry := range []bool{true, true, false} {
			got := must[people.ImportReport](t)(v.People.Import(ctx, "a", strings.NewReader(file),
				dry))
			if diff := cmp.Diff([]string{"2 create", "4 create", "5 create"}, lines(got)); diff != "" ||
				got.Applied == dry || got.Created != 3 {
				t.Fatalf("%+v: -want +got\n%s", got, diff)
			}
		}
		got := must[people.ImportReport](t)(v.People.Import(ctx, "a", strings.NewReader(file),
			false))
		if diff := cmp.Diff([]string{"2 same", "4 same", "5 same"}, lines(got)); diff != "" {
			t.Fatalf("again: -want +got\n%s", diff)
		}
		rows, _, err := v.People.List(ctx, people.Filter{School: "a", Class: "7-1"})
		ok(t, err)
		if len(rows) != 2 || rows[0].Name != "Li Ming" || !rows[0].Boarder || !rows[0].Consent ||
			rows[0].Cards != 1 || rows[1].Name != "Wang, Fang" || rows[1].Consent {
			t.Fatalf("got %+v", rows)
		}
		page := must[people.PersonPage](t)(v.People.Open(ctx, rows[0].ID))
		if len(page.Guardian) != 1 {
			t.Errorf("got %v, want the guardian who stands further down", page.Guardian)
		}
		if id, found, err := d.sys.People.ByCredential(ctx, "a", g.ByCard, "0412345678"); err != nil ||
			!found || id != rows[0].ID {
			t.Errorf("got %q %v %v, want the card's owner", id, found, err)
		}
		file = strings.Replace(file, "Li Ming,7-1", "Li Ming,8-1", 1)
		got = must[people.ImportReport](t)(v.People.Import(ctx, "a", strings.NewReader(file),
			false))
		if diff := cmp.Diff([]string{"2 update", "4 same", "5 same"}, lines(got)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestImportKeepsWhatWasCorrectedByHand(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		file := "kind,number,name,class,face_consent\nstudent,S1,Li Mng,7-1,yes\n"
		must[people.ImportReport](t)(v.People.Import(ctx, "a", strings.NewReader(file), false))
		rows, _, err := v.People.List(ctx, people.Filter{School: "a", Query: "S1"})
		ok(t, err)
		page := must[people.PersonPage](t)(v.People.Open(ctx, rows[0].ID))
		page.Person.Name = "Li Ming"
		ok(t, v.People.Update(ctx, page.Person))
		ok(t, v.People.SetConsent(ctx, g.Consent{Person: page.ID, Given: false, By: "mother"}))
		for _, f := range []string{file, strings.Replace(file, "7-1", "7-2", 1), file} {
			got := must[people.ImportReport](t)(v.People.Import(ctx, "a", strings.NewReader(f),
				false))
			if l := got.Lines[0]; l.Note == "" || l.Action == "error" {
				t.Errorf("got %+v, want a note", l)
			}
		}
		rows, _, err = v.People.List(ctx, people.Filter{School: "a", Query: "S1"})
		ok(t, err)
		if rows[0].Name != "Li Ming" || rows[0].Class != "7-1" || rows[0].Consent {
			t.Errorf("got %+v, want the name and the withdrawal kept", rows[0])
		}
		// A manually entered person keeps the name, too.
		got := must[people.ImportReport](t)(v.People.Import(ctx, "a",
			strings.NewReader("kind,number,name\nstudent,20260001,Somebody Else\n"), false))
		if diff := cmp.Diff([]string{"2 same name"}, lines(got)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestImportNamesTheLine(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		must[g.Pass](t)(v.People.AddCard(ctx, d.child["a"].ID, g.ByCard, card, c.now().AddDate(1, 0, 0)))
		file := "kind,number,name,boarder,card,card_expires,guardian_numbers\n" +
			"pupil,S1,A,,,,\n" + // 2
			"student,,B,,,,\n" + // 3
			"student,S3,,,,,\n" + // 4
			"student,S4,D,perhaps,,,\n" + // 5
			"student,S5,E,,,1/05/2023,\n" + // 6
			"student,S6,F,,,,G99\n" + // 7
			"student,S7,\"G\n,,\"x,,,\n" + // 8: a broken quote
			"student,S8,H,,,,,,too many\n" + // after it
			"student,2.02601E+11,I,,,,\n" +
			"student,S10,J,," + card + ",,\n" +
			"student,S11,K,,77777777,,\n" +
			"student,S12,L,,7777-7777,,\n" +
			"student,S11,M,,,,\n" +
			"student,S13,N,,12,,\n" +
			"student,S14,O,,,2026-09-31,\n" +
			"student,S15,P,,,,\n"
		got := must[people.ImportReport](t)(v.People.Import(ctx, "a", strings.NewReader(file),
			false))
		want := []string{"2 error kind", "3 error number", "4 error name", "5 error boarder",
			"6 error card_expires", "7 error guardian_numbers", "8 error", "10 error",
			"11 error number", "12 error card", "13 create", "14 error card", "15 error number",
			"16 error card", "17 error card_expires", "18 create"}
		if diff := cmp.Diff(want, lines(got)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got.Applied || got.Errors != 14 {
			t.Errorf("got applied %v, %d errors", got.Applied, got.Errors)
		}
		for _, l := range got.Lines {
			if (l.Action == "error") != (l.Error != "") {
				t.Errorf("got %+v, want an error that says what is wrong", l)
			}
		}
		rows, _, err := v.People.List(ctx, people.Filter{School: "a"})
		ok(t, err)
		if len(rows) != 1 {
			t.Errorf("got %d people, want nobody imported", len(rows))
		}
	})
}

func TestImportReadsWhatSpreadsheetsWrite(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	v := d.as(d.a, g.RoleAdmin)
	zh := "身份,学号,姓名,班级,住宿,卡号,卡有效期,人脸授权\r\n学生,S1,李明,初一2班,是,12345678,2027/9/1,同意\r\n教师,T1,陈老师,,,,,\r\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(zh)
	ok(t, err)
	for name, f := range map[string]struct{ text, encoding string }{
		"utf-8": {zh, "utf-8"},
		"bom":   {"\uFEFF" + zh, "utf-8"}, "gbk": {gbk, "gbk"},
		"semicolons": {strings.ReplaceAll(zh, ",", ";"), "utf-8"},
		"tabs":       {strings.ReplaceAll(zh, ",", "\t"), "utf-8"},
	} {
		got, err := v.People.Import(t.Context(), "a", strings.NewReader(f.text), true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Encoding != f.encoding || got.Created != 2 || got.Lines[0].Name != "李明" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for name, f := range map[string]string{
		"utf-16":           "\xff\xfek\x00i\x00",
		"a workbook":       "PK\x03\x04\x00\x00",
		"no encoding":      "kind,number,name\nstudent,1,\x81\x20\xff\xff\n",
		"empty":            "",
		"unknown column":   "kind,number,name,favourite colour\n",
		"column missing":   "kind,number\n",
		"column twice":     "kind,number,name,Name\n",
		"broken header":    "kind,\"number\n",
		"only blank space": "  \n \n",
	} {
		got, err := v.People.Import(t.Context(), "a", strings.NewReader(f), true)
		if g.ErrorCode(err) != g.Invalid {
			t.Errorf("%s: got %+v, %v, want invalid", name, got, err)
		}
	}
	_, err = v.People.Import(t.Context(), "a",
		strings.NewReader("kind,number,name\n"+strings.Repeat("staff,1,x\n", 50_001)), true)
	wantCode(t, err, g.TooLarge)
}

func FuzzImportPeople(f *testing.F) {
	f.Add([]byte("kind,number,name,class,boarder,phone,card,card_expires,face_consent,guardian_numbers\n" +
		"student,S1,A,7-1,yes,1,12345678,2026-09-01,no,S1;S2\n"))
	f.Add([]byte("身份,学号,姓名\n学生,1,李\n"))
	f.Add([]byte("kind;number;name\nstaff;\"1;x\n"))
	f.Add([]byte("\xef\xbb\xbfkind,number,name\nstaff,1,\xc0\xee\n"))
	c := newClock()
	r, err := registry.Open(f.Context(),
		registry.Options{Dir: f.TempDir(), MasterKey: masterKey(), Now: c.now})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	sys := r.In(g.SystemScope("fuzz"))
	if _, err := sys.Places.CreateSchool(f.Context(),
		g.School{ID: "a", Kind: g.KindSchool, Name: "A", Timezone: "UTC", Language: "en"}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		report, err := sys.People.Import(t.Context(), "a", bytes.NewReader(b), true)
		if err != nil {
			if g.ErrorCode(err) == "" {
				t.Fatalf("an error that is not for people: %v", err)
			}
			return
		}
		if report.Applied ||
			report.Created+report.Updated+report.Same+report.Errors != len(report.Lines) {
			t.Fatalf("the report does not add up: %+v", report)
		}
		last := 0
		for _, l := range report.Lines {
			if l.Line <= last && l.Action != "error" {
				t.Fatalf("line %d after line %d", l.Line, last)
			}
			last = l.Line
		}
	})
}
