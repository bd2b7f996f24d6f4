// Command mqtt is the driver for devices whose MQTT broker is not the gateway's own: an
// installer's mosquitto, a Zigbee or LoRaWAN bridge, a vendor's cloud. The device's profile
// says which topic and which part of a JSON payload each property comes from. A message is
// acknowledged to the broker once the gateway has it on disk.
//
// It refuses wildcards: every topic belongs to one device. It commands nothing.
package main

import "github.com/gatehouse-iot/gatehouse/drivers"

func main() { drivers.Serve(newDriver()) }
