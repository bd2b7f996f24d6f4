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
		ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
		_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: "smtp", Name: "mail"}, nil)
		ok(t, err)
		me := d.r.In(g.Scope{
			School:      b,
			Actor:       "usr_c guard-c",
			Permissions: g.RoleSecurity.Permissions(),
		}).Messages
		mine := must[messages.Address](t)(me.AddMine(ctx, messages.Email, "c@school.example"))
		ok(t, me.AskCode(ctx, mine.ID))
		code := dueLetter(t, d, 0)
		ok(t, me.Confirm(ctx, mine.ID, code.Params["code"]))
		ok(t, v.Settle(ctx, []messages.Outcome{{Letter: code, State: messages.Sent}}))
		_, err = v.Send(ctx, note(b, "msg_1"), []messages.To{{User: "usr_c"}})
		ok(t, err)
		before := dueLetter(t, d, 1)
		if before.Gone != "" || before.To != "c@school.example" {
			t.Fatalf("got %+v, want it on its way", before)
		}
		ok(t, d.sys.Access.UpdateUser(ctx, g.User{
			ID:       "usr_c",
			Name:     "guard-c",
			Role:     g.RoleSecurity,
			Language: "en",
			Disabled: true,
		}))
		if after := dueLetter(t, d, 0); after.Gone != messages.NoAddress {
			t.Errorf("got %q, want it given up for want of an address", after.Gone)
		}
	})
}
