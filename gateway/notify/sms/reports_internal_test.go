package sms

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

const reportSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func posted(t *testing.T, body string, at, now time.Time) ([]post.Report, error) {
	t.Helper()
	signature, err := outward.Sign([]string{reportSecret}, "r1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set("webhook-id", "r1")
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return reports(post.Settings{
		Values:  map[string]string{"style": "signed"},
		Secrets: map[string]string{"secret": reportSecret},
	}, post.Posted{Header: h, Body: []byte(body), Now: now})
}

// A gateway's reports are taken where they are signed now, and name letters by either name.
func TestSignedReports(t *testing.T) {
	now := time.Unix(1614265330, 0)
	body := `{"reports":[{"id":"msg_1-2","state":"delivered"},{"id":"peer-1","state":"failed","code":"absent"}]}`
	got, err := posted(t, body, now, now.Add(4*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := []post.Report{
		{Letter: "msg_1-2", State: messages.Delivered},
		{Peer: "peer-1", State: messages.Failed, Code: "absent"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if _, err := posted(t, body, now, now.Add(6*time.Minute)); g.ErrorCode(err) != g.Unauthenticated {
		t.Errorf("sent again after 6 minutes: got %v, want it refused", err)
	}
	for _, bad := range []string{`{"id":"x","state":"fine"}`, `[`, `7`} {
		if _, err := posted(t, bad, now, now); g.ErrorCode(err) != g.Invalid {
			t.Errorf("%s: got %v, want it refused", bad, err)
		}
	}
	_, err = reports(post.Settings{Secrets: map[string]string{"secret": reportSecret}},
		post.Posted{Header: http.Header{}, Body: []byte(body), Now: now})
	if g.ErrorCode(err) != g.Unauthenticated {
		t.Errorf("unsigned: got %v, want it refused", err)
	}
}

// The service's own lots of reports, as its description of SmsReport has them.
func TestAliyunReports(t *testing.T) {
	got, err := aliyunReports([]byte(`[
		{"phone_number":"13900000001","send_time":"2017-09-01 11:12:13","report_time":"2017-09-02 11:12:13",
		 "success":true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"123^0",
		 "out_id":"msg_a-7"},
		{"phone_number":"13900000002","success":false,"err_code":"MOBILE_NOT_ON_SERVICE","biz_id":"124^0"}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []post.Report{
		{Letter: "msg_a-7", State: messages.Delivered},
		{Peer: "124^0", State: messages.Failed, Code: "sms MOBILE_NOT_ON_SERVICE"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func FuzzReports(f *testing.F) {
	f.Add([]byte(`[{"success":true,"out_id":"msg_1-2"}]`))
	f.Add([]byte(`{"id":"x","state":"read"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := aliyunReports(b)
		for _, x := range all {
			if err != nil || x.State != messages.Delivered && x.State != messages.Failed {
				t.Errorf("%q: got %+v, %v, want a state or an error", b, x, err)
			}
		}
	})
}
