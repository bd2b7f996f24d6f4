package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/access"
	"github.com/gatehouse-iot/gatehouse/registry/passkeytest"
)

const gateAddress = "https://gate.school.example"

// named gives the gateway an address with a name, as passkeys need one.
func named(d *api.Deps) { d.Config.BaseURL = gateAddress }

// options are the options in a response, as a browser gets them.
func options(t *testing.T, r reply) []byte {
	t.Helper()
	var out struct {
		Options json.RawMessage `json:"options"`
	}
	r.want(http.StatusOK).into(&out)
	return out.Options
}

// TestPasskeyByAPI: made with one's own password, required at sign-in, removed; the output of
// toJSON is accepted with all its members.
func TestPasskeyByAPI(t *testing.T) {
	w := newWorld(t, named).schools()
	guard, key := w.user(w.a, g.RoleSecurity), passkeytest.New(gateAddress)
	var st access.FactorState
	guard.do("GET", "/v1/me/second-factor", nil).want(http.StatusOK).into(&st)
	if st.Passkeys == nil || !st.Passkeys.Work || st.Passkeys.RPID != "gate.school.example" ||
		st.Passkeys.Origin != gateAddress {
		t.Errorf("got %+v, want passkeys to work", st.Passkeys)
	}
	guard.do("POST", "/v1/me/second-factor/passkey", map[string]string{"password": "not the password"}).
		want(http.StatusUnprocessableEntity).
		wantReason("password_wrong")
	r := guard.do("POST", "/v1/me/second-factor/passkey", map[string]string{"password": password})
	var begun access.MakePasskey
	r.want(http.StatusOK).into(&begun)
	if begun.Options.Selection.UserVerification != "preferred" ||
		begun.Options.Attestation != "none" || len(begun.Options.Parameters) == 0 ||
		begun.Options.Timeout != 300_000 {
		t.Errorf("got %+v", begun.Options)
	}
	made := answerOf(t, key.Make, options(t, r))
	made["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": false}}
	made["response"].(map[string]any)["publicKeyAlgorithm"] = -7
	var codes access.Recovery
	guard.do("POST", "/v1/me/second-factor/passkey/confirm",
		map[string]any{"making": begun.Making, "name": "Blue key", "credential": made}).want(
		http.StatusOK).into(&codes)
	if len(codes.Codes) != 10 {
		t.Errorf("got %d recovery codes, want 10", len(codes.Codes))
	}
	guard.do("POST", "/v1/me/second-factor/passkey/confirm",
		map[string]any{"making": begun.Making, "credential": made}).want(
		http.StatusUnprocessableEntity).wantReason("passkey_over")

	in := w.begin(w.a, g.RoleSecurity)
	if in.Step != "factor" || len(in.Factors) != 1 || in.Factors[0] != "passkey" ||
		in.Passkeys == nil || !in.Passkeys.Work {
		t.Fatalf("got %+v, want a passkey asked for", in)
	}
	asked := options(t,
		w.nobody().do("POST", "/v1/session/passkey", map[string]string{"ticket": in.Ticket}))
	wrong := key.Copy()
	wrong.Origin = "https://gate.school.example.evil.example"
	w.nobody().do("POST", "/v1/session/passkey/confirm",
		map[string]any{"ticket": in.Ticket, "credential": answerOf(t, wrong.Show, asked)}).want(
		http.StatusUnprocessableEntity).wantReason("passkey_refused")
	shown := answerOf(t, key.Show,
		options(t,
			w.nobody().do("POST", "/v1/session/passkey", map[string]string{"ticket": in.Ticket})))
	var done access.SignedIn
	w.nobody().do("POST", "/v1/session/passkey/confirm",
		map[string]any{"ticket": in.Ticket, "credential": shown}).want(http.StatusOK).into(&done)
	if done.Step != "" || done.CSRF == "" {
		t.Errorf("got %+v, want signed in", done)
	}
	w.nobody().do("POST", "/v1/session/passkey/confirm",
		map[string]any{"ticket": in.Ticket, "credential": shown}).
		want(http.StatusUnauthorized).
		wantReason("signin_over")
	guard.do("GET", "/v1/me/second-factor", nil).want(http.StatusOK).into(&st)
	if len(st.Factors) != 1 || st.Factors[0].Kind != "passkey" ||
		st.Factors[0].Name != "Blue key" || st.Factors[0].Used.IsZero() ||
		st.Factors[0].RPID != "gate.school.example" {
		t.Errorf("got %+v", st)
	}
	guard.do("POST", "/v1/me/second-factor/"+st.Factors[0].ID+"/remove",
		map[string]string{"password": password}).want(http.StatusNoContent)
}

// TestPasskeyAskedByTheSchool: made during the sign-in, which it completes, with recovery codes.
func TestPasskeyAskedByTheSchool(t *testing.T) {
	w := newWorld(t, named).schools()
	admin := w.user(w.a, g.RoleAdmin)
	w.user(w.a, g.RoleSecurity)
	admin.do("PUT", "/v1/second-factor-roles", map[string]any{"roles": []string{"security"}}).want(
		http.StatusOK)
	in := w.begin(w.a, g.RoleSecurity)
	if in.Step != "enrol" || in.Passkeys == nil || !in.Passkeys.Work {
		t.Fatalf("got %+v, want a second factor to be made", in)
	}
	r := w.nobody().do("POST", "/v1/session/passkey/make", map[string]string{"ticket": in.Ticket})
	var begun access.MakePasskey
	r.want(http.StatusOK).into(&begun)
	made := answerOf(t, passkeytest.New(gateAddress).Make, options(t, r))
	var done access.SignedIn
	w.nobody().do("POST", "/v1/session/passkey/make/confirm",
		map[string]any{
			"ticket":     in.Ticket,
			"making":     begun.Making,
			"name":       "Key",
			"credential": made,
		}).want(http.StatusOK).into(&done)
	if done.Step != "" || done.CSRF == "" || len(done.Recovery) != 10 {
		t.Errorf("got %+v, want signed in with recovery codes", done)
	}
}

