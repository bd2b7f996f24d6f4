// Package voice has letters read out by telephone: it posts number and text to a dialler of the
// school's own or of its provider, signed as Standard Webhooks 1.0 asks.
//
// It refuses to try twice, and to call by itself.
package voice

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// Kind is this kind of channel.
func Kind() post.Kind {
	return post.Kind{
		Name: "voice",
		Fields: []post.Field{
			{Name: "url", Needed: true},
			{Name: "secret", Secret: true, Needed: true},
		},
		Open:    func(s post.Settings) (post.Channel, error) { return Open(s) },
		Reports: post.SignedReports,
	}
}

// Channel is one dialler. It is safe for several goroutines.
type Channel struct {
	url, secret string
	client      *http.Client
}

// Open makes a channel of settings.
func Open(s post.Settings) (*Channel, error) {
	at, err := outward.Base(s.Values["url"], "", s.Private)
	if err != nil {
		return nil, err
	}
	if err := outward.CheckSecret("secrets.secret", s.Secrets["secret"]); err != nil {
		return nil, err
	}
	return &Channel{
		url:    at,
		secret: s.Secrets["secret"],
		client: outward.Client(s.Private),
	}, nil
}

// Send posts one letter. The dialler answers 2xx once it has taken it, and tells one that comes twice
// by the header webhook-id.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	body, err := json.Marshal(map[string]any{
		"id":       l.ID,
		"to":       l.To,
		"text":     l.Subject + "\n" + l.Text,
		"language": l.Language,
		"urgent":   l.Urgent,
	})
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     err,
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err == nil {
		err = outward.SignRequest(
			r,
			c.secret,
			l.ID,
			l.Now,
			body,
		)
	}
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     fmt.Errorf("the address or the secret cannot be used"),
		}
	}
	a, err := outward.Do(c.client, r, l.Now)
	if err != nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "voice unreachable",
			Err:     err,
		}
	}
	return post.ByAnswer("voice", a)
}
