// Package webpush sends letters to browsers that subscribed (RFC 8030, RFC 8291), signed by the
// school's VAPID key (RFC 8292).
//
// It refuses to try twice, and to know whose browser it is.
package webpush

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// most is how many bytes of a text are sent: a push service takes 4,096 in all.
const most = 2500

// lasts is how long a push service keeps a letter for a browser that is not there.
const lasts = 24 * time.Hour

// Kind is this kind of channel. Its keys are made with it.
func Kind() post.Kind {
	return post.Kind{
		Name: "webpush",
		Fields: []post.Field{
			{Name: "contact", Needed: true},
			{Name: "public_key"},
			{Name: "private_key", Secret: true},
		},
		Make: makeKeys,
		Open: func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// makeKeys gives a new channel its VAPID key.
func makeKeys(s post.Settings) error {
	if s.Values["public_key"] != "" && s.Secrets["private_key"] != "" {
		return nil
	}
	private, public, err := push.GenerateVAPIDKeys()
	if err != nil {
		return fmt.Errorf("make a VAPID key: %w", err)
	}
	s.Values["public_key"], s.Secrets["private_key"] = public, private
	return nil
}

// Channel sends for one key. It is safe for several goroutines.
type Channel struct {
	contact, public, private string
	client                   *http.Client
}

// Open makes a channel of settings.
func Open(s post.Settings) (*Channel, error) {
	contact := s.Values["contact"]
	if !strings.Contains(contact, "@") && !strings.HasPrefix(contact, "https://") {
		return nil, g.FieldErrorf("settings.contact",
			"give an e-mail address or a page where push services reach you")
	}
	return &Channel{
		contact: strings.TrimPrefix(contact, "mailto:"),
		public:  s.Values["public_key"],
		private: s.Secrets["private_key"],
		client:  outward.Client(s.Private),
	}, nil
}

// Send sends one letter. A push service that says that a subscription ended has the address forgotten.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	var to push.Subscription
	if err := json.Unmarshal([]byte(l.To), &to); err != nil || to.Endpoint == "" {
		return post.Outcome{
			Verdict: post.Lost,
			Code:    "push garbled",
			Err:     fmt.Errorf("this is no subscription"),
		}
	}
	body, err := json.Marshal(map[string]any{
		"id":     l.ID,
		"title":  l.Subject,
		"body":   l.Cut(most),
		"link":   l.Link,
		"urgent": l.Urgent,
	})
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     err,
		}
	}
	urgency := push.UrgencyNormal
	if l.Urgent {
		urgency = push.UrgencyHigh
	}
	resp, err := push.SendNotificationWithContext(ctx, body, &to, &push.Options{
		HTTPClient:      c.client,
		Subscriber:      c.contact,
		TTL:             int(lasts / time.Second),
		Urgency:         urgency,
		VAPIDPublicKey:  c.public,
		VAPIDPrivateKey: c.private,
		VapidExpiration: l.Now.Add(12 * time.Hour),
	})
	if err != nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "push unreachable",
			Err:     outward.Bare(err),
		}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // read so that the connection is used again
	out := post.ByStatus("push", resp.StatusCode, outward.RetryAfter(resp.Header.Get("Retry-After"), l.Now))
	if resp.StatusCode == http.StatusNotFound {
		out.Verdict = post.Lost
	}
	return out
}
