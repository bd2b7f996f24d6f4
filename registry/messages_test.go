package registry_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// A message goes its way through the registry on both engines: step by step, with what came of each.
func TestAMessagesWay(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
		for _, kind := range []string{"smtp", "sms"} {
			_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: kind, Name: kind}, nil)
			ok(t, err)
		}
		child := d.child[b].ID
		ok(t, v.PutPersonContact(ctx, child, messages.Contact{Addresses: []messages.ContactAddress{
			{Way: messages.Email, Value: "p@home.example"},
			{Way: messages.SMS, Value: "13800138000"},
		}}))
		m := note(b, "msg_way")
		m.Steps = []messages.Step{{Ways: []messages.Way{messages.Email}}, {Ways: []messages.Way{messages.SMS}}}
		to := messages.To{Person: child, Params: map[string]string{"take": "x"}}
		for range 2 {
			_, err := v.Send(ctx, m, []messages.To{to})
			ok(t, err)
		}
		mail := dueLetter(t, d, 1)
		if mail.To != "p@home.example" || mail.Params["take"] != "x" || mail.Way != messages.Email {
			t.Errorf("got %+v, want the mail", mail)
		}
		ok(t, v.Settle(ctx, []messages.Outcome{{
			Letter: mail,
			State:  messages.Failed,
			Code:   "smtp 550",
			Error:  "nobody",
			Lost:   true,
		}}))
		text := dueLetter(t, d, 1)
		ok(t, v.Settle(ctx, []messages.Outcome{{Letter: text, State: messages.Sent, Peer: "peer"}}))
		report := []messages.DeliveryReport{{Peer: "peer", State: messages.Delivered}, {Peer: "none"}}
		for range 2 { // the same report again changes nothing
			unknown, err := v.Report(ctx, text.Channel, report)
			if err != nil || len(unknown) != 1 || unknown[0].Peer != "none" {
				t.Errorf("got %+v, %v, want the unknown letter named", unknown, err)
			}
		}
		late := []messages.DeliveryReport{{Peer: "peer", State: messages.Failed, Code: "late"}}
		_, err := v.Report(ctx, text.Channel, late)
		ok(t, err)
		if x := toldOne(t, d, "msg_way"); x.State != messages.Delivered || len(x.Ways) != 2 {
			t.Errorf("got %+v, want it delivered by SMS", x)
		}
		opened, err := v.Open(ctx, text.Read)
		if err != nil || opened.Read {
			t.Errorf("got %+v, %v, want it shown and not yet read", opened, err)
		}
		ok(t, v.ReadBy(ctx, text.Read))
		if x := toldOne(t, d, "msg_way"); x.State != messages.Read || x.Ways[1].State != messages.Read {
			t.Errorf("got %+v, want it read, by SMS", x)
		}
		if err := v.ReadBy(ctx, text.Read[:20]+"AAAA"+text.Read[24:]); g.ErrorCode(err) != g.NotFound {
			t.Errorf("a forged link: got %v, want not found", err)
		}
		list, _, err := v.List(ctx, b, "", registry.Page{Limit: 1})
		if err != nil || len(list) != 1 || list[0].Counts[messages.Read] != 1 {
			t.Errorf("got %+v, %v, want it counted as read", list, err)
		}
		stopped := note(b, "msg_stop")
		_, err = v.Send(ctx, stopped, []messages.To{{Person: child}})
		ok(t, err)
		ok(t, v.Stop(ctx, "msg_stop", "over"))
		if n, err := v.Advance(ctx, messages.Notice, 10); n != 0 || err != nil {
			t.Errorf("got %d, %v, want nothing due of what was stopped", n, err)
		}
		n, err := v.Trim(ctx, c.now().Add(time.Hour), 10)
		if err != nil || n != 2 {
			t.Errorf("got %d, %v, want both removed", n, err)
		}
	})
}

