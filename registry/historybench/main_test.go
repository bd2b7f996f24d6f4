package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRun creates the whole district with few sightings, on SQLite and, if GATEHOUSE_TEST_POSTGRES
// names one, on PostgreSQL. Times are not checked.
func TestRun(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			dsn := os.Getenv("GATEHOUSE_TEST_POSTGRES")
			if engine == "postgres" && dsn == "" {
				t.Skip("GATEHOUSE_TEST_POSTGRES names no PostgreSQL")
			}
			dir, s := t.TempDir(), small()
			o := options{engine: engine, dsn: dsn, dir: dir, rows: 4000, queries: 50, say: t.Logf}
			r, err := bench(t.Context(), o, s)
			if err != nil {
				t.Fatal(err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it left %v, %v", left, err)
			}
			got := []string{}
			for _, l := range r.Lines {
				got = append(got, l.Name)
				if l.Answers != 50 || l.Rows < 1 || l.Ours < l.P50 || l.P99 < l.Ours {
					t.Errorf("got %+v", l)
				}
			}
			if diff := cmp.Diff(got,
				[]string{
					"history-student-day-" + engine + "-4k",
					"history-device-day-" + engine + "-4k",
				}); diff != "" {
				t.Errorf("lines (-got +want):\n%s", diff)
			}
			if len(r.IndexTimes) != 5 {
				t.Errorf("got the indexes %v, want the schema's five", r.IndexTimes)
			}
		})
	}
}

func small() shape {
	s := district()
	s.schools = 3
	s.students = 60
	s.devices = 20
	s.year = 190 * 1000
	return s
}

// TestShape checks the assumptions: days are as full as at full size, time does not go back, and
// people are only seen in their own school.
func TestShape(t *testing.T) {
	s := small()
	p := s.part(4000)
	if p.days != 4 {
		t.Fatalf("got %d days, want 4", p.days)
	}
	perDay, perStudent := map[int]int{}, map[int]int{}
	last := time.Time{}
	for i := range p.rows {
		x := p.sighting(i)
		perDay[x.day]++
		perStudent[x.student]++
		if x.at.Before(last) {
			t.Fatalf("sighting %d is at %v, the one before at %v", i, x.at, last)
		}
		last = x.at
		if local := x.at.In(s.days[0].Location()); local.Format(time.DateOnly) != s.days[x.day].Format(
			time.DateOnly) {
			t.Fatalf("sighting %d of day %d is at %v", i, x.day, local)
		}
		if x.device < p.firstOf[x.school] || x.device >= p.firstOf[x.school+1] {
			t.Fatalf("sighting %d is at device %d, outside school %d", i, x.device, x.school)
		}
		if x.student >= 0 && p.schoolOf[x.student] != x.school {
			t.Fatalf("sighting %d of student %d is in school %d", i, x.student, x.school)
		}
	}
	if diff := cmp.Diff(perDay, map[int]int{0: 1000, 1: 1000, 2: 1000, 3: 1000}); diff != "" {
		t.Errorf("per day (-got +want):\n%s", diff)
	}
	if len(perStudent) != 61 || perStudent[-1] == 0 || perStudent[-1] > 400 {
		t.Errorf("got %d students and %d unknown, want 60, and few unknown", len(perStudent)-1,
			perStudent[-1])
	}
	whole := district().part(110_000_000)
	if len(whole.schoolOf) != 35_000 || whole.firstOf[106] != 11_074 || whole.days != 190 {
		t.Errorf("got %d students, %d devices, %d days", len(whole.schoolOf), whole.firstOf[106],
			whole.days)
	}
}

func TestFlags(t *testing.T) {
	t.Setenv("GATEHOUSE_TEST_POSTGRES", "")
	for args, want := range map[string]string{
		"-rows 0":            "-rows and -queries are 1 or more",
		"-engine oracle":     `-engine is sqlite or postgres, not "oracle"`,
		"-engine postgres":   "needs -dsn",
		"-dir /nowhere/here": "no such file",
	} {
		err := run(t.Context(), strings.Fields(args), &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}

func TestReport(t *testing.T) {
	ms := []time.Duration{}
	for i := range 200 {
		ms = append(ms, time.Duration(i+1)*time.Millisecond)
	}
	if got, want := []float64{at(ms, 50), at(ms, 95), at(ms, 99), at(ms[:1], 95)}, []float64{
		100,
		190,
		198,
		1,
	}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	l := line{Name: "x", Ours: 21, Bar: "20 ms"}
	if got := l.String(); !strings.Contains(got, "missed") {
		t.Errorf("got %q, want it missed", got)
	}
	l.Held = true
	if got := l.String(); !strings.Contains(got, "held") {
		t.Errorf("got %q, want it held", got)
	}
}

func TestJSON(t *testing.T) {
	if testing.Short() {
		t.Skip("it enrols 35,000 students")
	}
	file := filepath.Join(t.TempDir(), "out.json")
	var out bytes.Buffer
	if err := run(t.Context(),
		[]string{"-rows", "5000", "-queries", "20", "-dir", t.TempDir(), "-json", file},
		&out); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if r.Engine != "sqlite" || r.Rows != 5000 || len(r.Lines) != 2 ||
		!strings.Contains(out.String(), r.Lines[1].Name) {
		t.Errorf("got %+v and\n%s", r, out.String())
	}
}
