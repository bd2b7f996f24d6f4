package store

// Limits of texts in characters, and of lists in entries. The API's document repeats these numbers,
// and a test of the API compares each of them with a registry.
const (
	MaxTitle    = 200  // name of a school, a place or a device; a full name
	MaxName     = 100  // name of a person, a key or a session; who gave a consent
	MaxLabel    = 40   // a number, a class, a telephone number
	MaxReason   = 500  // why something is done or viewed; a note
	MaxSerial   = 200  // manufacturer's serial number
	MaxURL      = 2000 // URL of a webhook
	MaxGuardian = 10   // of a person

	MaxCredential = 256 // a card's number, a code's text

	MaxAddress      = 64   // entries of a device's address, and of its secret
	MaxAddressKey   = 64   // the name of an entry
	MaxAddressValue = 2000 // the value of an entry
	MaxSecretValue  = 4000 // the same of a secret: a key in PEM

	MaxClasses = 500 // of a session
	MaxZones   = 100 // of a session
)
