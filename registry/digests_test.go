package registry_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Who asks for digests gets what came by mail in one letter at their time; alarms come at once, and
// what was stopped or read meanwhile is not in it.
func TestADigestTellsSeveral(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
		_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: "smtp", Name: "mail"}, nil)
		ok(t, err)
		child := d.child[b].ID
		at := c.now().In(zoneOf(t, d.b)).Add(2 * time.Hour).Truncate(time.Minute)
		ok(t, v.PutPersonContact(ctx, child, messages.Contact{
			Wishes: messages.Wishes{Digest: at.Format("15:04")},
			Addresses: []messages.ContactAddress{
				{Way: messages.Email, Value: "p@home.example"},
			},
		}))
		to := []messages.To{{Person: child}}
		for _, id := range []g.MessageID{"msg_one", "msg_two", "msg_stopped", "msg_read"} {
			m := note(b, id)
			m.Steps = []messages.Step{{Ways: []messages.Way{messages.Email}}}
			_, err := v.Send(ctx, m, to)
			ok(t, err)
		}
		n, err := v.Advance(ctx, messages.Notice, 10)
		ok(t, err)
		due, err := v.Due(ctx, c.now())
		if n != 4 || err != nil || len(due) != 0 {
			t.Fatalf("got %d begun, %v due, %v, want four that wait", n, due, err)
		}
		ok(t, v.Stop(ctx, "msg_stopped", "over"))
		ok(t, v.Read(ctx, "msg_read", to[0]))
		alarm := note(b, "msg_alarm")
		alarm.Lane, alarm.Kind = messages.Alarm, "alert"
		_, err = v.Send(ctx, alarm, to)
		ok(t, err)
		if n, err := v.Advance(ctx, messages.Alarm, 10); n != 1 || err != nil {
			t.Fatalf("got %d, %v, want the alarm begun", n, err)
		}
		if due, err := v.Due(ctx, c.now()); err != nil || len(due) != 1 || due[0].Lane != messages.Alarm {
			t.Fatalf("got %v, %v, want the alarm due at once", due, err)
		}
		c.add(2 * time.Hour)
		n, err = v.Advance(ctx, messages.Notice, 10)
		ok(t, err)
		mail := messages.DueAt{Channel: channelOf(t, d), Lane: messages.Notice}
		letters, err := v.Letters(ctx, mail, c.now(), 10, nil)
		if n != 1 || err != nil || len(letters) != 1 || letters[0].Kind != "digest" {
			t.Fatalf("got %d begun and %+v, %v, want one letter", n, letters, err)
		}
		items, total, err := v.Digest(ctx, letters[0].Message, 1)
		if err != nil || total != 2 || len(items) != 1 || items[0].Message != "msg_one" {
			t.Errorf("got %+v of %d, %v, want the first of two", items, total, err)
		}
		ok(t, v.Settle(ctx, []messages.Outcome{{Letter: letters[0], State: messages.Sent, Code: "smtp 250"}}))
		for id, want := range map[g.MessageID]messages.State{
			"msg_one":     messages.Sent,
			"msg_two":     messages.Sent,
			"msg_stopped": messages.Stopped,
			"msg_read":    messages.Read,
		} {
			x := toldOne(t, d, id)
			if x.State != want || want == messages.Sent && (x.Ways[0].State != want || x.Ways[0].Digest == "") {
				t.Errorf("%s: got %+v, want it %s", id, x, want)
			}
		}
		if all, _, err := v.List(ctx, b, "", registry.Page{}); err != nil || len(all) != 5 {
			t.Errorf("got %d messages, %v, want those of people, not the digest", len(all), err)
		}
	})
}

