package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const (
	deviceColumns = "d.id, d.school, d.zone, d.profile, d.driver, d.name, d.serial, d.address, " +
		"d.enabled, d.behind, d.created"
	deviceState = "CASE WHEN d.enabled = 0 THEN 'disabled' ELSE COALESCE(t.state, 'unknown') END"
	deviceRows  = "SELECT " + deviceColumns + ", p.type, " + deviceState +
		`, COALESCE(t.reason, ''), COALESCE(t.last_seen, 0),
		COALESCE(t.seq, 0), COALESCE(t.reported, ''), COALESCE(t.desired, ''), COALESCE(t.weak, ''), COALESCE(t.causes, '')` +
		deviceFrom
	deviceFrom = " FROM devices d JOIN profiles p ON p.id = d.profile " +
		"LEFT JOIN twins t ON t.device = d.id"
)

// scanDevice scans deviceColumns into d and further columns into more.
func scanDevice(scan func(...any) error, d *g.Device, more ...any) error {
	var address []byte
	var created int64
	dst := []any{
		&d.ID, &d.School, &d.Zone, &d.Profile, &d.Driver, &d.Name, &d.Serial, &address,
		&d.Enabled, &d.Behind, &created,
	}
	if err := scan(append(dst, more...)...); err != nil {
		return err
	}
	d.Created = store.Moment(created)
	return store.FromJSON(address, &d.Address)
}

func scanDeviceRow(scan func(...any) error) (row DeviceRow, err error) {
	var seen int64
	var reported, desired, causes []byte
	t := &row.Twin
	err = scanDevice(scan, &row.Device, &row.Type, &t.State, &t.Reason, &seen, &t.Seq, &reported,
		&desired, &t.Weak, &causes)
	if err != nil {
		return row, err
	}
	t.Device, t.LastSeen = row.ID, store.Moment(seen)
	return row, errors.Join(
		store.FromJSON(reported, &t.Reported),
		store.FromJSON(desired, &t.Desired),
		store.FromJSON(causes, &t.Causes),
	)
}

// Devices lists devices by id.
func (v View) Devices(ctx context.Context, f DeviceFilter) ([]DeviceRow, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "d.school", f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "d.zone", f.Zone)
	store.Eq(&w, "p.type", f.Type)
	store.Eq(&w, "d.driver", f.Driver)
	store.Eq(&w, deviceState, f.State)
	f.Weak.narrow(&w)
	if err := v.r.deviceWords(ctx, &w, f.Query); err != nil {
		return nil, "", err
	}
	if f.Sort != "" {
		return v.sortedDevices(ctx, w, f)
	}
	at, ok, err := f.After(1)
	if err != nil {
		return nil, "", err
	}
	if ok {
		w.And("d.id > ?", at[0])
	}
	out := []DeviceRow{}
	err = store.Each(ctx, v.s.Reg, deviceRows+w.String()+" ORDER BY d.id LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			row, err := scanDeviceRow(scan)
			out = append(out, row)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list devices: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(d DeviceRow) string {
		return store.Cursor(string(d.ID))
	})
	return out, next, nil
}

// Device returns one device with its twin.
func (v View) Device(ctx context.Context, id g.DeviceID) (DeviceRow, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return DeviceRow{}, err
	}
	row, err := scanDeviceRow(v.s.Reg.Row(ctx, deviceRows+" WHERE d.id = ?", string(id)).Scan)
	if err != nil {
		return DeviceRow{}, store.Missing(err, "device", string(id))
	}
	if err := in.Owns(row.School, "device", string(id)); err != nil {
		return DeviceRow{}, err
	}
	return row, nil
}

