// Package driverpb is the driver contract on the wire: the messages generated from
// driver.proto, the bounds that both ends keep, and the translation of the domain's words.
// Only package drivers, which a vendor imports, and package host, which the gateway runs,
// have a use for it; it opens nothing and starts nothing.
package driverpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative driver.proto

// What the two ends say to each other before gRPC begins. The cookie is no secret: it tells
// a driver program whether a gateway or a person started it.
const (
	CookieKey   = "GATEHOUSE_DRIVER"
	CookieValue = "2d6b8f5e0c1947a3"
	PluginName  = "driver"

	// RateKey names the metadata with which the gateway begins a session: how many observations
	// a second it takes of one device.
	RateKey = "gatehouse-device-rate"
)

// Bounds, in observations and bytes.
const (
	MaxMessage  = 16 << 20 // one message, either way
	MaxBatch    = 256      // observations in a batch
	BatchBytes  = 1 << 20  // a batch is sent when it has grown to this
	WindowBytes = 32 << 20 // observations emitted and not yet acknowledged, per program
	MaxText     = 2048     // an error's message
	MaxAsk      = 4 << 10  // a question
)
