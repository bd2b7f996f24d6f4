package api_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

// monthOf gives a school two classes of three pupils, two sessions on the first of this month and one
// on the 2nd: the first pupil of each class is there, the second late, and the third is not.
func monthOf(t *testing.T, w *world) (month string) {
	t.Helper()
	ctx, v := t.Context(), w.system()
	var rows []g.Attendance
	var held []g.Session
	first := time.Now().UTC()
	first = time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC)
	for i, at := range []time.Time{first, first.Add(5 * time.Hour), first.AddDate(0, 0, 1)} {
		held = append(held, must(v.Sessions.Put(ctx, g.Session{
			School:    w.a.ID,
			Kind:      g.SessionArrival,
			Name:      fmt.Sprintf("Session %d", i),
			Start:     at,
			Due:       at.Add(time.Hour),
			End:       at.Add(2 * time.Hour),
			ZoneKinds: []g.ZoneKind{g.ZoneGate},
			Who:       []g.PersonKind{g.Student},
		}))(t))
	}
	for n := range 6 {
		p := must(v.People.Create(ctx, g.Person{
			School: w.a.ID,
			Kind:   g.Student,
			Name:   []string{"=1+1", "Li Ming", "Zhao Min"}[n%3],
			Number: fmt.Sprint(n + 800),
			Class:  []string{"9/8", "9/9"}[n/3],
		}))(t)
		for _, s := range held {
			rows = append(rows, g.Attendance{
				Person:    p.ID,
				Session:   s.ID,
				School:    w.a.ID,
				Kind:      s.Kind,
				Date:      s.Start.Format(time.DateOnly),
				State:     []g.AttendanceState{g.Arrived, g.Late, g.Absent}[n%3],
				Method:    g.ByFace,
				InputHash: "x",
			})
		}
	}
	must(v.Sessions.PutAttendance(ctx, rows, g.CauseTime))(t)
	return first.Format("2006-01")
}

// TestMonth: the month is paged by class, number and name, has what came of each day, and says
// nobody's method; names are for who may read people.
func TestMonth(t *testing.T) {
	w := newWorld(t).schools()
	month := monthOf(t, w)
	c := w.user(w.a, g.RoleTeacher)
	var all []sessions.PersonMonth
	next := ""
	for {
		var page struct {
			Items []sessions.PersonMonth
			Next  string
		}
		answer := c.do("GET", "/v1/attendance/month?limit=4&month="+month+"&cursor="+next, nil).want(200)
		if strings.Contains(string(answer.body), "face") {
			t.Error("the register says by which method somebody passed")
		}
		answer.into(&page)
		all, next = append(all, page.Items...), page.Next
		if next == "" {
			break
		}
	}
	all = slices.DeleteFunc(all, func(r sessions.PersonMonth) bool { return !strings.HasPrefix(r.Class, "9/") })
	var got []string
	for _, r := range all {
		got = append(got, strings.ReplaceAll(
			fmt.Sprint(r.Class, " ", r.Number, " ", r.Name, " ", r.Days, " ", r.Counts), month, "M"))
	}
	want := []string{
		"9/8 800 =1+1 [{M-01 [arrived arrived]} {M-02 [arrived]}] map[arrived:3]",
		"9/8 801 Li Ming [{M-01 [late late]} {M-02 [late]}] map[late:3]",
		"9/8 802 Zhao Min [{M-01 [absent absent]} {M-02 [absent]}] map[absent:3]",
		"9/9 803 =1+1 [{M-01 [arrived arrived]} {M-02 [arrived]}] map[arrived:3]",
		"9/9 804 Li Ming [{M-01 [late late]} {M-02 [late]}] map[late:3]",
		"9/9 805 Zhao Min [{M-01 [absent absent]} {M-02 [absent]}] map[absent:3]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var other struct{ Items []sessions.PersonMonth }
	later := time.Now().AddDate(0, 2, 0).Format("2006-01")
	c.do("GET", "/v1/attendance/month?class=9/9&month="+later, nil).want(200).into(&other)
	if len(other.Items) != 3 || len(other.Items[0].Days) != 0 {
		t.Errorf("in two months: got %+v, want three pupils without answers", other.Items)
	}
	c.do("GET", "/v1/attendance/month?month=2026-13", nil).want(422)
	c.do("GET", "/v1/attendance/month", nil).want(422)
	c.do("GET", "/v1/attendance/month?cursor=eA&month="+month, nil).want(422)
	_, key, err := w.system().Access.CreateKey(t.Context(), g.APIKey{
		School:      w.a.ID,
		Name:        "figures",
		Permissions: []g.Permission{g.AttendanceRead},
		Expires:     time.Now().Add(time.Hour),
	})
	mustDo(t, err)
	program := w.nobody()
	program.key = key
	other.Items = nil
	program.do("GET", "/v1/attendance/month?class=9/9&month="+month, nil).want(200).into(&other)
	if other.Items[0].Name != "" || other.Items[0].Number != "" {
		t.Errorf("got %+v, want no names without people:read", other.Items[0])
	}
}

// TestMonthBook: the workbook has a sheet for the classes together and one for each, in the reader's
// language, with names as text; it is in the audit log.
func TestMonthBook(t *testing.T) {
	w := newWorld(t).schools()
	month := monthOf(t, w)
	c := w.user(w.a, g.RoleTeacher)
	answer := c.do("GET", "/v1/attendance/month.xlsx?month="+month, nil, "Accept-Language", "zh-CN").want(200)
	f, err := excelize.OpenReader(bytes.NewReader(answer.body))
	mustDo(t, err)
	defer f.Close()
	for _, want := range []string{"各班汇总", "9-8", "9-9"} {
		if !slices.Contains(f.GetSheetList(), want) {
			t.Fatalf("got the sheets %v, want %s among them", f.GetSheetList(), want)
		}
	}
	rows := must(f.GetRows("9-9"))(t)
	if !strings.Contains(rows[0][0], "9/9 考勤表（"+month+"）") || !strings.Contains(rows[1][0], "△ 迟到") {
		t.Errorf("got the head %q, %q", rows[0], rows[1])
	}
	at := func(row []string, head string) string {
		i := slices.Index(rows[2], head)
		if i < 0 || i >= len(row) {
			t.Fatalf("no column %q in %q", head, rows[2])
		}
		return row[i]
	}
	first, second := rows[3], rows[4]
	if first[1] != "=1+1" || at(first, "1") != "√√" || at(first, "2") != "√" || at(first, "3") != "" {
		t.Errorf("got %q", first)
	}
	for head, want := range map[string]string{"应到": "3", "实到": "3", "出勤率": "100.0 %", "迟到": "3", "缺勤": "0"} {
		if got := at(second, head); got != want {
			t.Errorf("%s: got %q, want %q", head, got, want)
		}
	}
	if kind, err := f.GetCellFormula("9-9", "B4"); err != nil || kind != "" {
		t.Errorf("the name is the formula %q, %v", kind, err)
	}
	var log struct{ Items []g.AuditEntry }
	w.user(w.a, g.RoleAdmin).do("GET", "/v1/audit", nil).want(200).into(&log)
	if !slices.ContainsFunc(log.Items, func(e g.AuditEntry) bool {
		return e.Deed == "attendance.export" && e.Object == month+" arrival"
	}) {
		t.Error("the export is not in the audit log")
	}
}
