package listeners

import (
	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

const (
	// reserved is what is kept of the process's file descriptors for its own files and its drivers.
	reserved = 256
	least    = 8 // places of a listener, however few descriptors there are
)

// Places is how many connections the listeners take, so that all of them together leave the stores
// and the drivers their descriptors.
type Places struct {
	Files  int // that the process may open; 0: unknown, and the configured limits apply
	HTTP   int
	MQTT   int
	Wanted int // devices at a time, as configured
}

// Share divides the process's file descriptors between the listeners.
func Share(files, http, mqtt int) Places {
	p := Places{
		Files:  files,
		HTTP:   http,
		MQTT:   mqtt,
		Wanted: mqtt,
	}
	if files == 0 {
		return p
	}
	rest := files - min(reserved, files/2)
	if p.HTTP+p.MQTT+mqttfront.Strangers(p.MQTT) > rest {
		p.HTTP = max(least, min(p.HTTP, rest/3))
		p.MQTT = max(least, min(p.MQTT, (rest-p.HTTP)*3/4))
	}
	return p
}

// Bounds are the limits of the API's listener; perAddress counts connections that have not signed
// in. Behind a reverse proxy all come from its address, so there is no limit per address.
func (p Places) Bounds(perAddress int, proxy bool) listen.Bounds {
	if proxy {
		perAddress = 0
	}
	return listen.Within(p.HTTP, perAddress)
}
