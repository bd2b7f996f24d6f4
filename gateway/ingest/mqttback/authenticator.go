// Package mqttback connects the MQTT listener with the gateway: it authenticates devices, hands
// publications to the intake, and removes what deleted devices have left. It refuses devices that a
// driver program serves, and to judge what a publication says: the intake does.
package mqttback

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// Authenticator lets a device in by its own password, its user name being its id, or by a
// certificate whose common name is its id.
type Authenticator struct{ Registry *registry.Registry }

// Authenticate returns the device that has signed in.
func (x Authenticator) Authenticate(
	ctx context.Context, _, username string, password []byte, _ string, cert *x509.Certificate,
) (mqttfront.Identity, error) {
	d, err := x.device(ctx, username, password, cert)
	if err != nil {
		return mqttfront.Identity{}, err
	}
	if d.Driver != g.DriverMQTTFront {
		return mqttfront.Identity{}, g.Errorf(g.Forbidden,
			"device %q is served by driver %q, not by the MQTT listener", d.ID, d.Driver)
	}
	return mqttfront.Identity{
		School: d.School,
		Device: d.ID,
	}, nil
}

func (x Authenticator) device(
	ctx context.Context, username string, password []byte, cert *x509.Certificate,
) (g.Device, error) {
	if cert == nil {
		return x.Registry.Fleet.VerifyDevice(ctx, g.DeviceID(username), password)
	}
	if name := cert.Subject.CommonName; username != "" && username != name {
		return g.Device{}, g.Errorf(g.Unauthenticated,
			"the certificate is of %q and the user name is another: leave it empty, or say the same",
			name)
	}
	sum := sha256.Sum256(cert.Raw)
	return x.Registry.Fleet.CertifiedDevice(ctx, g.DeviceID(cert.Subject.CommonName),
		fleet.DeviceCertificate{
			Fingerprint: hex.EncodeToString(sum[:]),
			Serial:      cert.SerialNumber.Text(16),
			Issuer:      cert.Issuer.String(),
			NotBefore:   cert.NotBefore,
			NotAfter:    cert.NotAfter,
		})
}
