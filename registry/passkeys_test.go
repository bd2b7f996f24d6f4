package registry_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/passkeytest"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

const gateAddress = "https://gatehouse.school.example"

// keyed is a user with a passkey.
type keyed struct {
	d        *district
	rp       *access.RelyingParty
	user     g.User
	view     *registry.View
	key      *passkeytest.Key
	recovery []string
	browser  string
}

func newKeyed(t *testing.T, o registry.Options, c *clock) *keyed {
	t.Helper()
	k := &keyed{
		d:   newDistrict(t, o, c),
		rp:  access.NewRelyingParty(gateAddress),
		key: passkeytest.New(gateAddress),
	}
	k.user = must[g.User](t)(k.d.sys.Access.CreateUser(t.Context(),
		g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
	k.view, k.browser = signedIn(t, k.d, boss, bossPassword)
	k.recovery = make1(t, k.view, k.user.ID, k.rp, k.key, "Blue key")
	if len(k.recovery) != 10 {
		t.Fatalf("got %d recovery codes, want 10", len(k.recovery))
	}
	c.add(time.Second)
	return k
}

// signedIn is the view of a user without a second factor.
func signedIn(t *testing.T, d *district, name, password string) (*registry.View, string) {
	t.Helper()
	e, err := enter(d, name, password, "10.0.0.1", "")
	ok(t, err)
	_, scope, err := d.r.Access.UserByToken(t.Context(), e.Token)
	ok(t, err)
	return d.r.In(scope), e.Browser
}

// make1 creates and confirms a passkey.
func make1(
	t *testing.T, v *registry.View, id g.UserID, rp *access.RelyingParty, key *passkeytest.Key, name string,
) []string {
	t.Helper()
	making, options, err := v.Access.BeginPasskey(t.Context(), id, rp)
	ok(t, err)
	made, err := key.Make(options)
	ok(t, err)
	recovery, err := v.Access.ConfirmPasskey(t.Context(), id, rp, making, name, made)
	ok(t, err)
	return recovery
}

// ticket is the token of a sign-in that waits for its second factor.
func (k *keyed) ticket(t *testing.T) string {
	t.Helper()
	e, err := enter(k.d, boss, bossPassword, "10.0.0.1", k.browser)
	ok(t, err)
	if e.Step != access.StepFactor {
		t.Fatalf("got step %q, want factor", e.Step)
	}
	return e.Token
}

// asked is a ticket with a challenge.
func (k *keyed) asked(t *testing.T) (ticket string, options []byte) {
	t.Helper()
	ticket = k.ticket(t)
	options, err := k.d.r.Access.AskPasskey(t.Context(), ticket, k.rp)
	ok(t, err)
	return ticket, options
}

func (k *keyed) complete(ticket string, shown []byte) (access.Entry, error) {
	return k.d.r.Access.CompletePasskey(context.Background(), ticket, k.rp, shown,
		access.Attempt{Remote: "10.0.0.1", Browser: k.browser})
}

func show(t *testing.T, key *passkeytest.Key, options []byte) []byte {
	t.Helper()
	shown, err := key.Show(options)
	ok(t, err)
	return shown
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	var e *g.Error
	if !errors.As(err, &e) || e.Reason != reason {
		t.Errorf("got %v, want the reason %s", err, reason)
	}
}

func audited(t *testing.T, d *district, deed string) []g.AuditEntry {
	t.Helper()
	entries, _, err := d.sys.Views.Audit(t.Context(), views.AuditFilter{Deed: deed})
	ok(t, err)
	return entries
}

// TestPasskey: a passkey is created, used and listed with its last use; deleting the last one also
// deletes the recovery codes; all of it is audited.
func TestPasskey(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		k := newKeyed(t, o, c)
		ticket, options := k.asked(t)
		e, err := k.complete(ticket, show(t, k.key, options))
		ok(t, err)
		_, scope, err := k.d.r.Access.UserByToken(ctx, e.Token)
		ok(t, err)
		st, err := k.view.Access.SecondFactor(ctx, k.user.ID)
		ok(t, err)
		if len(st.Factors) != 1 || st.Factors[0].Name != "Blue key" ||
			st.Factors[0].RP != "gatehouse.school.example" || !st.Factors[0].Used.Equal(c.now()) {
			t.Errorf("got %+v", st)
		}
		spare := passkeytest.New(gateAddress)
		if codes := make1(t, k.d.r.In(scope), k.user.ID, k.rp, spare, "Spare"); len(codes) != 0 {
			t.Errorf("the second passkey came with %d new recovery codes", len(codes))
		}
		ticket, options = k.asked(t)
		if n := bytes.Count(options, []byte(`"public-key"`)); n != 2 {
			t.Errorf("got %d passkeys that may be shown, want 2: %s", n, options)
		}
		_, err = k.complete(ticket, show(t, spare, options))
		ok(t, err)
		_, err = k.d.r.Access.Complete(ctx, k.ticket(t), k.recovery[0],
			access.Attempt{Remote: "10.0.0.1", Browser: k.browser})
		ok(t, err)
		st, err = k.view.Access.SecondFactor(ctx, k.user.ID)
		ok(t, err)
		for _, f := range st.Factors {
			ok(t, k.view.Access.RemoveFactor(ctx, k.user.ID, f.ID))
		}
		st, err = k.view.Access.SecondFactor(ctx, k.user.ID)
		ok(t, err)
		if len(st.Factors) != 0 || st.Recovery != 0 {
			t.Errorf("got %+v after removing all", st)
		}
		for deed, want := range map[string]int{
			"factor.add":     2,
			"factor.use":     2,
			"factor.recover": 1,
			"factor.remove":  2,
		} {
			got := audited(t, k.d, deed)
			if len(got) != want || !strings.HasPrefix(got[0].Object, string(k.user.ID)) {
				t.Errorf("%s: got %+v, want %d", deed, got, want)
			}
		}
	})
}

