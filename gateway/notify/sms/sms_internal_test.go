package sms

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// The vector is that of Alibaba Cloud's description of signature version 3: RunInstances.
func TestSign(t *testing.T) {
	r, err := http.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/?"+
		"ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai", nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(r, "RunInstances", "2014-05-26", "YourAccessKeyId", "YourAccessKeySecret",
		"3156853299f313e23d1673dc12e1703d", time.Date(2023, 10, 26, 10, 22, 32, 0, time.UTC))
	want := "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;" +
		"x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
		"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := r.Header.Get("Authorization"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAliyun(t *testing.T) {
	var asked *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		io.WriteString(w, `{"Code":"OK","BizId":"900619746936498440^0","RequestId":"F6"}`)
	}))
	defer server.Close()
	c, err := open(post.Settings{
		Values: map[string]string{
			"style":         "aliyun",
			"url":           server.URL,
			"access_key_id": "id",
			"sign_name":     "河滨学校",
			"template_code": "SMS_1",
		},
		Secrets: map[string]string{"secret": "s"},
		Private: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := c.Send(t.Context(), post.Letter{ID: "msg_1-2", To: "13800138000", Text: "着火了\n实验室", Now: time.Now()})
	if out.Err != nil || out.Peer != "900619746936498440^0" {
		t.Errorf("got %+v, want it taken", out)
	}
	q := asked.URL.Query()
	if q.Get("PhoneNumbers") != "13800138000" || q.Get("SignName") != "河滨学校" || q.Get("OutId") != "msg_1-2" ||
		q.Get("TemplateParam") != `{"text":"着火了 实验室"}` || asked.Header.Get("x-acs-action") != "SendSms" {
		t.Errorf("got %v, want the message", q)
	}
}

func TestAliyunOutcome(t *testing.T) {
	for body, want := range map[string]post.Verdict{
		`{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"x"}`:  post.Lost,
		`{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"x"}`: post.Later,
		`{"Code":"isv.AMOUNT_NOT_ENOUGH","Message":"x"}`:      post.Away,
		`{"Code":"SignatureDoesNotMatch","Message":"x"}`:      post.Away,
		`{"Code":"isv.BLACK_KEY_CONTROL_LIMIT"}`:              post.Refused,
		`{}`:                                                  post.Later,
		`<html>hi`:                                            post.Later,
		`{"Code":1}`:                                          post.Later,
	} {
		got := aliyunOutcome(outward.Answer{Status: 200, Body: []byte(body)})
		if got.Err == nil || got.Verdict != want {
			t.Errorf("%s: got %+v, want verdict %d", body, got, want)
		}
	}
}

// A gateway of the school's provider gets what is signed as Standard Webhooks asks.
func TestSigned(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	status, said := 200, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want, _ := outward.Sign([]string{secret}, "msg_1-2", time.Unix(1614265330, 0), body)
		if r.Header.Get("webhook-signature") != want || !strings.Contains(string(body), `"to":"13800138000"`) {
			t.Errorf("got %v %s, want it signed", r.Header, body)
		}
		w.WriteHeader(status)
		io.WriteString(w, said)
	}))
	defer server.Close()
	c, err := open(post.Settings{
		Values:  map[string]string{"style": "signed", "url": server.URL},
		Secrets: map[string]string{"secret": secret},
		Private: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	said = "<html>sign in to the network"
	out := c.Send(t.Context(), post.Letter{ID: "msg_1-2", To: "13800138000", Now: time.Unix(1614265330, 0)})
	if out.Verdict != post.Later || out.Code != "sms garbled" || out.Err == nil {
		t.Errorf("a page that is no answer: got %+v, want it tried again", out)
	}
	said = `{"id":"peer-1"}`
	for s, want := range map[int]post.Verdict{
		202: post.Taken,
		400: post.Refused,
		410: post.Lost,
		429: post.Away,
		500: post.Later,
		503: post.Away,
	} {
		status = s
		out := c.Send(t.Context(), post.Letter{
			ID:   "msg_1-2",
			To:   "13800138000",
			Text: "x",
			Now:  time.Unix(1614265330, 0),
		})
		if out.Verdict != want || (out.Err == nil) != (want == post.Taken) {
			t.Errorf("%d: got %+v, want verdict %d", s, out, want)
		}
	}
}

func FuzzAliyunOutcome(f *testing.F) {
	f.Add([]byte(`{"Code":"OK"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out := aliyunOutcome(outward.Answer{Status: 200, Body: b}); out.Err == nil && out.Code != "sms OK" {
			t.Errorf("%q: got %+v, want nothing taken without OK", b, out)
		}
	})
}
