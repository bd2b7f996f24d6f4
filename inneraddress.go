package gatehouse

import "net/netip"

// InnerAddress is the IPv4 address that an IPv6 address embeds: mapped (RFC 4291), compatible
// (::a.b.c.d), NAT64 (RFC 6052 and the RFC 8215 prefix), 6to4 (RFC 3056) and Teredo (RFC 4380). Any
// other address is returned unchanged, without a zone. Reachability is decided by it: otherwise
// 64:ff9b::a9fe:a9fe would be a way to reach 169.254.169.254.
func InnerAddress(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() || ip == netip.IPv6Unspecified() || ip.IsLoopback() {
		return ip
	}
	b := ip.As16()
	last := netip.AddrFrom4([4]byte(b[12:]))
	switch {
	case inside("64:ff9b::/96", ip), inside("64:ff9b:1::/48", ip), inside("::/96", ip):
		return last
	case inside("2002::/16", ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	case inside("2001::/32", ip): // the client's address, with all bits inverted
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})
	}
	return ip
}

func inside(prefix string, ip netip.Addr) bool {
	return netip.MustParsePrefix(prefix).Contains(ip)
}
