// Command modbus is the driver for equipment that speaks Modbus TCP or RTU (Modbus
// Application Protocol V1.1b3): sensors, meters, fire and gas panels, relays. Which
// registers mean what is said by the device's profile.
//
// It refuses to guess: a register that the equipment does not have is named with the
// exception, and a reply that is not to the question asked is never read as one.
package main

import "github.com/gatehouse-iot/gatehouse/drivers"

func main() { drivers.Serve(newDriver()) }
