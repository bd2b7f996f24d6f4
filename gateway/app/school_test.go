package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const (
	killSchool = "school"
	sensors    = 8
	readers    = 2
)

// killRules are like the shipped ones, but without delays: the expected alerts follow from the
// journal alone, whenever the gateway was killed.
const killRules = `
rules:
  - id: stale-air
    title: Stale air
    severity: warning
    when: {property: co2, above: 5000}
    fresh: 24h
    once: {every: 0s}
  - id: stale-again
    title: Stale air, once for all
    severity: warning
    when: {property: co2, above: 5000}
    fresh: 24h
    once: {every: 168h}
  - id: smoke-and-heat
    title: Smoke and heat
    severity: critical
    when:
      all:
        - {property: smoke, is: true}
        - {property: temperature, above: 57}
    fresh: 24h
    once: {every: 0s}
    then:
      - alert: {audible: true}
      - incident: {procedure: fire, handover: {approver: admin}}
  - id: failed-cards
    title: Many unknown cards at one reader
    severity: warning
    where: {type: terminal}
    when: {count: {of: {sighting: {person: unknown, method: card}}, at_least: 5, within: 168h}}
`

const killProcedures = `
procedures:
  - id: fire
    title: Fire
    steps: [Sound the alarm.]
`

func configOf(dir string) config.Config {
	c := config.Default()
	c.DataDir, c.HTTP.Listen, c.MQTT.Listen = filepath.Join(dir, "data"), "127.0.0.1:0", "127.0.0.1:0"
	c.Rules.Dir = filepath.Join(dir, "rules")
	return c
}

// school is a data folder with a registered school, and what its devices and its developer
// need to know.
type school struct {
	dir       string
	passwords map[string]string // device -> password at the MQTT listener
	key       string            // an API key that may do anything
}

func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{dir: t.TempDir(), passwords: map[string]string{}}
	for name, text := range map[string]string{
		"rules/kill.yaml":            killRules,
		"rules/procedures/fire.yaml": killProcedures,
	} {
		file := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, err := open(t.Context(), configOf(s.dir),
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	err = s.register(t.Context(), a.Registry().In(g.SystemScope("test")))
	if cerr := a.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return s
}

func (s *school) register(ctx context.Context, v *registry.View) error {
	if _, err := v.Places.CreateSchool(ctx,
		g.School{
			ID:       killSchool,
			Kind:     g.KindSchool,
			Name:     "School",
			Timezone: "Asia/Shanghai",
			Language: "en",
		}); err != nil {
		return err
	}
	if _, err := v.Places.PutSite(ctx, g.Site{ID: "site", School: killSchool, Name: "Site"}); err != nil {
		return err
	}
	if _, err := v.Places.PutBuilding(ctx,
		g.Building{ID: "building", School: killSchool, Site: "site", Name: "Building"}); err != nil {
		return err
	}
	if _, err := v.Deeds.PutZone(ctx,
		g.Zone{
			ID:       "zone",
			School:   killSchool,
			Building: "building",
			Name:     "Laboratory",
			Kind:     g.ZoneLaboratory,
		}); err != nil {
		return err
	}
	for _, text := range []string{
		"id: kill-sensor\ntitle: Sensor\ntype: sensor\nproperties:\n  n: {title: Number, type: " +
			"number}\n  co2: {title: CO2, type: number}\n  smoke: {title: Smoke, type: " +
			"boolean}\n  temperature: {title: Temperature, type: number}\n",
		"id: kill-reader\ntitle: Reader\ntype: terminal\nsightings: [card]\n",
	} {
		p, err := fleet.ParseProfile("profile", []byte(text))
		if err != nil {
			return err
		}
		if err := v.Fleet.PutProfile(ctx, p); err != nil {
			return err
		}
	}
	for i := range sensors + readers {
		d := g.Device{School: killSchool, Zone: "zone", Driver: g.DriverMQTTFront, Enabled: true}
		d.ID, d.Profile = g.DeviceID(fmt.Sprintf("sensor-%d", i)), "kill-sensor"
		if i >= sensors {
			d.ID, d.Profile = g.DeviceID(fmt.Sprintf("reader-%d", i)), "kill-reader"
		}
		d.Name = string(d.ID)
		_, password, err := v.Fleet.CreateDevice(ctx, d, nil)
		if err != nil {
			return err
		}
		s.passwords[string(d.ID)] = password
	}
	var err error
	_, s.key, err = v.Access.CreateKey(ctx,
		g.APIKey{
			School:      killSchool,
			Name:        "test",
			Purpose:     "a test asks",
			Permissions: g.RoleAdmin.Permissions(),
			Expires:     time.Now().Add(24 * time.Hour),
		})
	return err
}

// get asks the gateway's API as the school's developer does.
func get[T any](ctx context.Context, s *school, url string) (out T, err error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return out, err
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return out, err
	}
	if resp.StatusCode != http.StatusOK {
		return out, fmt.Errorf("GET %s: %s: %s", url, resp.Status, b)
	}
	return out, json.Unmarshal(b, &out)
}

// page is a page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
	More  bool   `json:"more"`
}

// list reads every page of a list, until enough says so.
func list[T any](
	ctx context.Context, s *school, url string, enough func(T) bool,
) (all []T, err error) {
	next := ""
	for {
		p, err := get[page[T]](ctx, s, url+"&limit=1000&cursor="+next)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Items {
			if enough(x) {
				return all, nil
			}
			all = append(all, x)
		}
		if p.Next == "" {
			return all, nil
		}
		next = p.Next
	}
}
