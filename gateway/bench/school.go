//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/registry"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const (
	schoolID g.SchoolID  = "school"
	profile  g.ProfileID = "environment-sensor" // shipped; three numbers
	perZone              = 20                   // devices
)

// device is one that may publish.
type device struct {
	id       g.DeviceID
	password string
}

func (d *device) topic() string {
	return mqttfront.Topic(mqttfront.Identity{
		School: schoolID,
		Device: d.id,
	}, "telemetry")
}

// school is the data folder of a gateway that was never started, with everything registered.
type school struct {
	dir     string
	keys    []string // of the API
	devices []device
}

// prepare makes a school with so many sensors, a hundred rules and a key.
func prepare(ctx context.Context, dir string, devices int) (*school, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &school{dir: dir}
	master, err := keys.Master(dir)
	if err != nil {
		return nil, err
	}
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       dir,
		MasterKey: master,
		Now:       time.Now,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	err = s.register(ctx, reg.In(g.SystemScope("bench")), devices)
	if cerr := reg.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.multiply(ctx, devices)
	}
	if err == nil {
		err = writeRules(filepath.Join(dir, "rules"))
	}
	if err != nil {
		return nil, fmt.Errorf("prepare a school: %w", err)
	}
	return s, nil
}

func (s *school) register(ctx context.Context, v *registry.View, devices int) error {
	b, err := deploy.Files().(interface {
		ReadFile(string) ([]byte, error)
	}).ReadFile("profiles/" + string(profile) + ".yaml")
	if err != nil {
		return err
	}
	p, err := regfleet.ParseProfile(string(profile), b)
	if err != nil {
		return err
	}
	p.OfflineAfter = 3600 // so that silence plays no part
	if err := v.Fleet.PutProfile(ctx, p); err != nil {
		return err
	}
	if _, err := v.Places.CreateSchool(ctx, g.School{
		ID:       schoolID,
		Kind:     g.KindSchool,
		Name:     "School",
		Timezone: "Asia/Shanghai",
		Language: "en",
	}); err != nil {
		return err
	}
	if _, err := v.Places.PutSite(ctx, g.Site{
		ID:     "site",
		School: schoolID,
		Name:   "Site",
	}); err != nil {
		return err
	}
	if _, err := v.Places.PutBuilding(ctx, g.Building{
		ID:     "building",
		School: schoolID,
		Site:   "site",
		Name:   "Building",
	}); err != nil {
		return err
	}
	kinds := g.ZoneKinds()
	for i := range zones(devices) {
		if _, err := v.Deeds.PutZone(ctx, g.Zone{
			ID:       zoneID(i),
			School:   schoolID,
			Building: "building",
			Name:     fmt.Sprintf("Zone %d", i),
			Kind:     kinds[i%len(kinds)],
		}); err != nil {
			return err
		}
	}
	if _, _, err := v.Fleet.CreateDevice(ctx, g.Device{
		ID:      deviceID(0),
		School:  schoolID,
		Zone:    zoneID(0),
		Profile: profile,
		Driver:  g.DriverMQTTFront,
		Name:    "Sensor",
		Enabled: true,
	}, nil); err != nil {
		return err
	}
	for i := range callers {
		_, key, err := v.Access.CreateKey(ctx, g.APIKey{
			School:      schoolID,
			Name:        fmt.Sprintf("bench %d", i),
			Permissions: []g.Permission{g.StatusRead, g.AlertsRead, g.DevicesRead, g.TelemetryRead},
			Expires:     time.Now().Add(48 * time.Hour),
		})
		if err != nil {
			return err
		}
		s.keys = append(s.keys, key)
	}
	return nil
}

// callers is how many keys there are: one caller may have 16 live streams.
const callers = 8

func zones(devices int) int { return min(500, (devices+perZone-1)/perZone) }

func zoneID(i int) g.ZoneID { return g.ZoneID(fmt.Sprintf("zone-%04d", i)) }

func deviceID(i int) g.DeviceID { return g.DeviceID(fmt.Sprintf("dev-%06d", i)) }

// multiply copies the first device's row: a hundred thousand registrations one by one, each
// with its own sync and its own line in the audit log, are not what is measured. The password
// is hashed as the registry does; if that ever changes, nobody connects.
func (s *school) multiply(ctx context.Context, devices int) error {
	db, err := sql.Open("sqlite",
		"file:"+filepath.Join(s.dir, "registry.db")+
			"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	insert, err := tx.PrepareContext(ctx,
		`INSERT INTO devices (id, school, zone, profile, driver, name, serial, address, enabled, created, secret_sealed, password)
		SELECT ?, school, ?, profile, driver, ?, '', address, enabled, created, secret_sealed, ? FROM devices WHERE id = ?`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range devices {
		d := device{
			id:       deviceID(i),
			password: fmt.Sprintf("bench-%026d", i),
		}
		sum := sha256.Sum256([]byte(string(d.id) + "\x00" + d.password))
		hash := hex.EncodeToString(sum[:])
		s.devices = append(s.devices, d)
		if i == 0 {
			_, err = tx.ExecContext(ctx, "UPDATE devices SET password = ? WHERE id = ?", hash,
				string(d.id))
		} else {
			_, err = insert.ExecContext(ctx, string(d.id), string(zoneID(i%zones(devices))),
				fmt.Sprintf("Sensor %d", i), hash, string(deviceID(0)))
		}
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// writeRules writes a hundred rules, all of them on what the sensors send: twenty look at
// every sensor, eighty at those of one or two of the nine kinds of zone, so that each message
// is put to 29 or more. None finds anything in what the generator sends but the first, which
// is for the probes.
func writeRules(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "procedures"), 0o700); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("rules:\n")
	rule := func(format string, args ...any) { fmt.Fprintf(&b, "  - "+format+"\n", args...) }
	rule("{id: fire, title: Fire, severity: critical, where: {type: sensor}, when: {property: " +
		"temperature, above: 55}, then: [{alert: {audible: true}}]}")
	for i := range 9 {
		rule("{id: hot-%d, title: T, severity: warning, when: {property: temperature, above: "+
			"%d}, for: 5m, clear: {after: 1m}}",
			i, 40+i)
	}
	for i := range 10 {
		rule("{id: stale-%d, title: T, severity: warning, per: zone, when: {all: [{property: "+
			"co2, above: %d}, {property: humidity, above: %d}]}, for: 5m}",
			i, 1500+100*i, 60+i)
	}
	kinds := g.ZoneKinds()
	for i := range 80 {
		where := fmt.Sprintf("where: {zone_kind: %s}", kinds[i%len(kinds)])
		switch i % 4 {
		case 0:
			rule("{id: cold-%d, title: T, severity: info, %s, when: {property: temperature, "+
				"below: %d}, for: 10m}",
				i, where, i%20)
		case 1:
			rule("{id: damp-%d, title: T, severity: info, %s, when: {all: [{property: humidity, "+
				"above: %d}, {not: {property: temperature, above: 35}}]}, for: 10m}",
				i, where, 70+i%20)
		case 2:
			rule("{id: silent-%d, title: T, severity: info, %s, when: {absent: {property: co2, "+
				"for: %dm}}}",
				i, where, 60+i)
		case 3:
			rule("{id: flaps-%d, title: T, severity: info, %s, when: {count: {of: {property: "+
				"co2, above: %d}, at_least: 3, within: 5m}}}",
				i, where, 1000+i)
		}
	}
	return os.WriteFile(filepath.Join(dir, "bench.yaml"), []byte(b.String()), 0o600)
}