// What a channel's other side reports decides whether the next step follows: of two messages by SMS
// one arrives and the other does not, and only that one goes on by voice. A report may come before the
// queue has written that the letter was sent.
func TestReportsDecideTheNextStep(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, v, b := t.Context(), d.sys.Messages, d.b.ID
		for _, kind := range []string{"sms", "voice"} {
			_, err := v.CreateChannel(ctx, messages.Channel{School: b, Kind: kind, Name: kind}, nil)
			ok(t, err)
		}
		child := d.child[b].ID
		ok(t, v.PutPersonContact(ctx, child, messages.Contact{Addresses: []messages.ContactAddress{
			{Way: messages.SMS, Value: "13800138000"},
			{Way: messages.Voice, Value: "13800138000"},
		}}))
		for _, want := range []messages.State{messages.Delivered, messages.Failed} {
			m := note(b, g.MessageID("msg_"+string(want)))
			m.Steps = []messages.Step{
				{Ways: []messages.Way{messages.SMS}},
				{Ways: []messages.Way{messages.Voice}},
			}
			_, err := v.Send(ctx, m, []messages.To{{Person: child}})
			ok(t, err)
			text := dueLetter(t, d, 1)
			unknown, err := v.Report(ctx, text.Channel, []messages.DeliveryReport{{
				Letter: fmt.Sprintf("%s-%d", m.ID, text.Sending),
				State:  want,
				Code:   "UNDELIV",
			}})
			if err != nil || len(unknown) != 0 {
				t.Fatalf("got %+v, %v, want the letter known by its own ID", unknown, err)
			}
			ok(t, v.Settle(ctx, []messages.Outcome{{Letter: text, State: messages.Sent, Peer: "late"}}))
			n, err := v.Advance(ctx, messages.Notice, 10)
			ok(t, err)
			x := toldOne(t, d, m.ID)
			if x.Ways[0].State != want || (n == 1) != (want == messages.Failed) ||
				(len(x.Ways) == 2) != (want == messages.Failed) {
				t.Errorf("%s: got %d due and %+v, want the next step only where it failed", want, n, x)
			}
		}
	})
}

// Whoever reports has the address of its channel, and of no other.
func TestReportAddresses(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, v := t.Context(), d.sys.Messages
		ch, err := v.CreateChannel(ctx, messages.Channel{School: d.b.ID, Kind: "sms", Name: "x"}, nil)
		ok(t, err)
		token, err := v.ReportToken(ctx, ch.ID)
		ok(t, err)
		if got, err := v.ReportingChannel(ctx, token); err != nil || got.ID != ch.ID {
			t.Errorf("got %+v, %v, want the channel", got, err)
		}
		for _, forged := range []string{"", string(ch.ID), "chn_none" + token, token + "A", token[1:]} {
			if _, err := v.ReportingChannel(ctx, forged); g.ErrorCode(err) != g.NotFound {
				t.Errorf("%q: got %v, want not found", forged, err)
			}
		}
	})
}

// dueLetter begins what is due and returns the only letter of it.
func dueLetter(t *testing.T, d *district, want int) messages.Letter {
	t.Helper()
	v := d.sys.Messages
	n, err := v.Advance(t.Context(), messages.Notice, 10)
	if err != nil || n != want {
		t.Fatalf("got %d steps begun, %v, want %d", n, err, want)
	}
	due, err := v.Due(t.Context(), d.clock.now())
	ok(t, err)
	if len(due) != 1 {
		t.Fatalf("got %v due, want one channel", due)
	}
	all, err := v.Letters(t.Context(), due[0], d.clock.now(), 10, nil)
	ok(t, err)
	if len(all) != 1 {
		t.Fatalf("got %+v, want one letter", all)
	}
	return all[0]
}

func toldOne(t *testing.T, d *district, id g.MessageID) messages.Told {
	t.Helper()
	all, _, err := d.sys.Messages.Told(t.Context(), id, messages.ToldFilter{})
	ok(t, err)
	if len(all) != 1 {
		t.Fatalf("got %+v, want one recipient", all)
	}
	return all[0]
}