// TestPasskeyRefused: each wrong response is refused, audited, and consumes its challenge.
func TestPasskeyRefused(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		k := newKeyed(t, o, c)
		cases := []struct {
			name, reason string
			shown        func(options []byte) []byte
		}{
			{"another origin", "passkey_refused", func(options []byte) []byte {
				key := k.key.Copy()
				key.Origin = "https://gatehouse.school.example.evil.example"
				return show(t, key, options)
			}},
			{"another port", "passkey_refused", func(options []byte) []byte {
				key := k.key.Copy()
				key.Origin = gateAddress + ":8443"
				return show(t, key, options)
			}},
			{"another relying party", "passkey_refused", func(options []byte) []byte {
				key := k.key.Copy()
				key.RPID = "school.example"
				return show(t, key, options)
			}},
			{"another's key", "passkey_refused", func(options []byte) []byte {
				key, own := passkeytest.New(gateAddress), k.key
				_, made, err := k.view.Access.BeginPasskey(t.Context(), k.user.ID, k.rp)
				ok(t, err)
				_, err = key.Make(made)
				ok(t, err)
				shown := show(t, key, options)
				return bytes.ReplaceAll(shown, []byte(key.ID()), []byte(own.ID()))
			}},
			{"a passkey that is not registered", "passkey_refused", func(options []byte) []byte {
				key := passkeytest.New(gateAddress)
				_, made, err := k.view.Access.BeginPasskey(t.Context(), k.user.ID, k.rp)
				ok(t, err)
				_, err = key.Make(made)
				ok(t, err)
				return show(t, key, options)
			}},
			{"another user's handle", "passkey_refused", func(options []byte) []byte {
				key := k.key.Copy()
				key.User = []byte("usr_other")
				return show(t, key, options)
			}},
			{"an answer to an earlier question", "passkey_refused", func([]byte) []byte {
				_, options := k.asked(t)
				return show(t, k.key.Copy(), options)
			}},
			{"no answer at all", "passkey_refused", func([]byte) []byte {
				return []byte(`{"id":"AA"}`)
			}},
		}
		for _, x := range cases {
			ticket, options := k.asked(t)
			_, err := k.complete(ticket, x.shown(options))
			if wantReason(t, err, x.reason); t.Failed() {
				t.Fatal(x.name)
			}
			c.add(3 * time.Minute) // past the back-off for failed attempts
			_, err = k.complete(ticket, show(t, k.key, options))
			wantReason(t, err, "passkey_over")
			c.add(3 * time.Minute)
		}
		if n := refusals(t, k.d); n != 2*len(cases) {
			t.Errorf("got %d refusals in the audit log, want %d", n, 2*len(cases))
		}
		ticket, options := k.asked(t)
		_, err := k.complete(ticket, show(t, k.key, options))
		ok(t, err)
	})
}

