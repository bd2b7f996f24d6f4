package fleet

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// Requirements of a password that a device brings along. It is stored as a hash keyed with a key
// outside of the database, so that the database alone does not allow guessing.
const (
	leastPassword  = 12
	mostPassword   = 256
	leastDifferent = 6
)

// keyed is the prefix of the hash of a password that was given rather than generated.
const keyed = "hmac1:"

// ownPassword returns the hash of the password in the secret of a device of the MQTT front, or ""
// if there is none. Other keys in that secret are refused, since nothing uses them.
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

// passwordHash hashes a password in the format of the hash that it is compared with.
func (r *Book) passwordHash(id g.DeviceID, password []byte, want string) string {
	if strings.HasPrefix(want, keyed) {
		return r.keyedPassword(id, password)
	}
	return devicePasswordHash(id, password)
}
