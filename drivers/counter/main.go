// Command counter is the driver for tills, class boards and kiosks of any vendor: an open protocol
// of JSON over HTTP and WebSocket (README.md), and a till as a page for any tablet.
//
// A device proves itself with its serial number and a secret of its own. What it shows of people is
// what the answer to one of its own questions says; the driver keeps nothing of it.
package main

import "github.com/gatehouse-iot/gatehouse/drivers"

func main() {
	d := newDriver()
	defer d.close()
	drivers.Serve(d)
}
