package post_test

import (
	"fmt"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/sms"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

func alarm(title string) messages.Message {
	return messages.Message{
		Lane:   messages.Alarm,
		Kind:   "alert",
		Params: map[string]string{"title": title, "title_zh": "着火", "severity": "critical"},
		Steps:  []messages.Step{{Ways: []messages.Way{messages.Email}}},
	}
}

// A message reaches a real mail server in the reader's language, once, however often it is asked for.
func TestAMessageIsSentOnce(t *testing.T) {
	server := &letters{}
	s := newSchool(t)
	s.channel("smtp", serve(t, server), nil)
	li := s.person("Li", email("li@school.example"))
	m := alarm("Fire in lab 1")
	m.ID = "msg_fire"
	for range 3 {
		s.send(m, messages.To{Person: li, Params: map[string]string{"take": "https://gate.example/t/1"}})
	}
	got := s.becomes("msg_fire", messages.Sent)
	if len(got.Ways) != 1 || got.Ways[0].Code != "smtp 250" || got.Ways[0].Attempt != 1 {
		t.Errorf("got %+v, want one letter that the server took", got)
	}
	if server.count() != 1 {
		t.Fatalf("got %d letters, want one", server.count())
	}
	h, text := server.got[0].Header, server.texts[0]
	if h.Get("Subject") != "critical: Fire in lab 1" || server.to[0] != "li@school.example" ||
		!strings.HasPrefix(h.Get("Message-Id"), "<msg_fire-") ||
		!strings.HasSuffix(h.Get("Message-Id"), "@school.example>") {
		t.Errorf("got %v to %v, want the alarm for Li with an ID of its own", h, server.to)
	}
	if !strings.Contains(text, "https://gate.example/t/1") || strings.Contains(text, "Where:") {
		t.Errorf("got %q, want the link, and no line without content", text)
	}
}

// What a server refuses for now is tried again; what it refuses for good is not, and fails.
func TestTheServersAnswerDecides(t *testing.T) {
	server := &letters{answer: func(to string, n int) error {
		switch {
		case strings.HasPrefix(to, "grey") && n == 1:
			return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 7, 1}, Message: "later"}
		case strings.HasPrefix(to, "gone"):
			return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "nobody"}
		}
		return nil
	}}
	s := newSchool(t)
	s.channel("smtp", serve(t, server), nil)
	grey := s.send(alarm("A"), messages.To{Person: s.person("A", email("grey@school.example"))})
	gone := s.person("B", email("gone@school.example"))
	lost := s.send(alarm("B"), messages.To{Person: gone})
	if x := s.becomes(grey, messages.Sent); x.Ways[0].Attempt != 2 {
		t.Errorf("got %+v, want it taken at the second attempt", x)
	}
	x := s.becomes(lost, messages.Failed)
	if x.Code != "smtp 550" || x.Ways[0].Attempt != 0 || strings.Contains(x.Ways[0].Error, "gone@") {
		t.Errorf("got %+v, want it failed at once, without the address in the error", x)
	}
	c, err := s.v.Messages.PersonContact(t.Context(), gone)
	if err != nil || c.Addresses[0].Lost == "" {
		t.Errorf("got %+v, %v, want the address marked as gone", c, err)
	}
	again := s.send(alarm("C"), messages.To{Person: gone})
	if x := s.becomes(again, messages.Failed); x.Code != messages.NoAddress {
		t.Errorf("got %+v, want nothing sent to an address that is gone", x)
	}
}

// While a broadcast's letters hang at a slow server, an alarm to the same server passes.
func TestABroadcastDelaysNoAlarm(t *testing.T) {
	release := make(chan struct{})
	server := &letters{}
	s := newSchool(t)
	settings := serve(t, server)
	server.slow = func(to string) {
		if strings.HasPrefix(to, "bulk") {
			<-release
		}
	}
	s.channel("smtp", settings, nil)
	var to []messages.To
	for i := range 40 {
		to = append(to, messages.To{Person: s.person("P", email(fmt.Sprintf("bulk%d@school.example", i)))})
	}
	li := s.person("Li", email("li@school.example"))
	all := s.send(messages.Message{
		Lane:   messages.Bulk,
		Kind:   "broadcast",
		Params: map[string]string{"subject": "Closed", "text": "Closed at noon"},
		Steps:  []messages.Step{{Ways: []messages.Way{messages.Email}}},
	}, to...)
	eventually(t, "letters of the broadcast hang", func() bool { return server.hanging() > 0 })
	s.becomes(s.send(alarm("Fire"), messages.To{Person: li}), messages.Sent)
	if n := server.count(); n != 1 {
		t.Errorf("got %d letters before the broadcast went on, want the alarm alone", n)
	}
	close(release)
	eventually(t, "the broadcast is sent", func() bool {
		m, err := s.v.Messages.Find(t.Context(), all)
		return err == nil && m.Counts[messages.Sent] == len(to)
	})
}

// Who has not read a message in time gets it by the next step's way; who has, does not.
func TestTheNextStepFollowsWhereItWasNotRead(t *testing.T) {
	mails := &letters{}
	s := newSchool(t, sms.Kind())
	s.channel("smtp", serve(t, mails), nil)
	texts := serveSMS(t)
	s.channel("sms", texts.settings, texts.secrets)
	m := alarm("Fire")
	m.Steps = []messages.Step{
		{Ways: []messages.Way{messages.Email}, AfterSeconds: 1},
		{Ways: []messages.Way{messages.SMS}},
	}
	both := func(name, number string) g.PersonID {
		return s.person(name, email(name+"@school.example"), messages.ContactAddress{Way: messages.SMS, Value: number})
	}
	read, unread := messages.To{Person: both("li", "13800000001")}, messages.To{Person: both("wu", "13800000002")}
	id := s.send(m, read, unread)
	eventually(t, "both have mail", func() bool { return mails.count() == 2 })
	if err := s.v.Messages.Read(t.Context(), id, read); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an SMS is sent", func() bool { return len(texts.numbers()) > 0 })
	told := s.told(id)
	if told[0].State != messages.Read || len(told[0].Ways) != 1 {
		t.Errorf("got %+v, want it read, and no SMS", told[0])
	}
	if got := texts.numbers(); len(got) != 1 || got[0] != "13800000002" {
		t.Errorf("got SMS to %v, want one to who has not read it", got)
	}
}

// A channel that cannot be opened, is away or was deleted is no end: the next step follows.
func TestAWayThatFailsIsNoEnd(t *testing.T) {
	s := newSchool(t, sms.Kind())
	ch := s.channel("smtp", map[string]string{
		"host":     "127.0.0.1",
		"port":     "1",
		"security": "none",
		"from":     "gate@school.example",
	}, nil)
	texts := serveSMS(t)
	s.channel("sms", texts.settings, texts.secrets)
	m := alarm("Fire")
	m.Lane = messages.Notice
	m.Steps = []messages.Step{{Ways: []messages.Way{messages.Email}}, {Ways: []messages.Way{messages.SMS}}}
	li := s.person("Li", email("li@school.example"), messages.ContactAddress{Way: messages.SMS, Value: "13800000001"})
	id := s.send(m, messages.To{Person: li})
	eventually(t, "the mail server is away", func() bool { return s.queue.HealthOf(ch).LastError != "" })
	if err := s.v.Messages.DeleteChannel(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	x := s.becomes(id, messages.Sent)
	if len(x.Ways) != 2 || x.Ways[0].State != messages.Failed || x.Ways[1].Way != messages.SMS {
		t.Errorf("got %+v, want the mail failed and an SMS sent", x)
	}
}
