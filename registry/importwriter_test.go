package registry

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

func importRegistry(t *testing.T, now func() time.Time) *Registry {
	t.Helper()
	r, err := Open(t.Context(), Options{Dir: t.TempDir(), MasterKey: make([]byte, 32), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if _, err := r.In(g.SystemScope("test")).Places.CreateSchool(t.Context(),
		g.School{ID: "a", Kind: g.KindSchool, Name: "A", Timezone: "UTC", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	return r
}

func importFile(lines int) []byte {
	var b strings.Builder
	b.WriteString("kind,number,name,class,card,face_consent\n")
	for i := range lines {
		fmt.Fprintf(&b, "student,%d,Pupil %d,7-%d,%010d,yes\n", i, i, i%12, 9000000+i)
	}
	return []byte(b.String())
}

// A preview does not need the write lock: it completes while another transaction holds it.
func TestPreviewTakesNoWriter(t *testing.T) {
	r := importRegistry(t, time.Now)
	err := r.s.Write(t.Context(), func(*store.Tx) error {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		report, err := r.In(g.SystemScope("test")).People.ImportRoster(ctx, "a", importFile(500),
			people.ImportOptions{DryRun: true})
		if err == nil && report.Created != 500 {
			t.Errorf("got %d to be created, want 500", report.Created)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An import stages its rows in parts, between which others can write, and applies them at once:
// nobody ever sees half of it.
func TestImportLetsOthersWriteAndIsSeenWhole(t *testing.T) {
	r := importRegistry(t, time.Now)
	sys := r.In(g.SystemScope("test"))
	seen := func() (n int) {
		if err := r.s.Reg.Row(t.Context(), "SELECT COUNT(*) FROM persons").Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	done := make(chan error, 1)
	go func() {
		_, err := sys.People.ImportRoster(t.Context(), "a", importFile(1500), people.ImportOptions{})
		done <- err
	}()
	between := 0
	for {
		// A write between two parts sees staged rows, but no applied ones.
		err := r.s.Write(t.Context(), func(tx *store.Tx) error {
			var down, over int
			if err := tx.Row(t.Context(), "SELECT COUNT(*) FROM import_people").Scan(&down); err != nil {
				return err
			}
			if err := tx.Row(t.Context(), "SELECT COUNT(*) FROM persons").Scan(&over); err != nil {
				return err
			}
			if down > 0 && over == 0 {
				between++
			}
			if over != 0 && over != 1500 {
				t.Errorf("%d of 1500 people are seen", over)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			if n := seen(); n != 1500 || between == 0 {
				t.Errorf("got %d people, %d writes between the parts", n, between)
			}
			return
		default:
		}
	}
}

// An import whose process ended between its parts has changed nobody, and the next one deletes what
// it staged.
func TestBrokenOffImportIsSwept(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	r := importRegistry(t, func() time.Time { return now })
	ctx, stop := context.WithCancel(t.Context())
	err := r.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx,
			"INSERT INTO imports (id, school, started) VALUES ('imp_lost', 'a', ?)",
			store.Micros(now))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = r.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx,
			`INSERT INTO import_people (import, id, school, kind, class, number_mac, key_sealed, body_sealed, leaves)
			VALUES ('imp_lost', 'per_x', 'a', 'student', '', NULL, ?, ?, 0)`, []byte{1}, []byte{1})
		return err
	})
	stop()
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := r.In(g.SystemScope("test")).People.ImportRoster(t.Context(), "a", importFile(3),
		people.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	var left, people int
	for _, table := range []string{"imports", "import_people", "import_passes", "import_consents"} {
		n := 0
		if err := r.s.Reg.Row(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		left += n
	}
	if err := r.s.Reg.Row(t.Context(), "SELECT COUNT(*) FROM persons").Scan(&people); err != nil {
		t.Fatal(err)
	}
	if left != 0 || people != 3 {
		t.Errorf("got %d rows left and %d people, want 0 and 3", left, people)
	}
}
