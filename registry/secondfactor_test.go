package registry_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// secured is a user with a second factor, signed in.
type secured struct {
	d        *district
	user     g.User
	view     *registry.View
	secret   string
	factor   string
	recovery []string
	browser  string
}

func newSecured(t *testing.T, o registry.Options, c *clock) *secured {
	t.Helper()
	d := newDistrict(t, o, c)
	s := &secured{d: d}
	s.user = must[g.User](t)(d.sys.Access.CreateUser(t.Context(),
		g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
	e, err := enter(d, boss, bossPassword, "10.0.0.1", "")
	ok(t, err)
	s.browser = e.Browser
	_, scope, err := d.r.Access.UserByToken(t.Context(), e.Token)
	ok(t, err)
	s.view = d.r.In(scope)
	s.factor, s.secret, _, err = s.view.Access.BeginTOTP(t.Context(), s.user.ID, "Telephone")
	ok(t, err)
	s.recovery, err = s.view.Access.ConfirmTOTP(t.Context(), s.user.ID, s.factor, s.code(t))
	ok(t, err)
	if len(s.recovery) != 10 {
		t.Fatalf("got %d recovery codes, want 10", len(s.recovery))
	}
	c.add(30 * time.Second)
	return s
}

func (s *secured) code(t *testing.T) string {
	t.Helper()
	code, err := totp.GenerateCode(s.secret, s.d.clock.now())
	ok(t, err)
	return code
}

// ticket is the token of a sign-in that waits for its second factor.
func (s *secured) ticket(t *testing.T) string {
	t.Helper()
	e, err := enter(s.d, boss, bossPassword, "10.0.0.1", s.browser)
	ok(t, err)
	if e.Step != access.StepFactor || len(e.Kinds) != 1 || e.Kinds[0] != access.FactorTOTP {
		t.Fatalf("got step %q with %v, want factor with totp", e.Step, e.Kinds)
	}
	if _, _, err := s.d.r.Access.UserByToken(t.Context(), e.Token); g.ErrorCode(err) != g.Unauthenticated {
		t.Fatal("a password alone signs in")
	}
	return e.Token
}

func (s *secured) complete(ticket, code string) (access.Entry, error) {
	return s.d.r.Access.Complete(context.Background(), ticket, code,
		access.Attempt{Remote: "10.0.0.1", Browser: s.browser})
}

// TestSecondFactor: a code is valid once, and not after a later one was used.
func TestSecondFactor(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		s := newSecured(t, o, c)
		before := s.code(t)
		c.add(30 * time.Second)
		code := s.code(t)
		ticket := s.ticket(t)
		e, err := s.complete(ticket, code[:3]+" "+code[3:])
		ok(t, err)
		_, _, err = s.d.r.Access.UserByToken(t.Context(), e.Token)
		ok(t, err)
		_, err = s.complete(ticket, code)
		wantCode(t, err, g.Unauthenticated)
		for _, used := range []string{code, before} {
			_, err = s.complete(s.ticket(t), used)
			wantCode(t, err, g.Invalid)
		}
		_, err = s.complete(s.ticket(t), "not-a-code")
		wantCode(t, err, g.Invalid)
		c.add(30 * time.Second)
		_, err = s.complete(s.ticket(t), s.code(t))
		ok(t, err)
		late := s.ticket(t)
		c.add(11 * time.Minute)
		_, err = s.complete(late, s.code(t))
		wantCode(t, err, g.Unauthenticated)
		if n := refusals(t, s.d); n != 3 {
			t.Errorf("got %d refusals in the audit log, want 3", n)
		}
	})
}

func refusals(t *testing.T, d *district) int {
	t.Helper()
	entries, _, err := d.sys.Views.Audit(t.Context(), views.AuditFilter{Deed: "signin.refused"})
	ok(t, err)
	return len(entries)
}

// TestRecoveryCodes: each works once, however it is typed, and new ones invalidate the old.
func TestRecoveryCodes(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		s := newSecured(t, o, c)
		_, err := s.complete(s.ticket(t),
			strings.ToUpper(strings.ReplaceAll(s.recovery[0], "-", " ")))
		ok(t, err)
		_, err = s.complete(s.ticket(t), s.recovery[0])
		wantCode(t, err, g.Invalid)
		st, err := s.view.Access.SecondFactor(t.Context(), s.user.ID)
		ok(t, err)
		if st.Recovery != 9 || len(st.Factors) != 1 || st.Factors[0].Name != "Telephone" {
			t.Errorf("got %+v", st)
		}
		fresh, err := s.view.Access.NewRecoveryCodes(t.Context(), s.user.ID)
		ok(t, err)
		_, err = s.complete(s.ticket(t), s.recovery[1])
		wantCode(t, err, g.Invalid)
		_, err = s.complete(s.ticket(t), fresh[1])
		ok(t, err)
	})
}

