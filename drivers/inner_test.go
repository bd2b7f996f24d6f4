package drivers_test

import (
	"net/netip"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// hidden are IPv6 addresses that embed 169.254.169.254.
var hidden = []string{
	"::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe",
	"2002:a9fe:a9fe::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601",
}

func TestInnerAddressesAreJudged(t *testing.T) {
	for _, s := range hidden {
		ip := netip.MustParseAddr(s)
		if got := gatehouse.InnerAddress(ip); got != netip.MustParseAddr("169.254.169.254") {
			t.Errorf("%s: got %s, want 169.254.169.254", s, got)
		}
		if err := (drivers.Reach{Bounded: true, ThisMachine: true}).Allows(ip); err == nil {
			t.Errorf("%s is allowed, want it refused as a link-local address", s)
		}
	}
	if err := (drivers.Reach{Bounded: true}).Allows(netip.MustParseAddr("64:ff9b::7f00:1")); err == nil {
		t.Error("64:ff9b::7f00:1 is allowed, want it refused as the machine's own")
	}
	for _, s := range []string{
		"::1", "::", "2001:db8::1", "fe80::1", "fd00::1", "192.0.2.1",
		"2a00:1450::a9fe:a9fe",
	} {
		if got := gatehouse.InnerAddress(netip.MustParseAddr(s)); got != netip.MustParseAddr(s) {
			t.Errorf("%s: got %s, want it as it is", s, got)
		}
	}
}