// DeviceCounts counts the school's devices (or all in scope if school is empty) by state and by
// type.
func (v View) DeviceCounts(
	ctx context.Context, school g.SchoolID,
) (map[g.DeviceState]int, map[g.DeviceType]int, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, nil, err
	}
	var w store.Where
	if err := in.Within(&w, "d.school", school); err != nil {
		return nil, nil, err
	}
	states, types := map[g.DeviceState]int{}, map[g.DeviceType]int{}
	q := "SELECT " + deviceState +
		" AS s, p.type, COUNT(*) FROM devices d JOIN profiles p ON p.id = d.profile LEFT JOIN " +
		"twins t ON t.device = d.id" +
		w.String() + " GROUP BY s, p.type"
	if v.s.Reg.Postgres {
		q = strings.Replace(q, "GROUP BY s", "GROUP BY 1", 1)
	}
	err = store.Each(ctx, v.s.Reg, q, w.Args, func(scan func(...any) error) error {
		var s g.DeviceState
		var typ g.DeviceType
		n := 0
		if err := scan(&s, &typ, &n); err != nil {
			return err
		}
		states[s] += n
		types[typ] += n
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("count devices: %w", err)
	}
	return states, types, nil
}

// SomeDevices returns ID, school, zone, name and profile of those of the devices that exist.
func SomeDevices(
	ctx context.Context, c store.Conn, ids []g.DeviceID,
) (map[g.DeviceID]g.Device, error) {
	out := map[g.DeviceID]g.Device{}
	for part := range slices.Chunk(ids, store.Chunk) {
		q := "SELECT id, school, zone, name, profile, driver FROM devices WHERE id IN (" +
			store.Marks(len(part)) + ")"
		err := store.Each(ctx, c, q, store.Anys(part), func(scan func(...any) error) error {
			var d g.Device
			err := scan(
				&d.ID,
				&d.School,
				&d.Zone,
				&d.Name,
				&d.Profile,
				&d.Driver,
			)
			out[d.ID] = d
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read devices: %w", err)
		}
	}
	return out, nil
}

// checkDevice validates a device.
func (v View) checkDevice(ctx context.Context, t *store.Tx, d g.Device) error {
	if err := store.Optional("serial", d.Serial, store.MaxSerial); err != nil {
		return err
	}
	if d.Driver == "" {
		return g.FieldErrorf("driver", "name the driver that speaks to the device, or %s",
			g.DriverMQTTFront)
	}
	p, err := profile(ctx, t, d.Profile)
	if g.ErrorCode(err) == g.NotFound {
		return g.FieldErrorf("profile",
			"there is no profile %q: choose one of those listed, or add it", d.Profile)
	}
	if err != nil {
		return err
	}
	if d.Zone != "" {
		z, err := places.ZoneRow(ctx, t, d.Zone)
		if g.ErrorCode(err) == g.NotFound || err == nil && z.School != d.School {
			return g.FieldErrorf("zone", "the school has no zone %q", d.Zone)
		}
		if err != nil {
			return err
		}
		if z.Private && p.Type == g.TypeCamera {
			return g.FieldErrorf("zone", "the zone is private: no camera can be bound to it")
		}
	}
	if err := checkBehind(ctx, t, d); err != nil {
		return err
	}
	if d.Serial != "" {
		n := 0
		if err := t.Row(ctx,
			"SELECT COUNT(*) FROM devices WHERE driver = ? AND serial = ? AND id <> ?",
			string(d.Driver), d.Serial, string(d.ID)).Scan(&n); err != nil {
			return fmt.Errorf("read device: %w", err)
		}
		if n > 0 {
			return g.Errorf(g.Conflict, "the driver %s has a device with the serial %q already",
				d.Driver, d.Serial).At("serial")
		}
	}
	return nil
}

// checkDeviceText is the part of checkDevice that needs no database.
func checkDeviceText(d g.Device) error {
	if err := store.Line("name", d.Name, store.MaxTitle); err != nil {
		return err
	}
	return checkEntries("address", d.Address, store.MaxAddressValue)
}

// checkEntries limits the address and the secret of a device. Secrets may have several lines, as
// PEM keys do.
func checkEntries(field string, entries map[string]string, most int) error {
	if len(entries) > store.MaxAddress {
		return g.FieldErrorf(field, "%d entries; at most %d are kept", len(entries),
			store.MaxAddress)
	}
	for k, val := range entries {
		if err := store.Optional(field, k, store.MaxAddressKey); err != nil {
			return err
		}
		if field == "secret" {
			val = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(val)
		}
		if err := store.Optional(field+"."+k, val, most); err != nil {
			return err
		}
	}
	return nil
}

// sealSecret encrypts a device's secret under the school's key.
func (v View) sealSecret(
	ctx context.Context, t *store.Tx, d g.Device, secret map[string]string,
) ([]byte, error) {
	if len(secret) == 0 {
		return nil, nil
	}
	if err := checkEntries("secret", secret, store.MaxSecretValue); err != nil {
		return nil, err
	}
	keys, err := v.s.Vault.School(ctx, t, d.School)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(secret)
	if err != nil {
		return nil, err
	}
	if len(b) > 16<<10 {
		return nil, g.Errorf(g.TooLarge, "the secret has %d bytes; at most %d are kept", len(b),
			16<<10)
	}
	return store.Seal(keys.Secret, b, "device "+string(d.ID)), nil
}

// CreateDevice adds a device; an empty ID is generated. For a device of the MQTT front it returns a
// generated password, which is shown only now and stored as a hash, unless the secret has a
// password.
func (v View) CreateDevice(
	ctx context.Context, d g.Device, secret map[string]string,
) (g.Device, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return g.Device{}, "", err
	}
	if err := v.s.InSchool(ctx, in, d.School); err != nil {
		return g.Device{}, "", err
	}
	if d.ID == "" {
		d.ID = g.DeviceID(g.NewID("dev"))
	}
	if !g.ValidID(string(d.ID)) {
		return g.Device{}, "", store.BadID()
	}
	if err := checkDeviceText(d); err != nil {
		return g.Device{}, "", err
	}
	password, hash := "", ""
	if d.Driver == g.DriverMQTTFront {
		if hash, err = v.r.ownPassword(d, secret); err != nil {
			return g.Device{}, "", err
		}
		if secret = nil; hash == "" {
			password, hash = newDevicePassword(d.ID)
		}
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		d.Created = store.Moment(store.Micros(t.Now))
		if err := store.Free(
			ctx,
			t,
			"devices",
			"device",
			string(d.ID),
		); err != nil {
			return err
		}
		if err := v.checkIdentity(ctx, t, in, d); err != nil {
			return err
		}
		if err := v.checkDevice(ctx, t, d); err != nil {
			return err
		}
		sealed, err := v.sealSecret(ctx, t, d, secret)
		if err != nil {
			return err
		}
		address, err := json.Marshal(d.Address)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx,
			"INSERT INTO devices (id, school, zone, profile, driver, name, serial, address, "+
				"enabled, behind, created, secret_sealed, password) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "+
				"?, ?, ?, ?, ?)",
			string(d.ID), string(d.School), string(d.Zone), string(d.Profile), string(d.Driver),
			d.Name, d.Serial, string(address), store.Flag(d.Enabled), string(d.Behind),
			store.Micros(d.Created), sealed, hash)
		if err != nil {
			return fmt.Errorf("create device: %w", err)
		}
		t.Change(change.Device, d.School, string(d.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			d.School,
			"device.create",
			string(d.ID),
			nil,
			d,
		)
	})
	if err != nil {
		return g.Device{}, "", err
	}
	return d, password, nil
}

