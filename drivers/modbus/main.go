// Command modbus is the driver for equipment that speaks Modbus TCP or RTU (Modbus Application
// Protocol V1.1b3): sensors, meters, fire and gas panels, relays. The device's profile maps
// registers to properties.
//
// It refuses to guess: a register that the equipment refuses is reported with the exception, and a
// response that does not match the request is never read as a value.
package main

import "github.com/gatehouse-iot/gatehouse/drivers"

func main() { drivers.Serve(newDriver()) }
