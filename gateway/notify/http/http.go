// Package http sends letters to a topic of an ntfy server or a room of a Matrix server: what takes a
// text by one HTTP request.
//
// It refuses to try twice. A Matrix server tells a letter that comes twice by its transaction ID.
package http

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// most is how many bytes of a text are sent: ntfy takes 4,096.
const most = 4000

// Kind is this kind of channel.
func Kind() post.Kind {
	return post.Kind{
		Name: "http",
		Fields: []post.Field{
			{Name: "style", Needed: true, Options: []string{"ntfy", "matrix"}},
			{Name: "url", Needed: true},
			{Name: "room", Needed: true},
			{Name: "token", Secret: true},
		},
		Open: func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// Channel is one topic or room. It is safe for several goroutines.
type Channel struct {
	matrix           bool
	url, room, token string
	client           *http.Client
	reader           *follower // nil: nobody takes reports, or it is no room
}

// Open makes a channel of settings. A Matrix room with a token is followed from now on, where somebody
// takes reports, until Close.
func Open(s post.Settings) (*Channel, error) {
	at, err := outward.Base(s.Values["url"], "", s.Private)
	if err != nil {
		return nil, err
	}
	if s.Values["room"] == "" {
		return nil, g.FieldErrorf("settings.room", "give the topic, or the room's ID like !abc:school.example")
	}
	c := &Channel{
		matrix: s.Values["style"] == "matrix",
		url:    at,
		room:   s.Values["room"],
		token:  s.Secrets["token"],
		client: outward.Client(s.Private),
	}
	if c.matrix && c.token != "" && s.Report != nil {
		c.reader = follow(c, s.Report)
	}
	return c, nil
}

// Close ends the reading of who has read what. What is being sent goes on.
func (c *Channel) Close() error {
	if c.reader != nil {
		c.reader.close()
	}
	return nil
}

// Send sends one letter.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	r, err := c.request(ctx, l)
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     fmt.Errorf("the address cannot be used"),
		}
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := outward.Do(c.client, r, l.Now)
	if err != nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "http unreachable",
			Err:     err,
		}
	}
	out := post.ByAnswer("http", a)
	if a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden {
		out.Verdict = post.Away // the token is wrong for all letters
	}
	if out.Err != nil {
		return out
	}
	name := c.named(a.Body)
	switch {
	case name == "":
		return post.Garbled("http") // whoever takes a letter gives it a name
	case !c.matrix:
		return out
	}
	if c.reader != nil {
		c.reader.add(name)
	}
	out.Peer = name
	return out
}

// named is what the room or the topic calls a letter that it took.
func (c *Channel) named(body []byte) string {
	var said struct {
		Topic string `json:"id"`
		Room  string `json:"event_id"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	name := said.Topic
	if c.matrix {
		name = said.Room
	}
	if len(name) > 255 {
		return ""
	}
	return name
}

func (c *Channel) request(ctx context.Context, l post.Letter) (*http.Request, error) {
	if c.matrix {
		// Matrix client-server API 1.11, section "PUT /rooms/{roomId}/send/{eventType}/{txnId}"
		body, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": l.Whole(most)})
		if err != nil {
			return nil, err
		}
		at := fmt.Sprintf("%s/_matrix/client/v3/rooms/%s/send/m.room.message/%s", c.url,
			url.PathEscape(c.room), url.PathEscape(l.ID))
		return http.NewRequestWithContext(ctx, http.MethodPut, at, bytes.NewReader(body))
	}
	said := map[string]any{
		"topic":   c.room,
		"title":   l.Subject,
		"message": l.Cut(most),
	}
	if l.Urgent {
		said["priority"] = 5
	}
	if strings.HasPrefix(l.Link, "http") {
		said["click"] = l.Link
	}
	body, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	return http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
}
