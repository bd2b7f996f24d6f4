// Package hooks keeps webhooks and the deliveries to them. It refuses a kind of event that the
// webhook's maker may not read, and it posts nothing.
package hooks
