package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
)

// answerWithin is how long a server has to respond.
const answerWithin = 15 * time.Second

// The headers by which a receiver orders the deliveries of a subject.
const (
	subjectHeader  = "gatehouse-subject"
	sequenceHeader = "gatehouse-sequence"
)

// Channel posts. It is safe for several goroutines.
type Channel struct {
	private bool // private and loopback addresses, and plain http, are taken
	client  *http.Client
}

var _ notify.Channel = (*Channel)(nil)

// New makes the channel; private lets it reach private and loopback addresses, and plain http.
func New(private bool) *Channel {
	return &Channel{
		private: private,
		client:  outward.Client(private),
	}
}

// Check refuses an address that nothing may be posted to; the errors are of the field url.
func (c *Channel) Check(ctx context.Context, address string) error {
	return outward.Check(ctx, address, c.private)
}

// Send posts once.
func (c *Channel) Send(ctx context.Context, m notify.Message) notify.Outcome {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	r, err := request(ctx, m)
	if err != nil {
		return notify.Outcome{
			Err:   err,
			Fault: notify.Unclear,
		}
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return notify.Outcome{
			Err:   unanswered(err),
			Fault: notify.Unclear,
		}
	}
	defer resp.Body.Close()
	// The answer's text is not needed; it is read so that the connection is used again.
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	return outcome(resp, m.Now)
}

func request(ctx context.Context, m notify.Message) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.To, bytes.NewReader(m.Body))
	if err != nil {
		return nil, errors.New("the address cannot be used")
	}
	signature, err := outward.Sign(m.Secrets, m.ID, m.Now, m.Body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType+"; charset=utf-8")
	r.Header.Set("User-Agent", "Gatehouse-Webhook/1")
	r.Header.Set("webhook-id", m.ID)
	if m.Subject != "" {
		r.Header.Set(subjectHeader, m.Subject)
		r.Header.Set(sequenceHeader, strconv.FormatUint(m.Seq, 10))
	}
	r.Header.Set("webhook-timestamp", strconv.FormatInt(m.Now.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	return r, nil
}

// unanswered says why there was no answer, without the address, which may hold a token.
func unanswered(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", answerWithin)
	}
	return outward.Bare(err)
}

// outcome reads what a server answered.
func outcome(resp *http.Response, now time.Time) notify.Outcome {
	out := notify.Outcome{Status: resp.StatusCode}
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		return out
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		out.Err = fmt.Errorf("the server answered %s; give the final address, redirects are not "+
			"followed",
			resp.Status)
		return out
	}
	out.Err = fmt.Errorf("the server answered %s", resp.Status)
	out.Pause = outward.RetryAfter(resp.Header.Get("Retry-After"), now)
	out.Fault = faultOf(resp.StatusCode, out.Pause)
	return out
}

// faultOf says whose fault a status is. A server that asks for a pause, or says that it is
// overloaded, speaks of itself; one that broke down may have done so over the event alone.
func faultOf(status int, asked time.Duration) notify.Fault {
	switch {
	case status == http.StatusGone:
		return notify.Gone
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return notify.Away
	case status < 500 && status != http.StatusRequestTimeout:
		return notify.Refused
	case asked > 0:
		return notify.Away
	}
	return notify.Unclear
}
