package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// most is how many bytes of a text are sent: about seven parts of a long message in Chinese.
const most = 1400

// Kind is this kind of channel.
func Kind() post.Kind {
	return post.Kind{
		Name: "sms",
		Fields: []post.Field{
			{Name: "style", Needed: true, Options: []string{"aliyun", "signed"}},
			{Name: "url"},
			{Name: "secret", Secret: true, Needed: true},
			{Name: "access_key_id"},
			{Name: "sign_name"},
			{Name: "template_code"},
			{Name: "variable"},
		},
		Open:    open,
		Reports: reports,
		Taken:   `{"code":0,"msg":"success"}`, // Aliyun posts again without it
	}
}

// reports reads what the gateway posts of messages that it took.
func reports(s post.Settings, p post.Posted) ([]post.Report, error) {
	if s.Values["style"] == "aliyun" {
		return aliyunReports(p.Body)
	}
	return post.SignedReports(s, p)
}

func open(s post.Settings) (post.Channel, error) {
	if s.Values["style"] == "aliyun" {
		return openAliyun(s)
	}
	at, err := outward.Base(s.Values["url"], "", s.Private)
	if err != nil {
		return nil, err
	}
	if err := outward.CheckSecret("secrets.secret", s.Secrets["secret"]); err != nil {
		return nil, err
	}
	return &signed{
		url:    at,
		secret: s.Secrets["secret"],
		client: outward.Client(s.Private),
	}, nil
}

// signed is a gateway that takes a post of id, to, text and language. It is safe for several
// goroutines.
type signed struct {
	url, secret string
	client      *http.Client
}

// Send posts one letter. The gateway answers 2xx once it has taken it, with the id under which it
// reports; it tells a letter that comes twice by the header webhook-id.
func (c *signed) Send(ctx context.Context, l post.Letter) post.Outcome {
	body, err := json.Marshal(map[string]any{
		"id":       l.ID,
		"to":       l.To,
		"text":     l.Cut(most),
		"language": l.Language,
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
			Code:    "sms unreachable",
			Err:     err,
		}
	}
	out := post.ByAnswer("sms", a)
	var said struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(a.Body, &said) == nil && len(said.ID) <= 100 {
		out.Peer = said.ID
	}
	return out
}
