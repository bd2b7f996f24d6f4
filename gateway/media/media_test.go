package media_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
)

func TestPicturesAreSealedPerSchool(t *testing.T) {
	dir, picture := t.TempDir(), bytes.Repeat([]byte("a face "), 100)
	s, err := media.Open(dir, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	id, err := s.Put("sch_a", at, picture)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Put("sch_a", at, picture); err != nil || again != id {
		t.Errorf("the same picture again: got %s, %v; want %s and no second file", again, err, id)
	}
	if elsewhere, err := s.Put("sch_c", at, picture); err != nil || elsewhere == id {
		t.Errorf("the same picture in another school: got %s, %v; want another name", elsewhere,
			err)
	}
	if got, err := s.Open(t.Context(), "sch_a", id); err != nil || !bytes.Equal(got, picture) {
		t.Errorf("got %d bytes, %v; want the picture back", len(got), err)
	}
	for _, other := range []struct {
		school g.SchoolID
		id     g.MediaID
	}{
		{"sch_b", id},
		{"sch_a", "med_20260901nothere"},
		{"sch_a", "../../etc/passwd"},
		{"../sch_a", id},
		{"sch_a", ""},
	} {
		if b, err := s.Open(t.Context(), other.school, other.id); g.ErrorCode(err) != g.NotFound {
			t.Errorf("%v: got %d bytes, %v; want not found", other, len(b), err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "sch_a", "*", "*"))
	if len(files) != 1 {
		t.Fatalf("got files %v, want one", files)
	}
	raw, _ := os.ReadFile(files[0])
	if bytes.Contains(raw, []byte("a face")) {
		t.Error("the picture is on disk in the clear")
	}
	raw[len(raw)/2] ^= 1
	os.WriteFile(files[0], raw, 0o600)
	if _, err := s.Open(t.Context(), "sch_a", id); err == nil {
		t.Error("a picture with a flipped bit opened, want an error")
	}
	if n, err := s.Expire(at); err != nil || n != 0 {
		t.Errorf("expire up to the same day deleted %d days, %v; want 0", n, err)
	}
	if n, err := s.Expire(at.Add(24 * time.Hour)); err != nil || n != 2 {
		t.Errorf("got %d days, %v; want one in each school", n, err)
	}
	if _, err := s.Open(t.Context(), "sch_a", id); g.ErrorCode(err) != g.NotFound {
		t.Errorf("got %v after retention, want not found", err)
	}
	if _, err := s.Put("sch_a", at, make([]byte, media.MaxBytes+1)); g.ErrorCode(err) != g.TooLarge {
		t.Errorf("got %v, want too large", err)
	}
}