// TestPasskeysNeedAnAddress: where they cannot work the API says why and how to mend it, and takes
// none.
func TestPasskeysNeedAnAddress(t *testing.T) {
	for address, reason := range map[string]string{
		"":                           "passkeys_no_address",
		"https://192.0.2.7":          "passkeys_ip_address",
		"http://gate.school.example": "passkeys_plain_http",
	} {
		w := newWorld(t, func(d *api.Deps) { d.Config.BaseURL = address }).schools()
		guard := w.user(w.a, g.RoleSecurity)
		var st access.FactorState
		guard.do("GET", "/v1/me/second-factor", nil).want(http.StatusOK).into(&st)
		if st.Passkeys == nil || st.Passkeys.Work || st.Passkeys.Reason != reason ||
			!strings.Contains(st.Passkeys.Message,
				"set http.base_url to an address with a name and HTTPS") {
			t.Errorf("%q: got %+v, want %s", address, st.Passkeys, reason)
		}
		guard.do("POST", "/v1/me/second-factor/passkey", map[string]string{"password": password}).want(
			http.StatusConflict).wantReason(reason)
	}
}

// TestPasskeyBodiesAreBounded, before and after sign-in.
func TestPasskeyBodiesAreBounded(t *testing.T) {
	w := newWorld(t, named).schools()
	guard := w.user(w.a, g.RoleSecurity)
	answer := map[string]any{
		"id":    "AAAA",
		"rawId": "AAAA",
		"type":  "public-key",
		"response": map[string]any{
			"clientDataJSON":    "e30",
			"attestationObject": strings.Repeat("A", 8001),
		},
	}
	w.nobody().do("POST", "/v1/session/passkey/confirm",
		map[string]any{"ticket": "x", "credential": answer}).want(http.StatusUnprocessableEntity)
	guard.do("POST", "/v1/me/second-factor/passkey/confirm",
		map[string]any{"making": "x", "credential": answer}).want(http.StatusUnprocessableEntity)
	answer["response"].(map[string]any)["attestationObject"] = strings.Repeat("A", 40<<10)
	w.nobody().do("POST", "/v1/session/passkey/confirm",
		map[string]any{"ticket": "x", "credential": answer}).want(http.StatusRequestEntityTooLarge)
	guard.do("POST", "/v1/me/second-factor/passkey/confirm",
		map[string]any{"making": "x", "credential": answer}).want(http.StatusRequestEntityTooLarge)
}

// TestKeysHaveNoPasskeys: a program's key makes none.
func TestKeysHaveNoPasskeys(t *testing.T) {
	w := newWorld(t, named).schools()
	_, secret, err := w.reg.In(adminScope(w.a)).Access.CreateKey(t.Context(),
		g.APIKey{
			School:      w.a.ID,
			Name:        "a program",
			Purpose:     "a test asks",
			Permissions: []g.Permission{g.UsersAdmin},
			Expires:     soon(),
		})
	mustDo(t, err)
	keyed := w.nobody()
	keyed.key = secret
	keyed.do("POST", "/v1/me/second-factor/passkey", map[string]string{"password": password}).want(
		http.StatusForbidden)
}

// begin is a sign-in with the password alone.
func (w *world) begin(school g.School, role g.Role) access.SignedIn {
	w.t.Helper()
	var in access.SignedIn
	w.nobody().do("POST", "/v1/session",
		map[string]string{"name": string(role) + "-" + string(school.ID), "password": password}).want(
		http.StatusOK).into(&in)
	return in
}

// answerOf is a passkey's answer, as JSON that can be changed.
func answerOf(t *testing.T, do func([]byte) ([]byte, error), options []byte) map[string]any {
	t.Helper()
	b, err := do(options)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (r reply) wantReason(reason string) {
	r.t.Helper()
	if got := r.problem().Reason; got != reason {
		r.t.Errorf("got the reason %q of %s, want %q", got, r.body, reason)
	}
}

// TestEveryReasonHasWords: what the API names as a reason, the console has words for, in both
// languages.
func TestEveryReasonHasWords(t *testing.T) {
	said := map[string]bool{}
	for _, pattern := range []string{"*.go", "*/*.go", "../registry/*.go", "../registry/*/*.go"} {
		files, err := filepath.Glob(pattern)
		mustDo(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			mustDo(t, err)
			for _, m := range regexp.MustCompile(`Because\("(\w+)"\)|= "(passkeys_\w+)"`).FindAllStringSubmatch(
				string(b), -1) {
				said[m[1]+m[2]] = true
			}
		}
	}
	if len(said) < 20 {
		t.Errorf("found %d reasons", len(said))
	}
	for _, language := range []string{"en", "zh"} {
		b, err := os.ReadFile("console/src/i18n/" + language + ".ts")
		mustDo(t, err)
		_, words, ok := strings.Cut(string(b), "\n  reason: {\n")
		words, _, end := strings.Cut(words, "\n  },\n")
		if !ok || !end {
			t.Fatalf("%s has no reasons", language)
		}
		for reason := range said {
			if !regexp.MustCompile(`(?m)^    ` + reason + `:\s+['"]\S`).MatchString(words) {
				t.Errorf("%s has no words for %s", language, reason)
			}
		}
	}
}
