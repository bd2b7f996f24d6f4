package fleet

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	apifleet "github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// Reach limits the addresses that drivers are given, so that a person who registers devices cannot
// probe the gateway's own machine through them.
type Reach struct {
	ThisMachine bool     // loopback and the machine's own addresses
	LinkLocal   bool     // 169.254.0.0/16, where clouds keep secrets, and fe80::/10
	Serial      []string // prefixes of serial lines' paths
	Files       []string // folders of files that an address may name
}

// Allows is the check that the API makes before a driver gets a device's
// address. It resolves names, too.
func (c Reach) Allows(ctx context.Context, fields []apifleet.Field, address map[string]string) error {
	return c.allows(ctx, fields, address, true)
}

// lookups is how long a name may take to be resolved before a driver is told of it.
const lookups = 3 * time.Second

// allows checks a device's address, whose fields the driver describes; with names it also resolves
// host names. The error never reveals whether something exists there. A driver resolves a name
// again, and checks the address that it connects to against the same limits (drivers.Reach).
func (c Reach) allows(
	ctx context.Context, fields []apifleet.Field, address map[string]string, names bool,
) error {
	kinds := map[string]string{}
	for _, f := range fields {
		kinds[f.Key] = f.Kind
	}
	for key, value := range address {
		if err := c.allowsOne(ctx, kinds[key], strings.TrimSpace(value), names); err != nil {
			return g.FieldErrorf("address."+key, "%v", err)
		}
	}
	return nil
}

func (c Reach) allowsOne(ctx context.Context, kind, value string, names bool) error {
	scheme, rest, hasScheme := strings.Cut(value, "://")
	switch {
	case value == "" || kind == drivers.FieldNetwork || kind == drivers.FieldTimezone ||
		kind == drivers.FieldListen:
		return nil // drivers do not connect to these
	case kind == drivers.FieldPath:
		return within(c.Files, value, "files that drivers read lie below %s (reach.files)")
	case hasScheme && strings.HasPrefix(rest, "/"), strings.HasPrefix(value, "/dev/"):
		if hasScheme {
			value = rest
		}
		return within(c.Serial, value, "serial lines are addressed as %s (reach.serial)")
	case hasScheme && scheme != "":
		u, err := url.Parse(value)
		if err != nil {
			return g.Errorf(g.Invalid, "this is no address of the form %s://host:port", scheme)
		}
		return c.allowsHost(ctx, u.Hostname(), names)
	case kind == drivers.FieldHost || kind == drivers.FieldURL:
		host, _, err := net.SplitHostPort(value)
		if err != nil {
			host = strings.Trim(value, "[]")
		}
		return c.allowsHost(ctx, host, names)
	}
	if host, _, err := net.SplitHostPort(value); err == nil {
		return c.allowsHost(ctx, host, false)
	}
	if _, err := netip.ParseAddr(value); err == nil && names {
		return c.allowsHost(ctx, value, false)
	}
	return nil
}

// within refuses a path that, with ".." resolved, has none of these prefixes.
func within(prefixes []string, path, otherwise string) error {
	clean := filepath.Clean(path)
	for _, p := range prefixes {
		if strings.HasPrefix(clean, p) {
			return nil
		}
	}
	return g.Errorf(g.Invalid, otherwise, strings.Join(prefixes, "…, ")+"…")
}

func (c Reach) allowsHost(ctx context.Context, host string, names bool) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return c.allowsIP(ip)
	}
	last := host[strings.LastIndex(host, ".")+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil {
		return g.Errorf(g.Invalid,
			"%q is no IP address; write all four numbers, as in 192.168.1.20", host)
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return c.allowsIP(netip.IPv6Loopback())
	}
	if !names || c.ThisMachine && c.LinkLocal {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookups)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil // the driver reports it
	}
	for _, ip := range ips {
		if err := c.allowsIP(ip); err != nil {
			return err
		}
	}
	return nil
}

func (c Reach) allowsIP(ip netip.Addr) error { return c.bounds().Allows(ip) }

// bounds is the limits as drivers get them, to check the addresses that they connect to.
func (c Reach) bounds() drivers.Reach {
	return drivers.Reach{
		Bounded:     true,
		ThisMachine: c.ThisMachine,
		LinkLocal:   c.LinkLocal,
	}
}
