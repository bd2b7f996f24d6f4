package outward

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"golang.org/x/text/unicode/norm"

	g "github.com/gatehouse-iot/gatehouse"
)

// Check refuses an address that nothing may be posted to, and a name that leads to one that no
// setting allows, such as that of a machine's metadata; the errors are of the field url. A name
// that cannot be resolved now may be later: each delivery looks again.
func Check(ctx context.Context, address string, private bool) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return g.FieldErrorf("url",
			"this is no address to post to; write it like https://sis.school.example/gatehouse, "+
				"without a name or password")
	}
	if u.Scheme == "http" && !private {
		return g.FieldErrorf("url",
			"use https: events hold what children do (the setting webhooks.private allows plain "+
				"http for a server in the school)")
	}
	return mayPost(ctx, u.Hostname(), private)
}

func mayPost(ctx context.Context, host string, private bool) error {
	host = norm.NFKC.String(host) // as clients read it: ①⑥⑨ and full-width digits are digits
	host = strings.NewReplacer("。", ".", "｡", ".").Replace(host)
	if ip, err := netip.ParseAddr(host); err == nil {
		if reachOf(ip) == privately && !private {
			return g.FieldErrorf("url",
				"%s is a private address; the setting webhooks.private allows a server in the "+
					"school",
				ip)
		}
		return neverPosted([]netip.Addr{ip})
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	ips, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return neverPosted(ips)
}

// neverPosted refuses addresses that no setting allows.
func neverPosted(ips []netip.Addr) error {
	for _, ip := range ips {
		if reachOf(ip) == never {
			return g.FieldErrorf("url",
				"%s is no address of a server of yours: link-local addresses, where machines "+
					"keep their own metadata, are never posted to",
				ip)
		}
	}
	return nil
}

// reach says who may post to an address.
type reach int

const (
	// link-local addresses, those of clouds' metadata, and those that no host can have
	never reach = iota
	// where the setting webhooks.private allows it: a school's own, and the machine itself
	privately
	anybody
)

func reachOf(ip netip.Addr) reach {
	ip = g.InnerAddress(ip)
	shared := netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	switch {
	case !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast(),
		ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}),
		ip == netip.MustParseAddr("fd00:ec2::254"),
		ip == netip.MustParseAddr("100.100.100.200"):
		return never
	case ip.IsLoopback() || ip.IsPrivate() || shared.Contains(ip):
		return privately
	}
	return anybody
}

// Dialer connects only where that is allowed. What is checked is the address that is connected to,
// after DNS.
func Dialer(private bool) *net.Dialer {
	control := func(_, address string, _ syscall.RawConn) error {
		to := never
		if ap, err := netip.ParseAddrPort(address); err == nil {
			to = reachOf(ap.Addr())
		}
		switch {
		case to == never:
			return fmt.Errorf("%s is never connected to: machines keep their own metadata there",
				address)
		case to == privately && !private:
			return fmt.Errorf("%s is a private address (setting webhooks.private)", address)
		}
		return nil
	}
	return &net.Dialer{
		Timeout: 10 * time.Second,
		Control: control,
	}
}

// Client connects as Dialer does, follows no redirect and uses no proxy.
func Client(private bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            Dialer(private).DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}