// deviceForWrite reads a device within reach, in a write transaction.
func deviceForWrite(
	ctx context.Context, t *store.Tx, in store.Reach, id g.DeviceID,
) (d g.Device, err error) {
	if err := scanDevice(t.Row(ctx, "SELECT "+deviceColumns+" FROM devices d WHERE d.id = ?",
		string(id)).Scan,
		&d); err != nil {
		return d, store.Missing(err, "device", string(id))
	}
	return d, in.Owns(d.School, "device", string(id))
}

// UpdateDevice changes everything but the device's ID, school and time of creation. A nil secret
// keeps the old one, which is refused if the device's address now leads elsewhere; an empty one
// deletes it. Changing the driver away from the MQTT front deletes its password.
func (v View) UpdateDevice(ctx context.Context, d g.Device, secret map[string]string) error {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	if err := checkDeviceText(d); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := deviceForWrite(ctx, t, in, d.ID)
		if err != nil {
			return err
		}
		if d.School != "" && d.School != old.School {
			return g.FieldErrorf("school",
				"a device does not change its school: delete it and add it there")
		}
		d.School, d.Created = old.School, old.Created
		// an unchanged identity may stay
		if old.Driver != d.Driver || !maps.Equal(old.Address, d.Address) {
			if err := v.checkIdentity(ctx, t, in, d); err != nil {
				return err
			}
		}
		if err := v.checkDevice(ctx, t, d); err != nil {
			return err
		}
		if err := keepsSecret(
			ctx,
			t,
			old,
			d,
			secret,
		); err != nil {
			return err
		}
		address, err := json.Marshal(d.Address)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx,
			"UPDATE devices SET zone = ?, profile = ?, driver = ?, name = ?, serial = ?, address "+
				"= ?, enabled = ?, behind = ? WHERE id = ?",
			string(d.Zone), string(d.Profile), string(d.Driver), d.Name, d.Serial, string(address),
			store.Flag(d.Enabled), string(d.Behind), string(d.ID))
		if err != nil {
			return fmt.Errorf("update device: %w", err)
		}
		if d.Driver != g.DriverMQTTFront && old.Driver == g.DriverMQTTFront {
			if _, err := t.Exec(ctx, "UPDATE devices SET password = '' WHERE id = ?", string(d.ID)); err != nil {
				return fmt.Errorf("update device: %w", err)
			}
		}
		newPassword := false
		if secret != nil && d.Driver == g.DriverMQTTFront {
			hash, err := v.r.ownPassword(d, secret)
			if err != nil {
				return err
			}
			if newPassword = hash != ""; newPassword {
				if _, err := t.Exec(ctx, "UPDATE devices SET password = ? WHERE id = ?", hash,
					string(d.ID)); err != nil {
					return fmt.Errorf("update device: %w", err)
				}
			}
			secret = nil
		}
		if secret != nil {
			sealed, err := v.sealSecret(ctx, t, d, secret)
			if err != nil {
				return err
			}
			if _, err := t.Exec(ctx, "UPDATE devices SET secret_sealed = ? WHERE id = ?", sealed,
				string(d.ID)); err != nil {
				return fmt.Errorf("update device: %w", err)
			}
		}
		var unseen []string
		if secret != nil {
			unseen = append(unseen, "secret")
		}
		if err := forgetWeakness(
			ctx,
			t,
			old,
			d,
			secret != nil,
		); err != nil {
			return err
		}
		if newPassword {
			unseen = append(unseen, "password")
		}
		if err := t.Changed(change.Device, d.School, string(d.ID), old, d, unseen...); err != nil {
			return err
		}
		return v.s.AuditChanges(
			ctx,
			t,
			d.School,
			"device.update",
			string(d.ID),
			old,
			d,
		)
	})
}

// DeleteDevice deletes a device that no threat level names, its twin and its secret. Its history is
// kept. What hung on it hangs on nothing.
func (v View) DeleteDevice(ctx context.Context, id g.DeviceID) error {
	return v.s.Remove(ctx, g.DevicesWrite, "devices", "device", string(id), change.Device,
		deviceBefore(id), func(t *store.Tx) error {
			if err := leaveBehind(ctx, t, id); err != nil {
				return err
			}
			return endCertificates(ctx, t, id)
		})
}

func deviceBefore(id g.DeviceID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var d g.Device
		err := scanDevice(t.Row(ctx, "SELECT "+deviceColumns+" FROM devices d WHERE d.id = ?",
			string(id)).Scan,
			&d)
		return d, err
	}
}
