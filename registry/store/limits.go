package store

// What is kept of what people and programs write: characters of a text, entries of a list. The
// API's document says the same numbers, and a test of the API holds each of them against a
// registry.
const (
	MaxTitle    = 200  // the name of a school, a place or a device; a full name
	MaxName     = 100  // the name of a person, a key or a session; who gave a consent
	MaxLabel    = 40   // a number, a class, a telephone number
	MaxReason   = 500  // why something is done or looked at; a note
	MaxSerial   = 200  // a maker's serial number
	MaxURL      = 2000 // where a webhook is posted to
	MaxGuardian = 10   // of a person

	MaxCredential = 256 // a card's number, a code's text

	MaxAddress      = 64   // entries of a device's address, and of its secret
	MaxAddressKey   = 64   // the name of an entry
	MaxAddressValue = 2000 // the value of an entry
	MaxSecretValue  = 4000 // the same of a secret: a key in PEM

	MaxClasses = 500 // of a session
	MaxZones   = 100 // of a session
)
