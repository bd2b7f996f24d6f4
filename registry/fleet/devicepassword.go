package fleet

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// What a password that a device brings along must have. It is kept as a hash under a key that
// is not in the database, so that whoever has only that cannot try passwords out.
const (
	leastPassword  = 12
	mostPassword   = 256
	leastDifferent = 6
)

// keyed begins the hash of a password that was given, and not drawn.
const keyed = "hmac1:"

// ownPassword takes the password out of the secret of a device that speaks MQTT to the gateway;
// hash is empty where none is given. All else in such a secret is refused by name: nobody would
// ever use it.
func (r *Book) ownPassword(d g.Device, secret map[string]string) (hash string, err error) {
	for key := range secret {
		if key != "password" {
			return "", g.FieldErrorf("secret."+key,
				"a device that speaks MQTT to the gateway has no secret but its password: leave "+
					"it out")
		}
	}
	p := secret["password"]
	if p == "" {
		return "", nil
	}
	different := map[rune]bool{}
	for _, c := range p {
		different[c] = true
	}
	lower := strings.ToLower(p)
	switch {
	case len(p) < leastPassword, len(different) < leastDifferent:
		return "", g.FieldErrorf("secret.password",
			"is too weak: give at least %d characters, %d of them different, or leave it out and "+
				"a strong one is made",
			leastPassword, leastDifferent)
	case len(p) > mostPassword:
		return "", g.FieldErrorf("secret.password", "has %d bytes; at most %d are taken", len(p),
			mostPassword)
	case len(d.ID) >= 4 && strings.Contains(lower, strings.ToLower(string(d.ID))),
		len(d.Serial) >= 4 && strings.Contains(lower, strings.ToLower(d.Serial)):
		return "", g.FieldErrorf("secret.password",
			"holds the device's id or serial number, which anybody can read: give another, or "+
				"leave it out and a strong one is made")
	}
	return r.keyedPassword(d.ID, []byte(p)), nil
}

func (r *Book) keyedPassword(id g.DeviceID, password []byte) string {
	m := hmac.New(sha256.New, r.s.Vault.Doors)
	m.Write([]byte(id))
	m.Write([]byte{0})
	m.Write(password)
	return keyed + hex.EncodeToString(m.Sum(nil))
}

// passwordHash is the password's in the form of the one that it is compared with.
func (r *Book) passwordHash(id g.DeviceID, password []byte, want string) string {
	if strings.HasPrefix(want, keyed) {
		return r.keyedPassword(id, password)
	}
	return devicePasswordHash(id, password)
}