// What a digest could not bring has failed, and its next step follows.
func TestADigestThatFails(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
		for _, kind := range []string{"smtp", "sms"} {
			_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: kind, Name: kind}, nil)
			ok(t, err)
		}
		at := c.now().In(zoneOf(t, d.b)).Add(time.Hour).Truncate(time.Minute)
		ok(t, v.PutPersonContact(ctx, d.child[b].ID, messages.Contact{
			Wishes: messages.Wishes{Digest: at.Format("15:04")},
			Addresses: []messages.ContactAddress{
				{Way: messages.Email, Value: "p@home.example"},
				{Way: messages.SMS, Value: "13800138000"},
			},
		}))
		m := note(b, "msg_one")
		m.Steps = []messages.Step{{Ways: []messages.Way{messages.Email}}, {Ways: []messages.Way{messages.SMS}}}
		_, err := v.Send(ctx, m, []messages.To{{Person: d.child[b].ID}})
		ok(t, err)
		_, err = v.Advance(ctx, messages.Notice, 10)
		ok(t, err)
		c.add(time.Hour)
		letter := dueLetter(t, d, 1)
		ok(t, v.Settle(ctx, []messages.Outcome{{Letter: letter, State: messages.Failed, Code: "smtp 550"}}))
		for range 2 { // the digest ends, then the step of what it told
			_, err = v.Advance(ctx, messages.Notice, 10)
			ok(t, err)
		}
		x := toldOne(t, d, "msg_one")
		if len(x.Ways) != 2 || x.Ways[0].State != messages.Failed || x.Ways[1].Way != messages.SMS {
			t.Errorf("got %+v, want the mail failed and an SMS queued", x)
		}
	})
}

// A guardian gets messages only after somebody noted that they agreed, and ends them by a link.
func TestAGuardianLeaves(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
		_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: "smtp", Name: "mail"}, nil)
		ok(t, err)
		p, err := d.sys.People.Create(ctx, g.Person{School: b, Kind: g.Guardian, Name: "Li Hua"})
		ok(t, err)
		contact := messages.Contact{Addresses: []messages.ContactAddress{
			{Way: messages.Email, Value: "hua@home.example"},
		}}
		ok(t, v.PutPersonContact(ctx, p.ID, contact))
		to := []messages.To{{Person: p.ID}}
		_, err = v.Send(ctx, note(b, "msg_before"), to)
		ok(t, err)
		_, err = v.Advance(ctx, messages.Notice, 10)
		ok(t, err)
		if x := toldOne(t, d, "msg_before"); x.Code != messages.NotWished {
			t.Errorf("got %+v, want nothing sent before the agreement", x)
		}
		contact.Opted = true
		ok(t, v.PutPersonContact(ctx, p.ID, contact))
		got, err := v.PersonContact(ctx, p.ID)
		if err != nil || got.OptedBy == "" || !got.OptedAt.Equal(c.now()) {
			t.Errorf("got %+v, %v, want who noted the agreement, and when", got.Wishes, err)
		}
		_, err = v.Send(ctx, note(b, "msg_after"), to)
		ok(t, err)
		letter := dueLetter(t, d, 1)
		if letter.Stop == "" || letter.Gone != "" {
			t.Fatalf("got %+v, want a letter with the link", letter)
		}
		if x, err := v.Leaving(ctx, letter.Stop); err != nil || !x.Opted {
			t.Errorf("got %+v, %v, want nothing ended by looking", x, err)
		}
		for range 2 {
			ok(t, v.Leave(ctx, letter.Stop))
		}
		got, err = v.PersonContact(ctx, p.ID)
		if err != nil || got.Opted || got.OptedBy != "link" {
			t.Errorf("got %+v, %v, want the agreement ended by the link", got.Wishes, err)
		}
		due := messages.DueAt{Channel: letter.Channel, Lane: messages.Notice}
		all, err := v.Letters(ctx, due, c.now(), 10, nil)
		if err != nil || len(all) != 1 || all[0].Gone != messages.NotWished {
			t.Errorf("got %+v, %v, want what waited not sent", all, err)
		}
		for _, forged := range []string{"", "x", letter.Read, letter.Stop[:12] + "AAAA" + letter.Stop[16:]} {
			if err := v.Leave(ctx, forged); g.ErrorCode(err) != g.NotFound {
				t.Errorf("%q: got %v, want not found", forged, err)
			}
		}
	})
}

func zoneOf(t *testing.T, s g.School) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(s.Timezone)
	ok(t, err)
	return zone
}

func channelOf(t *testing.T, d *district) g.ChannelID {
	t.Helper()
	all, err := d.sys.Messages.Channels(t.Context(), d.b.ID)
	ok(t, err)
	if len(all) == 0 {
		t.Fatal("got no channel, want one")
	}
	return all[0].ID
}
