package config

import (
	"fmt"
	"net"
	"net/netip"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// plainText refuses listeners without TLS on addresses that others reach, unless the
// configuration says that this is meant: passwords of people and devices would go over the
// network in clear.
func (c *Config) plainText() error {
	if c.PlainText {
		return nil
	}
	if c.HTTP.TLS.Certificate == "" && open(c.HTTP.Listen) {
		return inClear("http.listen", c.HTTP.Listen, "set http.tls")
	}
	if open(c.MQTT.Listen) {
		return inClear("mqtt.listen", c.MQTT.Listen, `write "" and set mqtt.listen_tls`)
	}
	for i, d := range c.Drivers {
		if listen := d.Settings["listen"]; listen != "" && d.Settings["cert"] == "" &&
			open(listen) {
			return inClear(fmt.Sprintf("drivers[%d].settings", i), listen, "set cert and key")
		}
	}
	return nil
}

func inClear(key, addr, mend string) error {
	return g.FieldErrorf(key,
		"%s is open to the network without TLS, where passwords can be read on the way: %s, or "+
			"127.0.0.1 for this machine alone; "+
			"plain_text: true allows it (behind a proxy of yours, in a container, or in a "+
			"network of the devices' own)",
		addr, mend)
}

// DriverListens applies the same check to the settings that a driver is about to get, its own
// defaults included: only then is it known where it will listen.
func (c *Config) DriverListens(
	_ g.DriverName, fields []drivers.Field, settings map[string]string,
) error {
	if c.PlainText || settings["cert"] != "" {
		return nil
	}
	for _, f := range fields {
		if addr := settings[f.Key]; (f.Kind == drivers.FieldListen || f.Key == "listen") &&
			open(addr) {
			return inClear("settings."+f.Key, addr, "set cert and key")
		}
	}
	return nil
}

// open says whether other machines may reach a listener on the address; every name but "localhost"
// counts as reachable.
func open(addr string) bool {
	if addr == "" {
		return false
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}
