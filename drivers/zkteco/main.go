// Command zkteco is the driver for attendance and access terminals that speak the PUSH
// protocol (also called ADMS or iclock) over HTTP: the terminal calls the driver, pushes its
// log and fetches commands.
//
// The protocol knows no credential but the serial number, so the driver refuses serial
// numbers that are not registered, can pin a terminal to its address, and speaks TLS where
// it is given a certificate. Photographs, templates and names that a terminal offers are
// thrown away unread.
package main

import "github.com/gatehouse-iot/gatehouse/drivers"

func main() {
	d := newDriver()
	defer d.close()
	drivers.Serve(d)
}
