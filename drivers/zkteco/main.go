// Command zkteco is the driver for attendance and access terminals that speak the PUSH protocol
// (also called ADMS or iclock) over HTTP: the terminal calls the driver, pushes its log and fetches
// commands.
//
// The protocol authenticates a terminal by its serial number only. The driver therefore refuses
// unregistered serial numbers, can bind a terminal to an address, a token or a client certificate,
// and speaks TLS if it is given a certificate. It discards photographs, templates and names that a
// terminal offers.
package main

import "github.com/gatehouse-iot/gatehouse/drivers"

func main() {
	d := newDriver()
	defer d.close()
	drivers.Serve(d)
}
