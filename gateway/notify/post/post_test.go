package post_test

import (
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

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