// TestGuessesAtTheSecondFactor: with the right password, too, failed attempts have a back-off,
// which does not affect the user in a known browser.
func TestGuessesAtTheSecondFactor(t *testing.T) {
	c := newClock()
	s := newSecured(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ticket, looked := s.ticket(t), 0
	for range 100 {
		_, err := s.d.r.Access.Complete(t.Context(), ticket, "000000",
			access.Attempt{Remote: "10.6.6.6"})
		if g.ErrorCode(err) == g.Invalid {
			looked++
		}
	}
	if looked != 5 {
		t.Errorf("%d guesses at once were looked at, want 5", looked)
	}
	_, err := s.complete(s.ticket(t), s.code(t))
	ok(t, err)
}

// TestSecondFactorAskedOfARole: users without one must set it up at the next sign-in, in the school
// and below it; the last one cannot be removed.
func TestSecondFactorAskedOfARole(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		u := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
		ok(t, d.sys.Access.PutFactorRoles(ctx, "dist", []g.Role{g.RoleAdmin, g.RoleAdmin}))
		wantCode(t, d.sys.Access.PutFactorRoles(ctx, "dist", []g.Role{"king"}), g.Invalid)
		e, err := enter(d, boss, bossPassword, "10.0.0.1", "")
		ok(t, err)
		if e.Step != access.StepEnrol {
			t.Fatalf("got step %q, want enrol", e.Step)
		}
		_, err = d.r.Access.Enrolled(ctx, e.Token, access.Attempt{})
		wantCode(t, err, g.Conflict)
		_, scope, _, err := d.r.Access.StepUser(ctx, e.Token, access.StepEnrol)
		ok(t, err)
		v := d.r.In(scope)
		if _, err := v.Access.Users(ctx, "a"); g.ErrorCode(err) != g.Forbidden {
			t.Errorf("before the second factor: got %v, want forbidden", err)
		}
		factor, secret, _, err := v.Access.BeginTOTP(ctx, u.ID, "")
		ok(t, err)
		_, err = v.Access.ConfirmTOTP(ctx, u.ID, factor, "123")
		wantCode(t, err, g.Invalid)
		code, err := totp.GenerateCode(secret, c.now())
		ok(t, err)
		_, err = v.Access.ConfirmTOTP(ctx, u.ID, factor, code)
		ok(t, err)
		done, err := d.r.Access.Enrolled(ctx, e.Token, access.Attempt{Remote: "10.0.0.1"})
		ok(t, err)
		_, scope, err = d.r.Access.UserByToken(ctx, done.Token)
		ok(t, err)
		wantCode(t, d.r.In(scope).Access.RemoveFactor(ctx, u.ID, factor), g.Conflict)
		ok(t, d.sys.Access.PutFactorRoles(ctx, "dist", nil))
		ok(t, d.r.In(scope).Access.RemoveFactor(ctx, u.ID, factor))
		if _, err := d.r.In(scope).Access.SecondFactor(ctx, "usr_other"); g.ErrorCode(err) != g.Forbidden {
			t.Errorf("another's second factor: got %v, want forbidden", err)
		}
	})
}

// TestSecondFactorIsReset: by an administrator or from the command line; both are audited.
func TestSecondFactorIsReset(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		s := newSecured(t, o, c)
		states, err := s.d.sys.Access.SecondFactors(ctx, "a")
		ok(t, err)
		if len(states) != 1 || len(states[0].Factors) != 1 {
			t.Errorf("got %+v", states)
		}
		wantCode(t, s.d.as(s.d.b, g.RoleAdmin).Access.ResetSecondFactor(ctx, s.user.ID), g.NotFound)
		ok(t, s.d.as(s.d.a, g.RoleAdmin).Access.ResetSecondFactor(ctx, s.user.ID))
		e, err := enter(s.d, boss, bossPassword, "10.0.0.1", s.browser)
		ok(t, err)
		if e.Step != access.StepNone {
			t.Errorf("got step %q after the reset", e.Step)
		}
		ok(t, s.d.r.Access.ResetSecondFactor(ctx, "BOSS"))
		_, _, err = s.d.r.Access.UserByToken(ctx, e.Token)
		wantCode(t, err, g.Unauthenticated)
		entries, _, err := s.d.sys.Views.Audit(ctx, views.AuditFilter{Deed: "factor.reset"})
		ok(t, err)
		if len(entries) != 2 {
			t.Errorf("got %d resets in the audit log, want 2", len(entries))
		}
	})
}
