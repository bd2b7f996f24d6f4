// Package hooks keeps webhooks and their deliveries. It refuses kinds of events that the webhook's
// maker may not read. It makes no requests.
package hooks
