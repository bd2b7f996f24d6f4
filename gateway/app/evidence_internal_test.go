package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

const strangerRules = `
rules:
  - id: at-once
    title: Unknown face
    severity: warning
    per: track
    when: {sighting: {person: unknown, method: face}}
  - id: unless-passed
    title: Stranger
    severity: major
    per: track
    when: {sighting: {person: unknown, method: face}}
    unless: {sighting: {person: known, method: [card]}, same: zone, within: 10s}
`

// gate is a gateway with two gates, a camera at each and a card reader at the second.
type gate struct {
	*App
	t     *testing.T
	view  *registry.View
	ahead atomic.Int64
}

func (x *gate) clock() time.Time { return time.Now().Add(time.Duration(x.ahead.Load())) }

func newGate(t *testing.T) *gate {
	t.Helper()
	x := &gate{t: t}
	dir := t.TempDir()
	x.ok(os.MkdirAll(filepath.Join(dir, "rules"), 0o700))
	x.ok(os.WriteFile(filepath.Join(dir, "rules", "strangers.yaml"), []byte(strangerRules), 0o600))
	c := config.Default()
	c.DataDir, c.HTTP.Listen, c.MQTT.Listen = filepath.Join(dir, "data"), "127.0.0.1:0", ""
	c.Rules.Dir = filepath.Join(dir, "rules")
	a, err := Open(t.Context(), c,
		Options{Logger: slog.New(slog.DiscardHandler), Version: "test", Now: x.clock})
	x.ok(err)
	x.App, x.view = a, a.reg.In(g.SystemScope("test"))
	x.school()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return x
}

func (x *gate) ok(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *gate) school() {
	x.t.Helper()
	ctx := x.t.Context()
	_, err := x.view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"})
	x.ok(err)
	_, err = x.view.Places.PutSite(ctx, g.Site{ID: "site", School: "sch", Name: "S"})
	x.ok(err)
	_, err = x.view.Places.PutBuilding(ctx, g.Building{ID: "bld", School: "sch", Site: "site", Name: "B"})
	x.ok(err)
	x.ok(x.view.Fleet.PutProfile(ctx,
		g.Profile{ID: "cam", Title: "Camera", Type: g.TypeCamera, Sightings: []g.Method{g.ByFace}}))
	x.ok(x.view.Fleet.PutProfile(ctx,
		g.Profile{
			ID:        "reader",
			Title:     "Reader",
			Type:      g.TypeTerminal,
			Sightings: []g.Method{g.ByCard},
		}))
	for _, zone := range []g.ZoneID{"north", "south"} {
		_, err := x.view.Deeds.PutZone(ctx,
			g.Zone{ID: zone, School: "sch", Building: "bld", Name: string(zone), Kind: g.ZoneGate})
		x.ok(err)
	}
	for id, d := range map[g.DeviceID]g.Device{
		"cam-north": {Zone: "north", Profile: "cam"},
		"cam-south": {Zone: "south", Profile: "cam"},
		"reader":    {Zone: "south", Profile: "reader"},
	} {
		d.ID, d.School, d.Name, d.Driver, d.Enabled = id, "sch", string(id), "plug", true
		_, _, err := x.view.Fleet.CreateDevice(ctx, d, nil)
		x.ok(err)
	}
	_, err = x.view.People.Create(ctx,
		g.Person{ID: "per_card", School: "sch", Kind: g.Student, Name: "With A Card", Number: "1"})
	x.ok(err)
	_, err = x.view.People.AddCard(ctx, "per_card", g.ByCard, "4711", time.Time{})
	x.ok(err)
}

// face has a camera see a track whose picture and embedding are its own.
func (x *gate) face(camera g.DeviceID, track string, direction int) {
	x.t.Helper()
	embedding := make([]float32, 8)
	embedding[direction] = 1
	x.ok(x.intake.Accept(x.t.Context(), "plug", []g.Observation{{
		Device: camera,
		Time:   x.clock(),
		Sighting: &g.Sighting{
			Method:    g.ByFace,
			Track:     track,
			Embedding: embedding,
			Model:     "m",
			Snapshot:  []byte("picture of " + track), Frames: 5, Match: &g.Match{Quality: 0.8},
		},
	}}))
}

