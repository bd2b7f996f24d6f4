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
	Files  int // that the process may open; 0: nobody says, and what is configured holds
	HTTP   int
	MQTT   int
	Wanted int // devices at a time, as configured
}

// Share divides what the process may open.
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

// Bounds are those of the API's listener: so many of one address that did not sign in. Everybody
// comes from a reverse proxy's address, so that addresses are not counted behind one.
func (p Places) Bounds(perAddress int, proxy bool) listen.Bounds {
	if proxy {
		perAddress = 0
	}
	return listen.Within(p.HTTP, perAddress)
}
