// Package passkeytest is a software security key for tests: it creates passkeys and signs
// challenges according to Web Authentication Level 3, correctly or with chosen faults. It protects
// nothing, and is not part of the gateway.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Key is a security key with one passkey. Empty Origin and RPID mean those that the gateway asks
// for.
type Key struct {
	Origin  string // origin reported by the browser
	RPID    string // relying party ID to sign for, instead of the requested one
	Counter uint32 // signature counter; incremented before each signature
	Still   bool   // the counter stays, as on keys without one
	User    []byte // user handle given at the creation

	id      []byte
	private *ecdsa.PrivateKey
}

// New returns a key in a browser at origin.
func New(origin string) *Key { return &Key{Origin: origin} }

// Copy is a copy of the passkey.
func (k *Key) Copy() *Key {
	c := *k
	return &c
}

type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"` // in a request
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"` // in a creation
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Allow []struct {
		ID string `json:"id"`
	} `json:"allowCredentials"`
}

func read(b []byte) (options, error) {
	var o options
	if err := json.Unmarshal(b, &o); err != nil {
		return o, fmt.Errorf("read options: %w", err)
	}
	if o.Challenge == "" {
		return o, fmt.Errorf("the options have no challenge: %s", b)
	}
	return o, nil
}

// Make responds to the options for a creation: a RegistrationResponse without attestation.
func (k *Key) Make(b []byte) (made []byte, err error) {
	if k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	k.id = make([]byte, 32)
	rand.Read(k.id)
	return k.MakeAgain(b)
}

// MakeAgain responds with the existing passkey, which no honest key does.
func (k *Key) MakeAgain(b []byte) ([]byte, error) {
	o, err := read(b)
	if err != nil {
		return nil, err
	}
	if k.User, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
		return nil, fmt.Errorf("read the user's handle: %w", err)
	}
	cose, err := k.cose()
	if err != nil {
		return nil, err
	}
	data := k.data(o.RP.ID, 0x45) // user present and verified, credential included
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), cose...)
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	object = append(append(object, byte(len(data))), data...)
	return k.answer(map[string]any{
		"clientDataJSON":    encode(k.client("webauthn.create", o.Challenge)),
		"attestationObject": encode(object),
		"transports":        []string{"usb"},
	})
}

// Show responds to the options for a request: an AuthenticationResponse.
func (k *Key) Show(b []byte) ([]byte, error) {
	o, err := read(b)
	if err != nil {
		return nil, err
	}
	data := k.data(o.RPID, 0x05)
	client := k.client("webauthn.get", o.Challenge)
	h := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), h[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, sum[:])
	if err != nil {
		return nil, err
	}
	return k.answer(map[string]any{
		"clientDataJSON":    encode(client),
		"authenticatorData": encode(data),
		"signature":         encode(signature),
		"userHandle":        encode(k.User),
	})
}

// ID is the credential ID.
func (k *Key) ID() string { return encode(k.id) }

func (k *Key) answer(response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id":                      encode(k.id),
		"rawId":                   encode(k.id),
		"type":                    "public-key",
		"authenticatorAttachment": "cross-platform",
		"response":                response,
	})
}

func (k *Key) client(kind, challenge string) []byte {
	b, _ := json.Marshal(map[string]any{
		"type":        kind,
		"challenge":   challenge,
		"origin":      k.Origin,
		"crossOrigin": false,
	})
	return b
}

// data is authenticator data (section 6.1): hash of the relying party ID, flags, counter.
func (k *Key) data(rp string, flags byte) []byte {
	if k.RPID != "" {
		rp = k.RPID
	}
	if !k.Still {
		k.Counter++
	}
	h := sha256.Sum256([]byte(rp))
	return binary.BigEndian.AppendUint32(append(h[:], flags), k.Counter)
}

// cose encodes the public key (RFC 9053): EC2, ES256, P-256, x, y.
func (k *Key) cose() ([]byte, error) {
	point, err := k.private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	out := append([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), point[1:33]...)
	return append(append(out, "\x22\x58\x20"...), point[33:]...), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
