package access

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Why passkeys cannot be created or used at this gateway.
const (
	// the configuration does not have the gateway's public address
	PasskeysNoAddress = "passkeys_no_address"
	PasskeysIPAddress = "passkeys_ip_address" // passkeys need a host name
	PasskeysPlainHTTP = "passkeys_plain_http" // browsers offer them over HTTPS only
	PasskeysBadName   = "passkeys_bad_name"
)

// passkeyFor is the lifetime of a challenge.
const passkeyFor = 5 * time.Minute

// RelyingParty is the gateway as browsers see it when creating or using a passkey (Web
// Authentication Level 3, section 4). Passkeys are bound to its ID: if it changes, existing ones no
// longer work.
type RelyingParty struct {
	ID      string   // host name of the public address
	Origin  string   // public address up to the port
	Trouble *g.Error // why passkeys are not possible; nil if they are

	web *webauthn.WebAuthn
}

// NewRelyingParty makes it from the configured public address of the gateway.
func NewRelyingParty(address string) *RelyingParty {
	trouble := func(reason, format string, args ...any) *RelyingParty {
		mend := g.Word("set http.base_url to an address with a name and HTTPS, " +
			"e.g. https://gatehouse.school.example, and open the console there")
		return &RelyingParty{
			Trouble: g.Errorf(g.Conflict, "%s; %s", g.Textf(format, args...), mend).Because(reason),
		}
	}
	if address == "" {
		return trouble(PasskeysNoAddress, "passkeys need http.base_url, which is not set")
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return trouble(PasskeysBadName, "passkeys cannot work: http.base_url %q is no address",
			address)
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err == nil {
		return trouble(PasskeysIPAddress,
			"passkeys belong to a name, and http.base_url has the IP address %s", host)
	}
	if u.Scheme != "https" && host != "localhost" {
		return trouble(PasskeysPlainHTTP,
			"browsers offer passkeys over HTTPS alone, and http.base_url begins with http://")
	}
	rp := &RelyingParty{
		ID:     host,
		Origin: u.Scheme + "://" + hostPort(u.Scheme, host, u.Port()),
	}
	rp.web, err = webauthn.New(&webauthn.Config{
		RPID:                  rp.ID,
		RPDisplayName:         "Gatehouse",
		RPOrigins:             []string{rp.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged,
			// The password comes first, so a key that only needs a touch is good enough as second
			// factor.
			UserVerification: protocol.VerificationPreferred,
		},
		Timeouts: webauthn.TimeoutsConfig{
			Login: webauthn.TimeoutConfig{
				Timeout:    passkeyFor,
				TimeoutUVD: passkeyFor,
			},
			Registration: webauthn.TimeoutConfig{
				Timeout:    passkeyFor,
				TimeoutUVD: passkeyFor,
			},
		},
		// some browsers send extension outputs that were not requested
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return trouble(PasskeysBadName,
			"passkeys cannot work with the name %q in http.base_url (%v)", host, err)
	}
	return rp
}

// hostPort writes an origin's host as browsers do: without the default port of the scheme.
func hostPort(scheme, host, port string) string {
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// passkeyOwner implements the library's webauthn.User.
type passkeyOwner struct {
	user g.User
	keys []passkey
}

func (o passkeyOwner) WebAuthnID() []byte   { return []byte(o.user.ID) }
func (o passkeyOwner) WebAuthnName() string { return o.user.Name }

func (o passkeyOwner) WebAuthnDisplayName() string {
	if o.user.FullName != "" {
		return o.user.FullName
	}
	return o.user.Name
}

func (o passkeyOwner) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, 0, len(o.keys))
	for _, k := range o.keys {
		out = append(out, k.credential)
	}
	return out
}

// misfit refuses a response to a challenge, with the library's explanation and without the
// response.
func misfit(err error) *g.Error {
	why := "it is none of yours"
	var e *protocol.Error
	if errors.As(err, &e) {
		why = e.Details
	}
	return g.FieldErrorf("credential", "the passkey does not fit: %s", why).Because("passkey_refused")
}
