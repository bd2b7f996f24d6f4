package post_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Who asks for a digest gets one letter at their time, with what each message is about and its link; an
// alarm comes at once.
func TestADigestIsOneLetter(t *testing.T) {
	server := &letters{}
	s := newSchool(t)
	s.channel("smtp", serve(t, server), nil)
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	li := s.person("Li")
	if err := s.v.Messages.PutPersonContact(t.Context(), li, messages.Contact{
		Wishes:    messages.Wishes{Digest: s.now().In(zone).Add(2 * time.Hour).Format("15:04")},
		Addresses: []messages.ContactAddress{email("li@school.example")},
	}); err != nil {
		t.Fatal(err)
	}
	var sent []g.MessageID
	for _, subject := range []string{"Closed at noon", "Parents' evening"} {
		sent = append(sent, s.send(messages.Message{
			Lane:   messages.Bulk,
			Kind:   "broadcast",
			Params: map[string]string{"subject": subject, "text": "x"},
			Steps:  []messages.Step{{Ways: []messages.Way{messages.Email}}},
		}, messages.To{Person: li}))
	}
	for _, id := range sent {
		eventually(t, "it waits for the digest", func() bool {
			ways := s.told(id)[0].Ways
			return len(ways) == 1 && ways[0].Digest != ""
		})
	}
	s.becomes(s.send(alarm("Fire"), messages.To{Person: li}), messages.Sent)
	if n := server.count(); n != 1 {
		t.Fatalf("got %d letters, want the alarm alone", n)
	}
	s.ahead.Store(int64(2 * time.Hour))
	s.queue.Wake()
	for _, id := range sent {
		s.becomes(id, messages.Sent)
	}
	if n := server.count(); n != 2 {
		t.Fatalf("got %d letters, want the alarm and one digest", n)
	}
	subject, text := server.got[1].Header.Get("Subject"), server.texts[1]
	if subject != "Riverside: 2 messages" || !strings.Contains(text, "- Closed at noon") ||
		!strings.Contains(text, "- Parents' evening") || strings.Count(text, "https://gate.example/m/") != 2 ||
		strings.Contains(text, "more") {
		t.Errorf("got %q: %q, want both with their links", subject, text)
	}
}
