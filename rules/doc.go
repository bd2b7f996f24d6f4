// Package rules turns events into alerts and sightings into attendance.
//
// The Engine holds every rule's state: what is pending, firing or recently seen. It does no I/O and
// has no clock: events and the time are arguments, effects are results, and the same events in the
// same order always give the same effects with the same IDs. Attend is a pure function from a day's
// sightings and the school's versioned inputs to attendance.
//
// The package does not store or send anything, nor know who acknowledged an alert in the registry.
// Replayed history never raises alerts, and a missing or stale value proves nothing. README.md is
// the manual of the rule language.
package rules