// TestPasskeyCountsOnce: a response is invalid the second time, after five minutes, and after the
// password has changed.
func TestPasskeyCountsOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		k := newKeyed(t, o, c)
		ticket, options := k.asked(t)
		shown := show(t, k.key, options)
		_, err := k.complete(ticket, shown)
		ok(t, err)
		_, err = k.complete(ticket, shown)
		wantReason(t, err, "signin_over")
		_, err = k.complete(k.ticket(t), shown)
		wantReason(t, err, "passkey_over")
		fresh, _ := k.asked(t)
		_, err = k.complete(fresh, shown)
		wantReason(t, err, "passkey_refused")

		late, options := k.asked(t)
		c.add(5 * time.Minute)
		_, err = k.complete(late, show(t, k.key, options))
		wantReason(t, err, "passkey_over")
		options, err = k.d.r.Access.AskPasskey(t.Context(), late, k.rp)
		ok(t, err)
		c.add(5 * time.Minute)
		_, err = k.complete(late, show(t, k.key, options))
		wantReason(t, err, "signin_over")

		open, options := k.asked(t)
		ok(t, k.d.sys.Access.ChangePassword(t.Context(), k.user.ID, "", "another long word"))
		_, err = k.complete(open, show(t, k.key, options))
		wantReason(t, err, "signin_over")
	})
}

// TestCopiedPasskey: a counter that goes back invalidates the passkey, in the audit log and in the
// list; recovery codes remain valid.
func TestCopiedPasskey(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		k := newKeyed(t, o, c)
		copied := k.key.Copy()
		for range 2 {
			ticket, options := k.asked(t)
			_, err := k.complete(ticket, show(t, k.key, options))
			ok(t, err)
			c.add(time.Second)
		}
		ticket, options := k.asked(t)
		_, err := k.complete(ticket, show(t, copied, options))
		wantReason(t, err, "passkey_copied")
		if got := audited(t, k.d, "factor.copied"); len(got) != 1 ||
			!strings.HasPrefix(got[0].Object, string(k.user.ID)+" passkey fac_") {
			t.Errorf("got %+v in the audit log", got)
		}
		ticket = k.ticket(t)
		_, err = k.d.r.Access.AskPasskey(ctx, ticket, k.rp)
		wantReason(t, err, "passkey_copied")
		states, err := k.d.sys.Access.SecondFactors(ctx, "a")
		ok(t, err)
		if len(states) != 1 || len(states[0].Factors) != 1 || !states[0].Factors[0].Copied {
			t.Errorf("got %+v, want a copied passkey", states)
		}
		c.add(10 * time.Minute)
		_, err = k.d.r.Access.Complete(ctx, k.ticket(t), k.recovery[3],
			access.Attempt{Remote: "10.0.0.1", Browser: k.browser})
		ok(t, err)
	})
}

// TestPasskeyInTwoTabs: interleaved responses do not mark a passkey as copied, and one without a
// counter never is.
func TestPasskeyInTwoTabs(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		k := newKeyed(t, o, c)
		first, firstOptions := k.asked(t)
		second, secondOptions := k.asked(t)
		c.add(time.Second)
		early, late := show(t, k.key, firstOptions), show(t, k.key, secondOptions)
		_, err := k.complete(second, late)
		ok(t, err)
		_, err = k.complete(first, early)
		wantReason(t, err, "passkey_overtaken")
		options, err := k.d.r.Access.AskPasskey(t.Context(), first, k.rp)
		ok(t, err)
		_, err = k.complete(first, show(t, k.key, options))
		ok(t, err)
		if got := audited(t, k.d, "factor.copied"); len(got) != 0 {
			t.Errorf("got %+v, want no copy", got)
		}

		still := passkeytest.New(gateAddress)
		still.Still = true
		make1(t, k.view, k.user.ID, k.rp, still, "Synced")
		for range 2 {
			c.add(time.Second)
			ticket, options := k.asked(t)
			_, err = k.complete(ticket, show(t, still, options))
			ok(t, err)
		}
	})
}

