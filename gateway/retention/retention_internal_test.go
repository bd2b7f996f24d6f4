package retention

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/places"
)

// TestPicturesEndWhenTheirTimeHasCome: pictures expire only while the clock is right, after the
// current period, and at once in a school that takes none.
func TestPicturesEndWhenTheirTimeHasCome(t *testing.T) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	log := slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       func() time.Time { return now },
		Logger:    log,
	})
	must(err)
	t.Cleanup(func() { reg.Close() })
	view := reg.In(g.SystemScope("test"))
	for _, id := range []g.SchoolID{"a", "b"} {
		_, err = view.Places.CreateSchool(ctx, g.School{
			ID:       id,
			Kind:     g.KindSchool,
			Name:     string(id),
			Timezone: "UTC",
			Language: "en",
		})
		must(err)
	}
	store, err := media.Open(t.TempDir(), make([]byte, 32))
	must(err)
	wrong := true
	schools := media.NewSchools(view)
	defer reg.Subscribe(schools.Changed)()
	k := New(Options{
		View:       view,
		Media:      store,
		Schools:    func() []g.SchoolID { return []g.SchoolID{"a", "b"} },
		Allowed:    schools.Allowed,
		ClockWrong: func(time.Time) bool { return wrong },
		Now:        func() time.Time { return now },
		Log:        log,
	}, Periods{Pictures: 24 * time.Hour, History: 1000 * time.Hour})
	ofA, err := store.Put("a", now, []byte("a"))
	must(err)
	ofB, err := store.Put("b", now, []byte("b"))
	must(err)
	there := func(school g.SchoolID, id g.MediaID) bool {
		_, err := store.Open(ctx, school, id)
		return err == nil
	}
	later := func(d time.Duration, what string, a, b bool) {
		t.Helper()
		now = now.Add(d)
		k.look(ctx)
		if gotA, gotB := there("a", ofA), there("b", ofB); gotA != a || gotB != b {
			t.Errorf("%s: got %v and %v, want %v and %v", what, gotA, gotB, a, b)
		}
	}
	later(100*time.Hour, "while the clock is wrong", true, true)
	wrong = false
	now = now.Add(-95 * time.Hour)
	later(0, "within the time", true, true)
	must(view.Deeds.PutSetting(ctx, "b", places.PicturesSetting, json.RawMessage("false")))
	later(30*time.Minute, "before the next round", true, true)
	later(time.Hour, "in a school that keeps none", true, false)
	k.Keep(Periods{Pictures: 3 * time.Hour, History: 1000 * time.Hour})
	later(2*time.Hour, "after a shorter time", false, false)
}
