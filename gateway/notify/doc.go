// Package notify is the one queue of what the gateway tells others: who gets an event, in which
// order, when it is due, how often it is tried, and when a target is given up.
//
// The queue is kept in the registry, so that it survives a restart; a message may be sent twice.
// The package does not know how anything is sent: a Channel is given one message and answers with
// an Outcome, and the queue does the rest.
package notify
