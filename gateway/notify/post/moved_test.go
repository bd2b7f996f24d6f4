package post_test

import (
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// While a letter is tried again its reader's address is corrected: the next attempt goes to the new one,
// at once, and which it was for is told, most of it hidden.
func TestAContactChangesAmidRetries(t *testing.T) {
	server := &letters{answer: func(to string, _ int) error {
		if strings.HasPrefix(to, "lee") {
			return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 2, 2}, Message: "full"}
		}
		return nil
	}}
	s := newSchool(t)
	s.channel("smtp", serve(t, server), nil)
	li := s.person("Li", email("lee@school.example"), email("kept@school.example"))
	id := s.send(messages.Message{
		Lane:   messages.Bulk,
		Kind:   "broadcast",
		Params: map[string]string{"subject": "Closed at noon", "text": "x"},
		Steps:  []messages.Step{{Ways: []messages.Way{messages.Email}}},
	}, messages.To{Person: li})
	eventually(t, "one address took it and the other did not yet", func() bool {
		ways := s.told(id)[0].Ways
		return len(ways) == 2 && ways[0].State != ways[1].State && ways[0].Attempt+ways[1].Attempt == 2
	})
	if err := s.v.Messages.PutPersonContact(t.Context(), li, messages.Contact{
		Addresses: []messages.ContactAddress{email("kept@school.example"), email("li@school.example")},
	}); err != nil {
		t.Fatal(err)
	}
	s.queue.Wake()
	eventually(t, "the new address took it, though the next attempt was due later", func() bool {
		ways := s.told(id)[0].Ways
		return ways[0].State == messages.Sent && ways[1].State == messages.Sent
	})
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.to) != 2 || server.to[1] != "li@school.example" {
		t.Errorf("got letters to %v, want one to each address", server.to)
	}
	moved := ""
	for _, w := range s.told(id)[0].Ways {
		moved += w.Moved
	}
	if moved != "le…@school.example" {
		t.Errorf("got %q, want the address that it was for, most of it hidden", moved)
	}
}
