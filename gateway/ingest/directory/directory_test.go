package directory_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/registry"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// house is a registry with a school, a zone and a lamp; beside changes its tables behind its back.
type house struct {
	reg    *registry.Registry
	view   *registry.View
	beside func(statement string)
}

func newHouse(t *testing.T) house {
	ctx, dir := t.Context(), t.TempDir()
	reg, err := registry.Open(ctx,
		registry.Options{Dir: dir, MasterKey: make([]byte, 32), Now: time.Now})
	must(t, err)
	t.Cleanup(func() { reg.Close() })
	h := house{reg: reg, view: reg.In(g.SystemScope("test"))}
	_, err = h.view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"})
	must(t, err)
	_, err = h.view.Places.PutSite(ctx, g.Site{ID: "sit", School: "sch", Name: "S"})
	must(t, err)
	_, err = h.view.Places.PutBuilding(ctx, g.Building{ID: "bld", School: "sch", Site: "sit", Name: "B"})
	must(t, err)
	must(t,
		h.view.Fleet.PutProfile(ctx,
			g.Profile{
				ID:         "lamp",
				Title:      "L",
				Type:       g.TypeOther,
				Properties: map[string]g.Property{"on": {Type: "boolean"}},
			}))
	h.zone(t, "hall")
	h.device(t, "lamp-1")
	db, err := sql.Open("sqlite",
		"file:"+filepath.Join(dir, "registry.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	t.Cleanup(func() { db.Close() })
	h.beside = func(statement string) {
		t.Helper()
		_, err := db.ExecContext(context.Background(), statement)
		must(t, err)
	}
	return h
}

func (h house) zone(t *testing.T, id g.ZoneID) {
	t.Helper()
	_, err := h.view.Deeds.PutZone(t.Context(),
		g.Zone{ID: id, School: "sch", Building: "bld", Name: string(id), Kind: g.ZoneOther})
	must(t, err)
}

func (h house) device(t *testing.T, id g.DeviceID) {
	t.Helper()
	_, _, err := h.view.Fleet.CreateDevice(t.Context(),
		g.Device{
			ID:      id,
			School:  "sch",
			Zone:    "hall",
			Profile: "lamp",
			Driver:  g.DriverMQTTFront,
			Name:    string(id),
			Enabled: true,
		},
		nil)
	must(t, err)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("waited too long for " + what)
		case <-tick.C:
		}
	}
}

// TestDeviceThatCannotBeLookedUp tells a missing device from a registry that does not answer: the
// sender repeats the observation after an error, but a rejected one is lost.
func TestDeviceThatCannotBeLookedUp(t *testing.T) {
	h := newHouse(t)
	d, err := directory.New(t.Context(), h.reg, slog.New(slog.DiscardHandler))
	must(t, err)
	if _, ok, err := d.Device(t.Context(), "ghost"); ok || err != nil {
		t.Errorf("a device that is not there: got %t, %v; want false and no error", ok, err)
	}
	h.device(t, "lamp-2") // the directory does not run: it has not heard of it
	if e, ok, err := d.Device(t.Context(), "lamp-2"); !ok || err != nil || e.Zone.ID != "hall" {
		t.Errorf("a device that is new: got %+v, %t, %v; want it with its zone", e, ok, err)
	}
	h.device(t, "lamp-3")
	h.beside("ALTER TABLE devices RENAME COLUMN serial TO taken_away")
	if _, ok, err := d.Device(t.Context(), "lamp-3"); ok || err == nil {
		t.Errorf("a registry that does not answer: got %t, %v; want an error", ok, err)
	}
	if _, ok, err := d.Device(t.Context(), "lamp-1"); !ok || err != nil {
		t.Errorf("a device that is known: got %t, %v; want it all the same", ok, err)
	}
}

// TestChangeWhileTheRegistryDoesNotAnswer has changes come while the devices cannot be read:
// nothing is forgotten meanwhile, and the changes show once the registry answers.
func TestChangeWhileTheRegistryDoesNotAnswer(t *testing.T) {
	h := newHouse(t)
	d, err := directory.New(t.Context(), h.reg, slog.New(slog.DiscardHandler))
	must(t, err)
	told, removed := make(chan g.DeviceID, 100), make(chan g.DeviceID, 100)
	d.Watch(func(id g.DeviceID, _ directory.Entry, ok bool) {
		if ok {
			told <- id
		} else {
			removed <- id
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { cancel(); must(t, <-ended) }()
	if got := <-told; got != "lamp-1" {
		t.Fatalf("told of %s first, want lamp-1", got)
	}
	h.beside("ALTER TABLE twins RENAME TO taken_away")
	_, err = h.view.Fleet.ResetDevicePassword(t.Context(), "lamp-1") // a change of the device
	must(t, err)
	h.zone(t, "attic")
	h.beside("ALTER TABLE taken_away RENAME TO twins")
	eventually(t, "the new zone", func() bool { _, ok := d.Zone("attic"); return ok })
	if _, ok := d.Known("lamp-1"); !ok {
		t.Error("the lamp is forgotten, though it was never deleted")
	}
	if len(removed) > 0 {
		t.Errorf("%s was told as removed, though nothing was", <-removed)
	}
}
