package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// pauses are the waits after each failed attempt: about three days in all.
func pauses() []time.Duration {
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
}

// deliver posts what is due to one webhook in turn. Where the server is away all of it waits,
// so that this costs two attempts and not hundreds: one may fail for its own sake, so that one of
// another subject has to fail as well (doubt). With an event that a healthy server refuses wait
// the later ones of its subject, which come in order, and the next one of another subject is
// posted.
// An error is this side's: what is due stays due.
func (h *hooks) deliver(ctx context.Context, id g.WebhookID) error {
	w, secrets, err := h.target(ctx, id)
	if err != nil {
		return fmt.Errorf("read webhook: %w", err)
	}
	if w.ID == "" || w.Disabled {
		return nil // deleted, or what is queued waits until it is enabled again
	}
	due, err := h.view().DueDeliveries(ctx, id, h.s.now(), hookBatch)
	if err != nil {
		return err
	}
	due = h.probeFirst(id, due)
	began := h.s.now()
	held := map[string]bool{} // subjects of which one failed in this turn
	for i, d := range due {
		if held[d.Subject] {
			continue // its time was set back with that of the one that failed
		}
		if i > 0 && h.s.now().Sub(began) >= hookTurn {
			return nil // the rest stays due
		}
		if forbidden(w, d.Body) {
			d.Done, d.Finished, d.Error = true, h.s.now(), "not sent: who made the webhook may not read this any more"
			if err := h.view().SaveDelivery(ctx, d); err != nil {
				return fmt.Errorf("save webhook delivery: %w", err)
			}
			continue
		}
		d, asked := h.attempt(ctx, w, secrets, d)
		if ctx.Err() != nil && d.Error != "" {
			return nil // stopping is no failure of the other side
		}
		if d, err = h.crowded(ctx, d); err != nil {
			return fmt.Errorf("count what waits: %w", err)
		}
		held[d.Subject] = d.Subject != "" && !d.Done
		more, err := h.settle(ctx, &w, d, asked)
		if err != nil {
			return fmt.Errorf("save webhook delivery: %w", err)
		}
		if !more || ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// settle saves the outcome of an attempt and what follows from it; more says whether the next
// delivery may be posted now. asked is the pause that the server asked for.
func (h *hooks) settle(ctx context.Context, w *g.Webhook, d registry.Delivery, asked time.Duration) (more bool, err error) {
	over, err := h.over(ctx, d)
	if err == nil && over {
		err = h.disable(ctx, w, d)
	}
	if err == nil {
		err = h.view().SaveDelivery(ctx, d)
	}
	gone := d.Error != "" && away(d.Status)
	if !gone {
		h.answered(d.Webhook)
	}
	if err == nil && gone && !d.Done {
		err = h.hold(ctx, d, asked)
	}
	return err == nil && !over && !gone, err
}

// crowded gives a refused delivery up, before its attempts are used up, where too many of its
// subject wait for it: what is newer matters more, and the list of deliveries says so.
func (h *hooks) crowded(ctx context.Context, d registry.Delivery) (registry.Delivery, error) {
	if d.Done || away(d.Status) {
		return d, nil
	}
	full, err := h.view().WaitingAfter(ctx, d, hookHeld)
	if err == nil && full {
		d.Done, d.Finished = true, h.s.now()
		d.Error = fmt.Sprintf("given up, since %d newer events of %s waited for it: %s", hookHeld, d.Subject, d.Error)
	}
	return d, err
}

// away says whether a failure is the server's and not the event's; status 0 is no answer.
func away(status int) bool {
	return status == 0 || status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}

// over says whether the webhook is to be disabled: its server wants nothing more, or this
// delivery is given up and none succeeded since it was first tried. When that was is not
// kept: not before it was queued, and hardly more than the pauses ago.
func (h *hooks) over(ctx context.Context, d registry.Delivery) (bool, error) {
	if d.Status == http.StatusGone {
		return true, nil
	}
	if !d.Done || d.Error == "" || d.Attempt <= len(pauses()) {
		return false, nil
	}
	since := h.s.now().Add(-4 * 24 * time.Hour)
	if d.Created.After(since) {
		since = d.Created
	}
	delivered, err := h.view().DeliveredSince(ctx, d.Webhook, since)
	return err == nil && !delivered, err
}

// target is the webhook and the secrets that sign; the zero Webhook where it is deleted.
func (h *hooks) target(ctx context.Context, id g.WebhookID) (g.Webhook, []string, error) {
	all, _, err := h.load(ctx)
	if err != nil {
		return g.Webhook{}, nil, err
	}
	i := slices.IndexFunc(all, func(w g.Webhook) bool { return w.ID == id })
	if i < 0 {
		return g.Webhook{}, nil, nil
	}
	secrets, err := h.view().WebhookSecrets(ctx, id, h.s.now())
	return all[i], secrets, err
}

// disable stops a webhook and says why.
func (h *hooks) disable(ctx context.Context, w *g.Webhook, d registry.Delivery) error {
	w.Disabled = true
	w.Reason = "no delivery succeeded in three days: " + d.Error
	if d.Status == http.StatusGone {
		w.Reason = "the server answered 410 Gone"
	}
	if err := h.view().UpdateWebhook(ctx, *w); err != nil {
		return fmt.Errorf("disable webhook: %w", err)
	}
	h.s.log.WarnContext(ctx, "webhook disabled", "webhook", w.ID, "reason", w.Reason)
	h.forget()
	return nil
}

// attempt posts once and returns the delivery with its outcome, and the pause that the server
// asked for.
func (h *hooks) attempt(
	ctx context.Context,
	w g.Webhook,
	secrets []string,
	d registry.Delivery,
) (_ registry.Delivery, asked time.Duration) {
	d.Attempt++
	after, err := h.post(ctx, w, secrets, &d)
	now := h.s.now()
	if err == nil {
		d.Done, d.Finished, d.Error = true, now, ""
		return d, after
	}
	d.Error = err.Error()
	steps := pauses()
	if d.Status == http.StatusGone || d.Attempt > len(steps) {
		d.Done, d.Finished = true, now
		return d, after
	}
	pause := steps[d.Attempt-1]
	pause += time.Duration(rand.Int64N(int64(pause)/5+1)) - pause/10
	d.Next = now.Add(max(pause, after))
	return d, after
}

// post sends the delivery; after is what the server asked to wait.
func (h *hooks) post(ctx context.Context, w g.Webhook, secrets []string, d *registry.Delivery) (after time.Duration, err error) {
	d.Status = 0
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, errors.New("the address cannot be used")
	}
	now := h.s.now()
	signature, err := signAll(secrets, d.EventID, now, d.Body)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", cloudEventType+"; charset=utf-8")
	r.Header.Set("User-Agent", "Gatehouse-Webhook/1")
	r.Header.Set("webhook-id", d.EventID)
	if d.Subject != "" {
		r.Header.Set(subjectHeader, d.Subject)
		r.Header.Set(sequenceHeader, strconv.FormatUint(d.Seq, 10))
	}
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	resp, err := h.client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which may hold a token
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", hookTimeout)
		}
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection is used again; the answer's text is not needed
	d.Status = resp.StatusCode
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return 0, nil
	}
	if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
		return 0, fmt.Errorf("the server answered %s; give the final address, redirects are not followed", resp.Status)
	}
	return retryAfter(resp.Header.Get("Retry-After"), now), fmt.Errorf("the server answered %s", resp.Status)
}

