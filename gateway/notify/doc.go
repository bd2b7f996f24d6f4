// Package notify is the one queue of what the gateway tells others: who gets an event, in which
// order, when it is due, how often it is tried, and when a target is given up.
//
// What is queued is the registry's, so that it survives a restart; a message may come twice, but
// never not at all. The queue refuses to know how anything is sent: a Channel is given one
// message and answers with an Outcome, and the queue does the rest.
package notify
