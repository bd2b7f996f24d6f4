// Package driverpb is the driver contract on the wire: the messages generated from driver.proto,
// the limits that both ends enforce, and the conversion from and to the domain's types. It is for
// package drivers, which a vendor imports, and package host, which the gateway runs; it opens no
// connection and starts no goroutine.
package driverpb

//go:generate ./generate.sh

// The handshake before gRPC. The cookie is no secret: it tells a driver program whether a gateway
// or a person started it.
const (
	CookieKey   = "GATEHOUSE_DRIVER"
	CookieValue = "2d6b8f5e0c1947a3"
	PluginName  = "driver"

	// RateKey is the session metadata with the number of observations a second that the gateway
	// accepts from one device.
	RateKey = "gatehouse-device-rate"
)

// Limits, in observations and bytes.
const (
	MaxMessage  = 16 << 20 // one message, in either direction
	MaxBatch    = 256      // observations in a batch
	BatchBytes  = 1 << 20  // a batch is not extended beyond this size
	WindowBytes = 32 << 20 // unacknowledged observations of a program
	MaxText     = 2048     // an error's message
	MaxAsk      = 4 << 10  // one question
)
