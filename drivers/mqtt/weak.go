package main

import (
	"net/url"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// Assess implements drivers.Assessor: it rates the connection to the broker. How the device
// authenticates to the broker is unknown.
func (d *driver) Assess(dev drivers.Device) gatehouse.Weakness {
	set, err := parseSettings(dev)
	if err != nil {
		return ""
	}
	u, err := url.Parse(set.broker)
	switch {
	case err != nil:
		return ""
	case drivers.ThisMachine(u.Hostname()):
		return gatehouse.WeakNone
	case set.password == "":
		return gatehouse.WeakNoPassword
	case u.Scheme == "tcp" || u.Scheme == "mqtt" || u.Scheme == "ws":
		return gatehouse.WeakPlainText
	}
	return gatehouse.WeakNone
}
