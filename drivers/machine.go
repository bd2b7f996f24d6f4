package drivers

import (
	"net/netip"
	"strings"
)

// ThisMachine says whether a host, as people write it, is the machine on which the program runs:
// what is said to it crosses no network. A name other than localhost counts as another machine.
func ThisMachine(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
