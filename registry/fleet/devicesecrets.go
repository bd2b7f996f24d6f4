package fleet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// newDevicePassword generates 160 random bits, which need no slow hash.
func newDevicePassword(id g.DeviceID) (password, hash string) {
	var b [20]byte
	rand.Read(b[:])
	password = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(
		b[:]))
	return password, devicePasswordHash(id, []byte(password))
}

func devicePasswordHash(id g.DeviceID, password []byte) string {
	h := sha256.New()
	h.Write([]byte(id))
	h.Write([]byte{0})
	h.Write(password)
	return hex.EncodeToString(h.Sum(nil))
}

// DeviceSecret is the secret for the device's driver. Only for system scopes.
func (v View) DeviceSecret(ctx context.Context, id g.DeviceID) (map[string]string, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var school g.SchoolID
	var sealed []byte
	if err := v.s.Reg.Row(ctx, "SELECT school, secret_sealed FROM devices WHERE id = ?",
		string(id)).Scan(&school, &sealed); err != nil {
		return nil, store.Missing(err, "device", string(id))
	}
	secret := map[string]string{}
	if len(sealed) == 0 {
		return secret, nil
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	b, err := store.Unseal(keys.Secret, sealed, "device "+string(id))
	if err != nil {
		return nil, err
	}
	return secret, json.Unmarshal(b, &secret)
}

// ResetDevicePassword generates a new password for a device of the MQTT front, which is shown only
// now; the old one becomes invalid.
func (v View) ResetDevicePassword(ctx context.Context, id g.DeviceID) (string, error) {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return "", err
	}
	password, hash := newDevicePassword(id)
	err = v.s.Write(ctx, func(t *store.Tx) error {
		d, err := deviceForWrite(ctx, t, in, id)
		if err != nil {
			return err
		}
		if d.Driver != g.DriverMQTTFront {
			return g.Errorf(g.Invalid,
				"the device is spoken to by the driver %s and has no MQTT password", d.Driver)
		}
		if _, err := t.Exec(ctx, "UPDATE devices SET password = ? WHERE id = ?", hash, string(id)); err != nil {
			return fmt.Errorf("reset device password: %w", err)
		}
		t.Change(change.Device, d.School, string(id), "password")
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"device.password",
			string(id),
		)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// VerifyDevice checks a device's MQTT credentials. For an unknown device it takes as long as for a
// wrong password, and returns Unauthenticated for both; it returns Forbidden for a disabled device.
func (r *Book) VerifyDevice(ctx context.Context, id g.DeviceID, password []byte) (g.Device, error) {
	d, err := r.credentialsOf(ctx, id)
	if err != nil {
		return g.Device{}, err
	}
	want := d.password
	if want == "" {
		want = strings.Repeat("-", 2*sha256.Size) // equal to no hash
	}
	if subtle.ConstantTimeCompare([]byte(r.passwordHash(id, password, want)), []byte(want)) != 1 {
		return g.Device{}, g.Errorf(g.Unauthenticated,
			"the device is unknown or its password is wrong")
	}
	return d.enter(id)
}

// credentialsOf returns the credentials of a device, empty ones if it is unknown.
func (r *Book) credentialsOf(ctx context.Context, id g.DeviceID) (credentials, error) {
	now := r.s.Now()
	d, ok, gen := r.credentials.get(id, now)
	if ok {
		return d, nil
	}
	err := scanDevice(r.s.Reg.Row(ctx,
		"SELECT "+deviceColumns+", d.password FROM devices d WHERE d.id = ?", string(id)).Scan,
		&d.device, &d.password)
	if errors.Is(err, sql.ErrNoRows) {
		return credentials{}, nil
	}
	if err != nil {
		return credentials{}, fmt.Errorf("verify device: %w", err)
	}
	if d.device.Driver == g.DriverMQTTFront {
		if err := r.loadCerts(ctx, id, &d); err != nil {
			return credentials{}, err
		}
	}
	d.until = now.Add(credentialsLast)
	r.credentials.put(id, d, gen)
	return d, nil
}

// enter returns the device, unless it is disabled.
func (d credentials) enter(id g.DeviceID) (g.Device, error) {
	if !d.device.Enabled {
		return g.Device{}, g.Errorf(g.Forbidden, "device %q is disabled", id)
	}
	return d.device, nil
}