// retryAfter reads RFC 9110, section 10.2.3: seconds or a date. At most a day is honoured.
func retryAfter(v string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(max(n, 0), 86400)) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}

// reachable says whether webhooks may connect to ip: private addresses and the machine itself
// only where the configuration says so. It is asked of the address that is connected to, after
// DNS.
func (s *Server) reachable(ip netip.Addr) bool {
	if !reachableAtAll(ip) {
		return false
	}
	ip = g.InnerAddress(ip)
	shared := netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	if ip.IsLoopback() || ip.IsPrivate() || shared.Contains(ip) {
		return s.cfg.WebhookPrivate
	}
	return true
}

// reachableAtAll says whether some setting allows the address. Link-local ones, where clouds
// keep their metadata, are never reached.
func reachableAtAll(ip netip.Addr) bool {
	ip = g.InnerAddress(ip)
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.IsLinkLocalUnicast() &&
		ip != netip.AddrFrom4([4]byte{255, 255, 255, 255}) &&
		ip != netip.MustParseAddr("fd00:ec2::254") && ip != netip.MustParseAddr("100.100.100.200")
}

// hookClient connects only where reachable allows, follows no redirect and uses no proxy.
func (s *Server) hookClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !reachableAtAll(ap.Addr()) {
			return fmt.Errorf("webhooks may never reach %s: machines keep their own metadata there", address)
		}
		if !s.reachable(ap.Addr()) {
			return fmt.Errorf("webhooks may not reach %s (setting webhooks.private)", address)
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
