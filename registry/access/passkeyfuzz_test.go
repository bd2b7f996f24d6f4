package access

import (
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/passkeytest"
)

// FuzzPasskeyAnswer: no response creates or uses a passkey except one to the very challenge, and
// nothing panics.
func FuzzPasskeyAnswer(f *testing.F) {
	const address = "https://gatehouse.school.example"
	key := passkeytest.New(address)
	made, err := key.Make([]byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rp":{"id":"gatehouse.school.example"},"user":{"id":"dXNy"}}`))
	if err != nil {
		f.Fatal(err)
	}
	shown, err := key.Show([]byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rpId":"gatehouse.school.example"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made)
	f.Add(shown)
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2Nm"}}`))
	rp := NewRelyingParty(address)
	owner := passkeyOwner{user: g.User{ID: "usr"}}
	making := challenge{
		Session: webauthn.SessionData{
			Challenge:      "AAAAAAAAAAAAAAAAAAAAAA",
			RelyingPartyID: rp.ID,
			UserID:         []byte("usr"),
			CredParams:     webauthn.CredentialParametersDefault(),
		},
		Issued: time.Now(),
	}
	c, err := rp.create(owner, making, made)
	if err != nil {
		f.Fatal(err)
	}
	owner.keys = []passkey{{credential: c}}
	asked := making
	asked.Session.Challenge = "BBBBBBBBBBBBBBBBBBBBBB" // no seed is a response to it
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := rp.create(owner, asked, b); err == nil {
			t.Errorf("%q made a passkey", b)
		}
		if _, err := rp.validate(owner, asked, b); err == nil {
			t.Errorf("%q showed one", b)
		}
	})
}