// TestMakingAPasskey: a creation can be completed once, by its user, within five minutes, at this
// address; a passkey belongs to one user, and each has at most ten.
func TestMakingAPasskey(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		k := newKeyed(t, o, c)
		id, v := k.user.ID, k.view
		begin := func() (string, []byte) {
			making, options, err := v.Access.BeginPasskey(ctx, id, k.rp)
			ok(t, err)
			return making, options
		}
		made := func(key *passkeytest.Key, options []byte) []byte {
			b, err := key.Make(options)
			ok(t, err)
			return b
		}
		confirm := func(v *registry.View, id g.UserID, making string, b []byte) error {
			c.add(10 * time.Second)
			_, err := v.Access.ConfirmPasskey(ctx, id, k.rp, making, "x", b)
			return err
		}
		making, options := begin()
		if !bytes.Contains(options, []byte(k.key.ID())) ||
			!bytes.Contains(options, []byte(`"userVerification":"preferred"`)) {
			t.Errorf("got %s, want the passkey that is there left out, and verification preferred",
				options)
		}
		for name, key := range map[string]*passkeytest.Key{
			"origin":        passkeytest.New("https://elsewhere.example"),
			"port":          passkeytest.New(gateAddress + ":444"),
			"relying party": {Origin: gateAddress, RPID: "elsewhere.example"},
		} {
			making, options := begin()
			wantReason(t, confirm(v, id, making, made(key, options)), "passkey_refused")
			if wantReason(t, confirm(v, id, making, made(passkeytest.New(gateAddress), options)),
				"passkey_over"); t.Failed() {
				t.Fatal(name)
			}
			c.add(4 * time.Minute)
		}
		c.add(time.Hour)
		wantReason(t, confirm(v, id, making, made(passkeytest.New(gateAddress), options)),
			"passkey_over")
		wantReason(t, confirm(v, id, "ght_none", []byte("{}")), "passkey_over")
		if got := audited(t, k.d, "factor.refused"); len(got) != 3 {
			t.Errorf("got %+v, want 3 refused", got)
		}

		other := must[g.User](t)(k.d.sys.Access.CreateUser(ctx,
			g.User{School: "a", Name: "other", Role: g.RoleAdmin, Language: "en"}, bossPassword))
		theirs, _ := signedIn(t, k.d, "other", bossPassword)
		making, options = begin()
		wantReason(t,
			confirm(theirs, other.ID, making, made(passkeytest.New(gateAddress), options)),
			"passkey_over")
		ok(t, confirm(v, id, making, made(passkeytest.New(gateAddress), options)))

		var oldest string
		for i := range 6 {
			making, _ := begin()
			if c.add(time.Second); i == 0 {
				oldest = making
			}
		}
		wantReason(t, confirm(v, id, oldest, []byte("{}")), "passkey_over")
		for range 8 {
			making, options = begin()
			ok(t, confirm(v, id, making, made(passkeytest.New(gateAddress), options)))
		}
		_, _, err := v.Access.BeginPasskey(ctx, id, k.rp)
		wantReason(t, err, "factor_many")
	})
}

// TestPasskeyIsOneUsers: the same credential cannot be registered twice, by anybody.
func TestPasskeyIsOneUsers(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		k := newKeyed(t, o, c)
		other := must[g.User](t)(k.d.sys.Access.CreateUser(ctx,
			g.User{School: "a", Name: "other", Role: g.RoleAdmin, Language: "en"}, bossPassword))
		theirs, _ := signedIn(t, k.d, "other", bossPassword)
		making, options, err := theirs.Access.BeginPasskey(ctx, other.ID, k.rp)
		ok(t, err)
		made, err := k.key.MakeAgain(options)
		ok(t, err)
		_, err = theirs.Access.ConfirmPasskey(ctx, other.ID, k.rp, making, "stolen", made)
		wantReason(t, err, "passkey_known")
	})
}

