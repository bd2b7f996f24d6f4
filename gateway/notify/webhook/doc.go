// Package webhook is the channel that posts events to servers of a school's own: CloudEvents 1.0
// in structured mode, signed as Standard Webhooks 1.0 asks, to addresses that may be reached.
//
// It refuses to retry, to follow redirects, and to decide who gets what: it posts one message and
// returns the outcome.
package webhook
