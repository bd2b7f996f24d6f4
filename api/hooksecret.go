package api

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	g "github.com/gatehouse-iot/gatehouse"
)

type rotateInput struct {
	ByID
	Body struct {
		KeepHours *int `json:"keep_hours,omitempty" minimum:"0" maximum:"168" doc:"How long the old secret signs beside the new one, in hours; 0: it ends at once. Default: 24." example:"24"`
	}
}

// NewSecret answers the rotation of a webhook's secret.
type NewSecret struct {
	Secret   string    `json:"secret" doc:"The new key of the signatures, whsec_ and base64. It is shown this once."`
	OldUntil time.Time `json:"old_until,omitzero" doc:"Until then deliveries are signed with the old key, too."`
}

func (s *Server) rotateSecret(ctx context.Context, in *rotateInput) (*body[NewSecret], error) {
	keep := 24 * time.Hour
	if in.Body.KeepHours != nil {
		keep = time.Duration(*in.Body.KeepHours) * time.Hour
	}
	secret, until, err := s.view(ctx).RotateWebhookSecret(ctx, g.WebhookID(in.ID), keep)
	return answer(NewSecret{secret, until}, err)
}

// mayPost refuses an address that deliveries may not reach, and a name that leads to one that
// they never may, such as that of a machine's metadata. A name that cannot be resolved now may be later: each delivery looks again.
func (s *Server) mayPost(ctx context.Context, host string) error {
	var ips []netip.Addr
	host = norm.NFKC.String(host) // as a client reads it: ①⑥⑨ and full-width digits are digits
	host = strings.NewReplacer("。", ".", "｡", ".").Replace(host)
	if ip, err := netip.ParseAddr(host); err == nil {
		ips = append(ips, ip)
		if !s.reachable(ip) && reachableAtAll(ip) {
			return g.FieldErrorf("url", "%s is a private address; the setting webhooks.private allows a server in the school", ip)
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		ips, _ = net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	return neverPosted(ips)
}

// neverPosted refuses addresses that no setting allows.
func neverPosted(ips []netip.Addr) error {
	for _, ip := range ips {
		if !reachableAtAll(ip) {
			return g.FieldErrorf("url", "%s is no address of a server of yours: link-local addresses, where machines keep their own metadata, are never posted to", ip)
		}
	}
	return nil
}