// TestPasskeyAskedOfARole: a passkey satisfies a school's requirement, and can be created while
// signing in.
func TestPasskeyAskedOfARole(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d, rp := newDistrict(t, o, c), access.NewRelyingParty(gateAddress)
		u := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
		ok(t, d.sys.Access.PutFactorRoles(ctx, "dist", []g.Role{g.RoleAdmin}))
		e, err := enter(d, boss, bossPassword, "10.0.0.1", "")
		ok(t, err)
		_, scope, _, err := d.r.Access.StepUser(ctx, e.Token, access.StepEnrol)
		ok(t, err)
		if codes := make1(t, d.r.In(scope), u.ID, rp, passkeytest.New(gateAddress), "Key"); len(
			codes) != 10 {
			t.Errorf("got %d recovery codes, want 10", len(codes))
		}
		done, err := d.r.Access.Enrolled(ctx, e.Token, access.Attempt{Remote: "10.0.0.1"})
		ok(t, err)
		_, _, err = d.r.Access.UserByToken(ctx, done.Token)
		ok(t, err)
		again, err := enter(d, boss, bossPassword, "10.0.0.1", "")
		ok(t, err)
		if again.Step != access.StepFactor || len(again.Kinds) != 1 ||
			again.Kinds[0] != access.FactorPasskey {
			t.Errorf("got %+v, want a passkey asked for", again)
		}
		ok(t, d.as(d.a, g.RoleAdmin).Access.ResetSecondFactor(ctx, u.ID))
		_, err = d.r.Access.AskPasskey(ctx, again.Token, rp)
		wantReason(t, err, "signin_over")
	})
}

// TestGuessesAtAPasskey: wrong responses have the same back-off as passwords.
func TestGuessesAtAPasskey(t *testing.T) {
	c := newClock()
	k := newKeyed(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ticket, looked := k.ticket(t), 0
	for range 40 {
		_, err := k.d.r.Access.CompletePasskey(t.Context(), ticket, k.rp, []byte("{}"),
			access.Attempt{Remote: "10.6.6.6"})
		if g.ErrorCode(err) == g.Invalid {
			looked++
		}
	}
	if looked != 5 {
		t.Errorf("%d guesses at once were looked at, want 5", looked)
	}
	mine, options := k.asked(t)
	_, err := k.complete(mine, show(t, k.key, options))
	ok(t, err)
}

// TestRelyingParty: which addresses allow passkeys, and the reasons why others do not.
func TestRelyingParty(t *testing.T) {
	for _, x := range []struct{ address, id, origin, reason string }{
		{
			"https://gatehouse.school.example",
			"gatehouse.school.example",
			"https://gatehouse.school.example",
			"",
		},
		{
			"https://Gatehouse.School.Example:443/",
			"gatehouse.school.example",
			"https://gatehouse.school.example",
			"",
		},
		{
			"https://gatehouse.school.example:8443",
			"gatehouse.school.example",
			"https://gatehouse.school.example:8443",
			"",
		},
		{"http://localhost:8080", "localhost", "http://localhost:8080", ""},
		{"", "", "", access.PasskeysNoAddress},
		{"https://192.0.2.7", "", "", access.PasskeysIPAddress},
		{"https://[2001:db8::7]:8443", "", "", access.PasskeysIPAddress},
		{"http://127.0.0.1:8080", "", "", access.PasskeysIPAddress},
		{"http://gatehouse.school.example", "", "", access.PasskeysPlainHTTP},
		{"https://", "", "", access.PasskeysBadName},
		{"https://gate house", "", "", access.PasskeysBadName},
	} {
		rp := access.NewRelyingParty(x.address)
		if rp.ID != x.id || rp.Origin != x.origin {
			t.Errorf("%s: got %q at %q, want %q at %q", x.address, rp.ID, rp.Origin, x.id, x.origin)
		}
		if x.reason == "" != (rp.Trouble == nil) ||
			rp.Trouble != nil && rp.Trouble.Reason != x.reason {
			t.Errorf("%s: got %v, want %q", x.address, rp.Trouble, x.reason)
		}
	}
}

// TestPasskeysAtAnotherAddress: with a new host name the old passkeys no longer work, with an
// explanation; recovery codes do.
func TestPasskeysAtAnotherAddress(t *testing.T) {
	c := newClock()
	k := newKeyed(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	_, err := k.d.r.Access.AskPasskey(t.Context(), k.ticket(t),
		access.NewRelyingParty("https://new.school.example"))
	wantReason(t, err, "passkey_elsewhere")
	_, err = k.d.r.Access.AskPasskey(t.Context(), k.ticket(t),
		access.NewRelyingParty("https://192.0.2.7"))
	wantReason(t, err, access.PasskeysIPAddress)
	_, err = k.d.r.Access.Complete(t.Context(), k.ticket(t), k.recovery[0],
		access.Attempt{Remote: "10.0.0.1", Browser: k.browser})
	ok(t, err)
}
