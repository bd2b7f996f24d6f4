package drivers

import (
	"net/netip"
	"strings"
)

// ThisMachine reports whether a host, as people write it, is the machine on which the program runs,
// so that traffic to it crosses no network. Any name other than localhost counts as another
// machine.
func ThisMachine(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
