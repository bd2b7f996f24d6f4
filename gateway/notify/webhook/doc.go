// Package webhook is the channel that posts events to servers of a school's own: CloudEvents 1.0
// in structured mode, signed as Standard Webhooks 1.0 asks, to addresses that may be reached.
//
// It refuses to try again, to follow a redirect, and to know who wants what: it posts one message
// and says what came of it.
package webhook
