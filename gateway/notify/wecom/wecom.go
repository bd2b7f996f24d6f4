// Package wecom sends letters to a group of WeCom by its robot.
//
// It refuses to try twice, and to know who is in the group.
package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

const standard = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"

// most is how many bytes of a text the robot takes.
const most = 2048

// Kind is this kind of channel. The robot takes 20 messages a minute.
func Kind() post.Kind {
	return post.Kind{
		Name:      "wecom",
		PerMinute: 20,
		Fields:    []post.Field{{Name: "url"}, {Name: "key", Secret: true, Needed: true}},
		Open:      func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// Channel is one robot. It is safe for several goroutines.
type Channel struct {
	url, key string
	client   *http.Client
}

// Open makes a channel of settings.
func Open(s post.Settings) (*Channel, error) {
	at, err := outward.Base(s.Values["url"], standard, s.Private)
	if err != nil {
		return nil, err
	}
	if s.Secrets["key"] == "" {
		return nil, g.FieldErrorf("secrets.key", "give the key of the robot's address")
	}
	return &Channel{
		url:    at,
		key:    s.Secrets["key"],
		client: outward.Client(s.Private),
	}, nil
}

// Send posts one letter.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
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
	r, err := http.NewRequestWithContext(ctx, http.MethodPost,
		c.url+"?"+url.Values{"key": {c.key}}.Encode(), bytes.NewReader(body))
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
			Code:    "wecom unreachable",
			Err:     err,
		}
	}
	return outcome(a)
}

// outcome reads a robot's answer: HTTP 200 with a code in the body, which is 0 where it was taken.
func outcome(a outward.Answer) post.Outcome {
	if a.Status != http.StatusOK {
		return post.ByStatus("wecom", a.Status, a.Pause)
	}
	var said struct {
		Code *int   `json:"errcode"`
		Text string `json:"errmsg"`
	}
	if err := json.Unmarshal(a.Body, &said); err != nil || said.Code == nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "wecom garbled",
			Err:     fmt.Errorf("the answer is not that of a robot"),
		}
	}
	out := post.Outcome{Code: fmt.Sprintf("wecom %d", *said.Code)}
	if *said.Code == 0 {
		return out
	}
	out.Err = fmt.Errorf("the robot answered %d: %s", *said.Code, said.Text)
	switch *said.Code {
	case 45009, 45033: // too many
		out.Verdict, out.Pause = post.Away, time.Minute
	case 93000, 93004, 93008: // no such robot, or it was taken out of the group
		out.Verdict, out.Pause = post.Away, time.Minute
	case -1, 6000:
		out.Verdict = post.Later
	default:
		out.Verdict = post.Refused
	}
	return out
}
