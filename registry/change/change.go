// Package change lists the kinds of objects whose changes a commit reports, so that writers and
// followers use the same words. It refuses to know what an object contains, and the store that
// reports changes does not act on them.
package change

// Kind is the kind of an object that changed.
type Kind string

// The kinds.
const (
	School   Kind = "school"
	Site     Kind = "site"
	Building Kind = "building"
	Floor    Kind = "floor"
	Zone     Kind = "zone"
	Setting  Kind = "setting" // the ID is its key

	Profile Kind = "profile"
	Device  Kind = "device"
	Desired Kind = "desired" // the desired values of a device's twin
	Fields  Kind = "fields"  // what a device reports beyond its profile
	Command Kind = "command" // the ID is the device's

	Person  Kind = "person"
	Consent Kind = "consent" // the ID is the person's, as for Face and Pass
	Face    Kind = "face"
	Pass    Kind = "pass" // any credential except a face

	User    Kind = "user"
	Key     Kind = "key"
	Webhook Kind = "webhook"

	Channel  Kind = "channel" // by which messages are sent
	Contact  Kind = "contact" // addresses and wishes; the ID is the user's or person's
	Template Kind = "template"
	Message  Kind = "message"
	Rule     Kind = "rule" // of a school; the ID is that of its text

	Procedure Kind = "procedure" // the school is empty for one of the gateway's files

	Calendar  Kind = "calendar"  // an entry
	Timetable Kind = "timetable" // a pattern, a template or its days, a change of a day

	Visit     Kind = "visit"
	Muster    Kind = "muster"
	Exception Kind = "exception" // who looks after it, or that it is settled
	Diet      Kind = "diet"      // or the meals of a class; the ID is the person's or the class

	Session Kind = "session" // or corrections of its attendance
	Leave   Kind = "leave"

	Collector Kind = "collector" // or a hand-over; the ID is the pupil's

	Guardians Kind = "guardians" // their page, or a code that is to be sent

	LeaveRequest Kind = "leave_request" // or the chain that answers them

	Suppression Kind = "suppression"

	Lockdown Kind = "lockdown" // a threat level, raised, ended or configured

	Rota       Kind = "rota" // or its overrides
	Escalation Kind = "escalation"
	Call       Kind = "call" // the ID is the alert's
)
