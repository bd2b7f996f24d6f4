// Package change is the list of the kinds of thing of whose changes a commit tells: whoever writes
// one and whoever follows it mean the same word. It refuses to know what a thing is made of, and
// the store that tells of changes decides nothing by them.
package change

// Kind says what kind of thing is another now.
type Kind string

// The kinds.
const (
	School   Kind = "school"
	Site     Kind = "site"
	Building Kind = "building"
	Zone     Kind = "zone"
	Setting  Kind = "setting" // the id is its key

	Profile Kind = "profile"
	Device  Kind = "device"
	Desired Kind = "desired" // of a device's twin
	Fields  Kind = "fields"  // what a device reports beside its profile
	Command Kind = "command" // the id is the device's

	Person  Kind = "person"
	Consent Kind = "consent" // the id is the person's, as of Face and Pass
	Face    Kind = "face"
	Pass    Kind = "pass" // a card, a code: all but a face

	User    Kind = "user"
	Key     Kind = "key"
	Webhook Kind = "webhook"

	Session Kind = "session" // and the corrections of its answers
	Leave   Kind = "leave"
)
