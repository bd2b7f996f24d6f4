package registry_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// TestWhoIsDisabledSinceIsNotTold: a letter that waits for its channel goes to nobody whose account
// was disabled meanwhile.
func TestWhoIsDisabledSinceIsNotTold(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := watch(t, o, c)
		notToldSince(t, d, note(d.b.ID, "msg_1"), messages.To{User: "usr_c"}, g.RoleSecurity, true)
	})
}

// TestWhoLosesARoleSinceIsNotTold: nor does what was meant for the guards come to who is a guard no
// more; what was meant for the person does.
func TestWhoLosesARoleSinceIsNotTold(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := watch(t, o, c)
		notToldSince(t, d, note(d.b.ID, "msg_1"), messages.To{User: "usr_c", Role: g.RoleSecurity},
			g.RoleTeacher, false)
	})
}

// TestWhoMaySeeNoAlertsSinceIsNotCalled: who is called by name for an alert, and may not see alerts
// any more, is not told of it.
func TestWhoMaySeeNoAlertsSinceIsNotCalled(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := watch(t, o, c)
		m := note(d.b.ID, "msg_1")
		m.Alert = "alt_1"
		notToldSince(t, d, m, messages.To{User: "usr_c"}, g.RoleTeacher, false)
	})
}

// confirmMail has a guard of school b, "b" or "c", confirm a mail address. Nothing else waits.
func confirmMail(t *testing.T, d *district, guard string) {
	t.Helper()
	ctx := t.Context()
	me := d.r.In(g.Scope{
		School:      d.b.ID,
		Actor:       "usr_" + guard + " guard-" + guard,
		Permissions: g.RoleSecurity.Permissions(),
	}).Messages
	mine := must[messages.Address](t)(me.AddMine(ctx, messages.Email, guard+"@school.example"))
	ok(t, me.AskCode(ctx, mine.ID))
	code := dueLetter(t, d, 0)
	ok(t, me.Confirm(ctx, mine.ID, code.Params["code"]))
	ok(t, d.sys.Messages.Settle(ctx, []messages.Outcome{{Letter: code, State: messages.Sent}}))
}

// notToldSince has a letter wait for the guard usr_c, whose account is then changed.
func notToldSince(
	t *testing.T, d *district, m messages.Message, to messages.To, role g.Role, disabled bool,
) {
	t.Helper()
	ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
	_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: "smtp", Name: "mail"}, nil)
	ok(t, err)
	confirmMail(t, d, "c")
	_, err = v.Send(ctx, m, []messages.To{to})
	ok(t, err)
	before := dueLetter(t, d, 1)
	if before.Gone != "" || before.To != "c@school.example" {
		t.Fatalf("got %+v, want it on its way", before)
	}
	ok(t, d.sys.Access.UpdateUser(ctx, g.User{
		ID:       "usr_c",
		Name:     "guard-c",
		Role:     role,
		Language: "en",
		Disabled: disabled,
	}))
	if after := dueLetter(t, d, 0); after.Gone != messages.NoAddress {
		t.Errorf("got %q, want it given up for want of an address", after.Gone)
	}
}
