// Package notify is the one delivery queue of the gateway: who gets an event, in which order, when
// it is due, how often it is tried, and when a target is given up.
//
// The queue is kept in the registry, so that it survives a restart; a message may be sent twice.
// The package does not know how anything is sent: a Channel sends one message and returns an
// Outcome, and the queue does the rest.
package notify
