package media_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
)

// A picture lives for hours, its face never longer; what somebody keeps stays until it is
// deleted, and then nothing of it is left.
func TestHoursKeptAndDeleted(t *testing.T) {
	dir := t.TempDir()
	s, err := media.Open(dir, make([]byte, 32))
	ok(t, err)
	at := time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)
	face := media.Face{Embedding: []float32{0.6, 0.8}, Model: "m-2", Quality: 0.7}
	put := func(b string) g.MediaID {
		id, err := s.Put("sch", at, []byte(b))
		ok(t, err)
		ok(t, s.PutFace("sch", id, face))
		return id
	}
	left, kept := put("left"), put("kept")
	if got, err := s.Face(t.Context(), "sch", kept); err != nil || got.Model != "m-2" ||
		len(got.Embedding) != 2 {
		t.Errorf("got %+v, %v; want the face", got, err)
	}
	if _, err := s.Face(t.Context(), "other", kept); g.ErrorCode(err) != g.NotFound {
		t.Errorf("another school: got %v, want not found", err)
	}
	ok(t, s.Keep("sch", kept))
	ok(t, s.Keep("sch", kept))
	if n, err := s.Expire(at.Add(20 * time.Minute)); err != nil || n != 0 {
		t.Errorf("within the hour: got %d, %v; want nothing expired", n, err)
	}
	if n, err := s.Expire(at.Add(30 * time.Minute)); err != nil || n != 1 {
		t.Errorf("after the hour: got %d, %v; want one folder expired", n, err)
	}
	if _, err := s.Open(t.Context(), "sch", left); g.ErrorCode(err) != g.NotFound {
		t.Errorf("got %v, want the picture gone", err)
	}
	if b, err := s.Open(t.Context(), "sch", kept); err != nil || !bytes.Equal(b, []byte("kept")) {
		t.Errorf("got %q, %v; want the kept picture", b, err)
	}
	if _, err := s.Face(t.Context(), "sch", kept); g.ErrorCode(err) != g.NotFound {
		t.Errorf("got %v, want the face gone although the picture is kept", err)
	}
	if err := s.Keep("sch", left); g.ErrorCode(err) != g.NotFound {
		t.Errorf("keeping what is gone: got %v, want not found", err)
	}
	ok(t, s.Delete("sch", kept))
	ok(t, s.Delete("sch", kept))
	if files, _ := filepath.Glob(filepath.Join(dir, "sch", "*", "*")); len(files) != 0 {
		t.Errorf("got %v, want nothing left", files)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
