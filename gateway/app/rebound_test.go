package app_test

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// ownName is a host name that resolves to this machine only.
func ownName(t *testing.T) string {
	t.Helper()
	host, _ := os.Hostname()
	for _, name := range []string{host, "ip6-localhost", "ip6-loopback"} {
		ips, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip", name)
		if _, literal := netip.ParseAddr(name); err == nil && literal != nil &&
			name != "localhost" && len(ips) == 1 {
			return name
		}
	}
	t.Skip("this machine has no name in its hosts file but localhost")
	return ""
}

// TestTheDriverLooksWhereANameLeads: the gateway does not resolve the names of registered devices
// before a driver serves them; the real driver, which knows the limits, does not connect.
func TestTheDriverLooksWhereANameLeads(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	t.Parallel()
	name := ownName(t)
	ln, err := net.Listen("tcp", ":0")
	ok(t, err)
	came := make(chan struct{}, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	s := newSchool(t)
	c := configOf(s.dir)
	c.Drivers = []config.Driver{{Name: "modbus", Path: builtDriver(t, "modbus")}}
	r := s.runWith(t, c)
	p, err := fleet.ParseProfile("profile", []byte("id: boiler\ntitle: Boiler\ntype: sensor\n"+
		"properties:\n  heat: {title: Heat, type: number, forms: {register: 'holding:0'}}\n"))
	ok(t, err)
	ok(t, r.view().Fleet.PutProfile(t.Context(), p))
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	_, _, err = r.view().Fleet.CreateDevice(t.Context(), g.Device{
		ID:     boilerID,
		School: killSchool,
		Zone:   "zone", Driver: "modbus", Profile: "boiler", Name: "Boiler", Enabled: true,
		Address: map[string]string{"address": net.JoinHostPort(name, port)},
	}, nil)
	ok(t, err)
	eventually(t, "that the driver says where the name leads", func() bool {
		row, err := r.view().Fleet.Device(t.Context(), boilerID)
		return err == nil && row.Twin.State == g.StateOffline &&
			strings.Contains(row.Twin.Reason, "reach.this_machine")
	})
	if len(came) > 0 {
		t.Error("the driver has connected to the gateway's own machine")
	}
}
