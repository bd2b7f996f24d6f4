// Package feishu sends letters to a group of Feishu by its custom bot, signed by the bot's secret.
//
// It refuses to try twice, and to know who is in the group.
package feishu

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

const standard = "https://open.feishu.cn/open-apis/bot/v2/hook"

// most is how many bytes of a text the bot takes.
const most = 20_000

// Kind is this kind of channel. A bot takes 100 messages a minute.
func Kind() post.Kind {
	return post.Kind{
		Name:      "feishu",
		PerMinute: 100,
		Fields: []post.Field{
			{Name: "url"},
			{Name: "token", Secret: true, Needed: true},
			{Name: "secret", Secret: true},
		},
		Open: func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// Channel is one bot. It is safe for several goroutines.
type Channel struct {
	url, secret string
	client      *http.Client
}

// Open makes a channel of settings.
func Open(s post.Settings) (*Channel, error) {
	at, err := outward.Base(s.Values["url"], standard, s.Private)
	if err != nil {
		return nil, err
	}
	if s.Secrets["token"] == "" {
		return nil, g.FieldErrorf("secrets.token", "give the last part of the bot's address")
	}
	return &Channel{
		url:    at + "/" + url.PathEscape(s.Secrets["token"]),
		secret: s.Secrets["secret"],
		client: outward.Client(s.Private),
	}, nil
}

// sign is the bot's signature of a time in seconds: the base64 of HMAC-SHA256 over nothing, with the
// time, a line break and the secret as key (Feishu, custom bot, security settings).
func sign(seconds int64, secret string) string {
	m := hmac.New(sha256.New, fmt.Appendf(nil, "%d\n%s", seconds, secret))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Send posts one letter.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	said := map[string]any{
		"msg_type": "text",
		"content":  map[string]string{"text": l.Whole(most)},
	}
	if c.secret != "" {
		said["timestamp"] = strconv.FormatInt(l.Now.Unix(), 10)
		said["sign"] = sign(l.Now.Unix(), c.secret)
	}
	body, err := json.Marshal(said)
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     err,
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     fmt.Errorf("the address cannot be used"),
		}
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := outward.Do(c.client, r, l.Now)
	if err != nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "feishu unreachable",
			Err:     err,
		}
	}
	return outcome(a)
}

// outcome reads a bot's answer: a code in the body, which is 0 where it was taken.
func outcome(a outward.Answer) post.Outcome {
	var said struct {
		Code *int   `json:"code"`
		Text string `json:"msg"`
	}
	if err := json.Unmarshal(a.Body, &said); err != nil || said.Code == nil {
		if a.Status != http.StatusOK {
			return post.ByStatus("feishu", a.Status, a.Pause)
		}
		return post.Outcome{
			Verdict: post.Later,
			Code:    "feishu garbled",
			Err:     fmt.Errorf("the answer is not that of a bot"),
		}
	}
	out := post.Outcome{Code: fmt.Sprintf("feishu %d", *said.Code)}
	if *said.Code == 0 {
		return out
	}
	out.Err = fmt.Errorf("the bot answered %d: %s", *said.Code, said.Text)
	switch *said.Code {
	case 9499, 11232: // too many
		out.Verdict, out.Pause = post.Away, time.Minute
	case 19001, 19021, 19022, 19024: // no such bot; signature, address or keyword not allowed
		out.Verdict, out.Pause = post.Away, time.Minute
	default:
		out.Verdict = post.Refused
	}
	return out
}
