// Package dingtalk sends letters to a group of DingTalk by its custom robot, signed by the robot's
// secret.
//
// It refuses to try twice, and to know who is in the group.
package dingtalk

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
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

const standard = "https://oapi.dingtalk.com/robot/send"

// most is how many bytes of a text the robot takes.
const most = 20_000

// Kind is this kind of channel.
func Kind() post.Kind {
	return post.Kind{
		Name:      "dingtalk",
		PerMinute: 20,
		Fields: []post.Field{
			{Name: "url"},
			{Name: "token", Secret: true, Needed: true},
			{Name: "secret", Secret: true},
		},
		Open: func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// Channel is one robot. It is safe for several goroutines.
type Channel struct {
	url, token, secret string
	client             *http.Client
}

// Open makes a channel of settings.
func Open(s post.Settings) (*Channel, error) {
	at, err := outward.Base(s.Values["url"], standard, s.Private)
	if err != nil {
		return nil, err
	}
	if s.Secrets["token"] == "" {
		return nil, g.FieldErrorf("secrets.token", "give the access_token of the robot's address")
	}
	return &Channel{
		url:    at,
		token:  s.Secrets["token"],
		secret: s.Secrets["secret"],
		client: outward.Client(s.Private),
	}, nil
}

// sign is the robot's signature of a time in milliseconds: the base64 of HMAC-SHA256 over the time, a
// line break and the secret, with the secret as key (DingTalk, custom robot, security settings).
func sign(ms int64, secret string) string {
	m := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(m, "%d\n%s", ms, secret)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Send posts one letter.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	q := url.Values{"access_token": {c.token}}
	if c.secret != "" {
		ms := l.Now.UnixMilli()
		q.Set("timestamp", strconv.FormatInt(ms, 10))
		q.Set("sign", sign(ms, c.secret))
	}
	body, err := json.Marshal(map[string]any{
		"msgtype": "text",
		"text":    map[string]string{"content": l.Whole(most)},
	})
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     err,
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"?"+q.Encode(), bytes.NewReader(body))
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
			Code:    "dingtalk unreachable",
			Err:     err,
		}
	}
	return outcome(a)
}

// outcome reads a robot's answer: HTTP 200 with a code in the body, which is 0 where it was taken.
func outcome(a outward.Answer) post.Outcome {
	if a.Status != http.StatusOK {
		return post.ByStatus("dingtalk", a.Status, a.Pause)
	}
	var said struct {
		Code *int   `json:"errcode"`
		Text string `json:"errmsg"`
	}
	if err := json.Unmarshal(a.Body, &said); err != nil || said.Code == nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "dingtalk garbled",
			Err:     fmt.Errorf("the answer is not that of a robot"),
		}
	}
	out := post.Outcome{Code: fmt.Sprintf("dingtalk %d", *said.Code)}
	if *said.Code == 0 {
		return out
	}
	out.Err = fmt.Errorf("the robot answered %d: %s", *said.Code, said.Text)
	if *said.Code == 310000 && strings.Contains(said.Text, "keyword") {
		out.Verdict = post.Refused // the robot's keyword is not in this text; no other code tells it apart
		return out
	}
	switch *said.Code {
	case 130101, 130103, 410100: // too many
		out.Verdict, out.Pause = post.Away, time.Minute
	case 300001, 300005, 310000: // no such robot; token, signature or address not allowed
		out.Verdict, out.Pause = post.Away, time.Minute
	case -1:
		out.Verdict = post.Later
	default:
		out.Verdict = post.Refused
	}
	return out
}
