package drivers

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Reach limits where a driver may connect for a device. The gateway checks an address when it is
// registered, but a name may resolve differently by the time the driver dials. A driver therefore
// dials with Dialer, which checks the resolved address that it connects to. The zero Reach, which
// older gateways send, limits nothing.
type Reach struct {
	Bounded     bool
	ThisMachine bool // loopback and the machine's own addresses are allowed
	LinkLocal   bool // 169.254.0.0/16 (cloud metadata services) and fe80::/10 are allowed
}

// Allows returns why an address may not be connected to; nil: it may.
func (r Reach) Allows(ip netip.Addr) error {
	ip = gatehouse.InnerAddress(ip)
	switch {
	case !r.Bounded:
		return nil
	case ip.IsLinkLocalUnicast() && !r.LinkLocal:
		return gatehouse.Errorf(gatehouse.Invalid,
			"it is a link-local address, where cloud machines keep their secrets; "+
				"equipment that has no other is allowed with reach.link_local in the configuration")
	case ip.IsMulticast():
		return gatehouse.Errorf(gatehouse.Invalid, "it is an address of many and not of one device")
	case !r.ThisMachine && (ip.IsLoopback() || ip.IsUnspecified() || own(ip)):
		return gatehouse.Errorf(gatehouse.Invalid, "it is the gateway's own machine; "+
			"where a device is really reached there, allow it with reach.this_machine in the "+
			"configuration")
	}
	return nil
}

// own reports whether the machine has the address itself.
func own(ip netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if x, ok := netip.AddrFromSlice(n.IP); ok && x.Unmap() == ip {
			return true
		}
	}
	return false
}

// Dialer connects only to allowed addresses, checked after name resolution and before the first
// packet. Its error wraps a gatehouse.Error for the person who typed the address.
func (r Reach) Dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout: timeout,
		Control: func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("dial %q: %w", address, err)
			}
			return r.refusal(at.Addr())
		},
	}
}

// Resolve returns an allowed address of a host, for libraries that dial themselves: pass them this
// address so that they resolve nothing again.
func (r Reach) Resolve(ctx context.Context, host string) (netip.Addr, error) {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("look up the name: %w", err)
	}
	for _, ip := range ips {
		if err := r.refusal(ip); err != nil {
			return netip.Addr{}, err
		}
	}
	if len(ips) == 0 {
		return netip.Addr{}, &net.DNSError{
			Err:        "no address",
			Name:       host,
			IsNotFound: true,
		}
	}
	return ips[0].Unmap(), nil
}

func (r Reach) refusal(ip netip.Addr) error {
	if err := r.Allows(ip); err != nil {
		return gatehouse.Errorf(gatehouse.Invalid,
			"the address leads to %s, which drivers may not connect to: %v", ip.Unmap(), err)
	}
	return nil
}
