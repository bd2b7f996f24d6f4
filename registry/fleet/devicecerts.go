package fleet

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// DeviceCertificate is a certificate that a device has presented. The listener has verified its
// issuer; here it is bound to the device, and can be revoked.
type DeviceCertificate struct {
	Fingerprint string    `json:"fingerprint"` // SHA-256 of the certificate, in hexadecimal
	Serial      string    `json:"serial"`      // number, in hexadecimal
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	First       time.Time `json:"first"` // first use by the device
	Last        time.Time `json:"last"`  // last use, to a day
	Revoked     bool      `json:"revoked"`
}

// certUse is the precision of a certificate's last use, to avoid writes.
const certUse = 24 * time.Hour

const certColumns = "fingerprint, serial, issuer, not_before, not_after, first, last, revoked"

func scanCert(scan func(...any) error) (c DeviceCertificate, err error) {
	var before, after, first, last int64
	err = scan(
		&c.Fingerprint,
		&c.Serial,
		&c.Issuer,
		&before,
		&after,
		&first,
		&last,
		&c.Revoked,
	)
	c.NotBefore, c.NotAfter, c.First, c.Last = store.Moment(before), store.Moment(after), store.Moment(
		first), store.Moment(last)
	return c, err
}

// CertifiedDevice returns the device of a certificate that the caller has verified, and records the
// certificate. It returns Unauthenticated for an unknown device, and for a certificate that is
// revoked or older than the device, and Forbidden for a disabled device.
func (r *Book) CertifiedDevice(
	ctx context.Context, id g.DeviceID, c DeviceCertificate,
) (g.Device, error) {
	d, err := r.credentialsOf(ctx, id)
	if err != nil {
		return g.Device{}, err
	}
	if d.device.ID != id || id == "" {
		return g.Device{}, g.Errorf(g.Unauthenticated,
			"the certificate is of %q, and no device has this id", id)
	}
	known, ok := d.certs[c.Fingerprint]
	switch {
	case known.Revoked:
		return g.Device{}, g.Errorf(g.Unauthenticated,
			"the certificate of %q with the number %s is revoked: issue a new one", id, c.Serial)
	case c.NotBefore.Before(d.floor):
		return g.Device{}, g.Errorf(g.Unauthenticated,
			"the certificate of %q with the number %s was issued before %s, when all of this id "+
				"were revoked or a device of this id was deleted: issue a new one",
			id, c.Serial, d.floor.UTC().Format(time.RFC3339))
	}
	entered, err := d.enter(id)
	if err == nil && (!ok || r.s.Now().Sub(known.Last) >= certUse) {
		if err := r.useCertificate(ctx, id, c); err != nil {
			r.s.Log.Warn("which certificate a device came with was not kept", "device", id,
				"error", err)
		}
	}
	return entered, err
}

func (r *Book) useCertificate(ctx context.Context, id g.DeviceID, c DeviceCertificate) error {
	err := r.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx,
			"INSERT INTO device_certificates (device, "+certColumns+
				`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
			ON CONFLICT (device, fingerprint) DO UPDATE SET last = excluded.last`,
			string(id), c.Fingerprint, store.Clean(c.Serial), store.Clean(c.Issuer),
			store.Micros(c.NotBefore), store.Micros(c.NotAfter), store.Micros(t.Now),
			store.Micros(t.Now))
		if err != nil {
			return fmt.Errorf("keep certificate: %w", err)
		}
		// Expired certificates need not be remembered, revoked or not.
		_, err = t.Exec(ctx, "DELETE FROM device_certificates WHERE device = ? AND not_after < ?",
			string(id), store.Micros(t.Now))
		return err
	})
	r.credentials.forget(id, false)
	return err
}

// loadCerts reads the known certificates of a device.
func (r *Book) loadCerts(ctx context.Context, id g.DeviceID, d *credentials) error {
	var floor int64
	if err := r.s.Reg.Row(ctx,
		"SELECT COALESCE(MAX(since), 0) FROM certificate_floors WHERE device = ?",
		string(id)).Scan(&floor); err != nil {
		return fmt.Errorf("verify device: %w", err)
	}
	d.floor = store.Moment(floor)
	d.certs = map[string]DeviceCertificate{}
	return store.Each(ctx, r.s.Reg,
		"SELECT "+certColumns+" FROM device_certificates WHERE device = ?", []any{string(id)},
		func(scan func(...any) error) error {
			c, err := scanCert(scan)
			d.certs[c.Fingerprint] = c
			return err
		})
}

// Certificates lists the certificates that a device has presented, last used first.
func (v View) Certificates(ctx context.Context, id g.DeviceID) ([]DeviceCertificate, error) {
	row, err := v.Device(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []DeviceCertificate{}
	q := "SELECT " + certColumns +
		" FROM device_certificates WHERE device = ? AND (revoked = 0 OR last >= ?) ORDER BY last " +
		"DESC, fingerprint"
	err = store.Each(ctx, v.s.Reg, q, []any{string(id), store.Micros(row.Created)},
		func(scan func(...any) error) error {
			c, err := scanCert(scan)
			out = append(out, c)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	return out, nil
}

// RevokeCertificate revokes one certificate of a device or, with an empty fingerprint, all that
// were issued before now, including unknown ones.
func (v View) RevokeCertificate(ctx context.Context, id g.DeviceID, fingerprint string) error {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		d, err := deviceForWrite(ctx, t, in, id)
		if err != nil {
			return err
		}
		what := "all"
		if fingerprint == "" {
			err = endCertificates(ctx, t, id)
		} else {
			what = fingerprint
			var n int64
			n, err = t.Exec(ctx,
				"UPDATE device_certificates SET revoked = 1 WHERE device = ? AND fingerprint = ?",
				string(id), fingerprint)
			if err == nil && n == 0 {
				return store.NotFound("certificate", fingerprint)
			}
		}
		if err != nil {
			return fmt.Errorf("revoke certificate: %w", err)
		}
		t.Change(change.Device, d.School, string(id), "certificates")
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"device.revoke",
			string(id)+" "+what,
		)
	})
}

// endCertificates revokes all certificates issued for the ID until now.
func endCertificates(ctx context.Context, t *store.Tx, id g.DeviceID) error {
	if _, err := t.Exec(ctx, "UPDATE device_certificates SET revoked = 1 WHERE device = ?",
		string(id)); err != nil {
		return err
	}
	_, err := t.Exec(ctx,
		"INSERT INTO certificate_floors (device, since) VALUES (?, ?) ON CONFLICT (device) DO "+
			"UPDATE SET since = excluded.since",
		string(id), store.Micros(t.Now.Truncate(time.Second)))
	return err
}
