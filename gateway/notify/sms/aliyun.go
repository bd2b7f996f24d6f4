package sms

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

const aliyunURL = "https://dysmsapi.aliyuncs.com"

// aliyun is Alibaba Cloud's short message service, SendSms of 2017-05-25: a signature and a template
// that were approved there, of which one variable takes the text. It is safe for several goroutines.
type aliyun struct {
	url                       *url.URL
	key, secret               string
	signName, template, param string
	client                    *http.Client
}

func openAliyun(s post.Settings) (post.Channel, error) {
	at, err := outward.Base(s.Values["url"], aliyunURL, s.Private)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"access_key_id", "sign_name", "template_code"} {
		if s.Values[name] == "" {
			return nil, g.FieldErrorf("settings."+name, "a channel of the kind %s needs %s", "sms", name)
		}
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	c := &aliyun{
		url:      u,
		key:      s.Values["access_key_id"],
		secret:   s.Secrets["secret"],
		signName: s.Values["sign_name"],
		template: s.Values["template_code"],
		param:    s.Values["variable"],
		client:   outward.Client(s.Private),
	}
	if c.param == "" {
		c.param = "text"
	}
	return c, nil
}

// Send asks for one message. OutId is the letter's ID, which comes back with its reports.
func (c *aliyun) Send(ctx context.Context, l post.Letter) post.Outcome {
	param, err := json.Marshal(map[string]string{c.param: strings.ReplaceAll(l.Cut(most), "\n", " ")})
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     err,
		}
	}
	query := url.Values{
		"PhoneNumbers":  {l.To},
		"SignName":      {c.signName},
		"TemplateCode":  {c.template},
		"TemplateParam": {string(param)},
		"OutId":         {l.ID},
	}
	at := *c.url
	at.Path, at.RawQuery = "/", canonicalQuery(query)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), nil)
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Err:     fmt.Errorf("the address cannot be used"),
		}
	}
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // it does not fail
	sign(
		r,
		"SendSms",
		"2017-05-25",
		c.key,
		c.secret,
		hex.EncodeToString(nonce[:]),
		l.Now,
	)
	a, err := outward.Do(c.client, r, l.Now)
	if err != nil {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "sms unreachable",
			Err:     err,
		}
	}
	return aliyunOutcome(a)
}

// sign sets the headers of a request without a body (Alibaba Cloud, signature version 3,
// ACS3-HMAC-SHA256).
func sign(r *http.Request, action, version, key, secret, nonce string, now time.Time) {
	empty := sha256.Sum256(nil)
	hashed := hex.EncodeToString(empty[:])
	headers := map[string]string{
		"host":                  r.URL.Host,
		"x-acs-action":          action,
		"x-acs-content-sha256":  hashed,
		"x-acs-date":            now.UTC().Format("2006-01-02T15:04:05Z"),
		"x-acs-signature-nonce": nonce,
		"x-acs-version":         version,
	}
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	var lines strings.Builder
	for _, name := range names {
		lines.WriteString(name + ":" + headers[name] + "\n")
		if name != "host" {
			r.Header.Set(name, headers[name])
		}
	}
	signed := strings.Join(names, ";")
	canonical := strings.Join([]string{
		r.Method, "/", r.URL.RawQuery, lines.String(), signed, hashed,
	}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s",
		key, signed, hex.EncodeToString(m.Sum(nil))))
}

// canonicalQuery is the query sorted by name, escaped as RFC 3986 has it.
func canonicalQuery(q url.Values) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(q.Encode())
}

// aliyunOutcome reads an answer: its Code is OK where it was taken.
func aliyunOutcome(a outward.Answer) post.Outcome {
	var said struct {
		Code, Message, BizId string
	}
	if err := json.Unmarshal(a.Body, &said); err != nil || said.Code == "" {
		if a.Status >= 200 && a.Status <= 299 {
			return post.Outcome{
				Verdict: post.Later,
				Code:    "sms garbled",
				Err:     fmt.Errorf("the answer is not that of the service"),
			}
		}
		return post.ByStatus("sms", a.Status, a.Pause)
	}
	out := post.Outcome{
		Code: "sms " + said.Code,
		Peer: said.BizId,
	}
	if said.Code == "OK" {
		return out
	}
	out.Err = fmt.Errorf("the service answered %s: %s", said.Code, said.Message)
	switch {
	case said.Code == "isv.MOBILE_NUMBER_ILLEGAL":
		out.Verdict = post.Lost
	case said.Code == "isv.BUSINESS_LIMIT_CONTROL": // too many for this number
		out.Verdict, out.Pause = post.Later, time.Minute
	case said.Code == "isp.SYSTEM_ERROR" || said.Code == "isp.RAM_PERMISSION_DENY" ||
		strings.HasPrefix(said.Code, "Throttling"):
		out.Verdict, out.Pause = post.Away, time.Minute
	case strings.HasPrefix(said.Code, "isv.") && !ofAccount(said.Code):
		out.Verdict = post.Refused
	default: // the account, the key or the signature
		out.Verdict, out.Pause = post.Away, time.Minute
	}
	return out
}

// ofAccount says whether a code is about the account, the signature or the template, and so about
// every letter.
func ofAccount(code string) bool {
	return slices.Contains([]string{
		"isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL",
		"isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_TEMPLATE_ILLEGAL", "isv.PRODUCT_UN_SUBSCRIPT",
		"isv.DAY_LIMIT_CONTROL",
	}, code)
}

// aliyunReports reads SmsReport, as the service posts it in lots. The service does not sign it: the
// secret is in the address. out_id is the letter's ID, so that no report depends on when biz_id was
// written down.
func aliyunReports(body []byte) ([]post.Report, error) {
	var all []struct {
		OutID   string `json:"out_id"`
		BizID   string `json:"biz_id"`
		Success bool   `json:"success"`
		ErrCode string `json:"err_code"`
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, g.Errorf(g.Invalid, "this is no list of reports as the service posts it")
	}
	out := make([]post.Report, 0, len(all))
	for _, x := range all {
		state := messages.Failed
		if x.Success {
			state = messages.Delivered
		}
		report := post.Named(x.OutID, state, "sms "+x.ErrCode)
		if report.Letter == "" {
			report.Peer = x.BizID
		}
		if x.Success {
			report.Code = ""
		}
		out = append(out, report)
	}
	return out, nil
}