func (x *gate) alerts(rule g.RuleID, track string) []g.Alert {
	x.t.Helper()
	rows, _, err := x.view.Alerts.List(x.t.Context(), alerts.Filter{Rule: rule})
	x.ok(err)
	sightings, _, err := x.view.History.Sightings(x.t.Context(), history.SightingFilter{})
	x.ok(err)
	var out []g.Alert
	for _, row := range rows {
		i := slices.IndexFunc(sightings, func(s history.SightingRow) bool {
			return s.ID == row.Sighting
		})
		if i >= 0 && x.trackOf(sightings[i]) == track {
			out = append(out, row.Alert)
		}
	}
	return out
}

// trackOf finds the track of a sighting, whose id is derived from it.
func (x *gate) trackOf(s history.SightingRow) string {
	for _, track := range []string{"n1", "n2", "s1"} {
		if s.ID == g.NewSightingID(s.Device, s.Time, 0, track+"/", g.ByFace) {
			return track
		}
	}
	return ""
}

// TestEachAlertHasThePictureOfItsOwnTrack runs end to end: a camera's sightings, the rules'
// findings, the pictures that waited, and the alerts that get them. Two strangers at one gate are
// not mixed up; of a stranger beside whom a card was shown neither rule keeps a picture.
func TestEachAlertHasThePictureOfItsOwnTrack(t *testing.T) {
	x := newGate(t)
	x.face("cam-north", "n1", 1)
	x.face("cam-north", "n2", 2)
	x.face("cam-south", "s1", 3)
	x.ok(x.intake.Accept(t.Context(), "plug",
		[]g.Observation{
			{
				Device:   "reader",
				Time:     x.clock(),
				Sighting: &g.Sighting{Method: g.ByCard, Credential: "4711"},
			},
		}))
	for _, track := range []string{"n1", "n2", "s1"} {
		x.wait("the alert of "+track, func() bool { return len(x.alerts("at-once", track)) == 1 })
		if a := x.alerts("at-once", track)[0]; a.Media != "" {
			t.Errorf("%s has a picture before it is settled who it was", track)
		}
	}
	x.ahead.Add(int64(15 * time.Second))
	for i, track := range []string{"n1", "n2"} {
		for _, rule := range []g.RuleID{"at-once", "unless-passed"} {
			var a g.Alert
			x.wait(fmt.Sprint("the picture of ", track, " for ", rule), func() bool {
				all := x.alerts(rule, track)
				if len(all) == 1 {
					a = all[0]
				}
				return a.Media != ""
			})
			picture, err := x.media.Open(t.Context(), "sch", a.Media)
			x.ok(err)
			if want := "picture of " + track; string(picture) != want {
				t.Errorf("%s, %s: the picture is %q, want %q", rule, track, picture, want)
			}
			face, err := x.media.Face(t.Context(), "sch", a.Media)
			x.ok(err)
			if len(face.Embedding) != 8 || face.Embedding[i+1] != 1 || face.Model != "m" {
				t.Errorf("%s, %s: the face is %+v, want the track's own", rule, track, face)
			}
		}
	}
	if n := len(x.alerts("unless-passed", "s1")); n != 0 {
		t.Errorf("%d alerts of the one beside whom a card was shown, want none", n)
	}
	if a := x.alerts("at-once", "s1")[0]; a.Media != "" {
		t.Error("the picture of the one beside whom a card was shown was kept")
	}
}

func (x *gate) wait(what string, f func() bool) {
	x.t.Helper()
	tick, late := time.NewTicker(20*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-late:
			x.t.Fatal("waited too long for " + what)
		}
	}
}
