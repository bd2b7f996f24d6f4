// Package webhooks is the API of webhooks, by which events are posted to a school's own server: the
// webhooks, their secrets, and what was sent.
//
// It posts nothing: that is the queue's, which it is given.
package webhooks

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Queue is the queue of what is posted to schools' own servers.
type Queue interface {
	// Check refuses an address that nothing may be posted to, with an error of the field url.
	Check(ctx context.Context, address string) error

	// Try queues a test event, whose id the list of deliveries shows.
	Try(ctx context.Context, w g.Webhook, id string) error

	// Wake makes the queue look what is due, after something was sent again by hand.
	Wake()
}

// area is what the operations use.
type area struct {
	*gate.Gate
	queue Queue
}

// Register adds the operations.
func Register(r *gate.Gate, q Queue) {
	s := &area{r, q}
	s.Words(words)
	s.registerWebhooks()
}
