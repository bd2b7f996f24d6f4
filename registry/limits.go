package registry

// What is kept of what people and programs write: characters of a text, entries of a list. The
// API's document says the same numbers, and a test of the API holds each of them against a
// registry.
const (
	maxTitle    = 200  // the name of a school, a place or a device; a full name
	maxName     = 100  // the name of a person, a key or a session; who gave a consent
	maxLabel    = 40   // a number, a class, a telephone number
	maxReason   = 500  // why something is done or looked at; a note
	maxSerial   = 200  // a maker's serial number
	maxURL      = 2000 // where a webhook is posted to
	maxGuardian = 10   // of a person

	maxCredential = 256 // a card's number, a code's text

	maxAddress      = 64   // entries of a device's address, and of its secret
	maxAddressKey   = 64   // the name of an entry
	maxAddressValue = 2000 // the value of an entry
	maxSecretValue  = 4000 // the same of a secret: a key in PEM

	maxClasses = 500 // of a session
	maxZones   = 100 // of a session
)
