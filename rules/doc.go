// Package rules turns events into alerts and sightings into attendance.
//
// The Engine holds every rule's state: what is pending, what is firing, what was seen when.
// It does no I/O and asks no clock: events and the time enter as arguments, effects leave as
// values, and the same events in the same order always give the same effects with the same
// ids. Attend is a pure function from the day's sightings and the school's versioned inputs
// to everybody's attendance.
//
// The package refuses to store, to send and to decide about people's business: it does not
// know who acknowledged an alert, it never alarms on replayed history, and a value that it
// has not seen, or not lately, proves nothing. README.md is the manual of the rule language.
package rules
