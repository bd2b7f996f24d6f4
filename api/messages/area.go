// Package messages is the API of messages to people: by which channels a school sends, how people and
// users are reached, what messages say, broadcasts, and what came of each.
//
// It sends nothing: that is the queue's, which it is given.
package messages

import (
	"context"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Queue is the queue of messages.
type Queue interface {
	// ChannelKinds lists the kinds of channel.
	ChannelKinds() []messages.ChannelKind

	// Check refuses settings that a channel cannot be opened with, with an error of the field.
	Check(kind string, values, secrets map[string]string) error

	// Make fills in what a new channel's kind makes by itself, such as a key.
	Make(kind string, values, secrets map[string]string) error

	// HealthOf is what is known of a channel since the gateway started.
	HealthOf(id g.ChannelID) messages.ChannelHealth

	// ReportsOf says whether the other side of a kind of channel posts reports.
	ReportsOf(kind string) bool

	// Posted takes a report that was posted under a channel's token, and returns what is answered.
	Posted(ctx context.Context, token string, header http.Header, body []byte) (string, error)
}

// area is what the operations use.
type area struct {
	*gate.Gate
	queue Queue
}

// Register adds the operations.
func Register(r *gate.Gate, q Queue) {
	s := &area{r, q}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.Texts("ChannelInput", "settings", 32, 2000)
		d.Texts("ChannelInput", "secrets", 32, 8000)
		d.Items("AudienceInput", "classes", 40)
		d.Items("AudienceInput", "guardians", 40)
		d.Items("AudienceInput", "people", 64)
	})
	s.registerChannels("Messages")
	s.registerOwn("Messages")
	s.registerTexts("Messages")
	s.registerMessages("Messages")
	s.registerLink()
	s.registerOut()
	s.registerReports()
}

// none wraps the outcome of a deed without an answer.
func none(err error) (*gate.None, error) {
	if err != nil {
		return nil, err
	}
	return &gate.None{}, nil
}
