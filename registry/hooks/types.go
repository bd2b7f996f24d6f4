package hooks

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID      int64       `json:"id"`
	Webhook g.WebhookID `json:"webhook"`
	EventID string      `json:"event_id"`
	Seq     uint64      `json:"seq"`
	// deliveries of one subject are posted in order; empty: in any order
	Subject  string    `json:"subject,omitempty"`
	Body     []byte    `json:"-"`
	Attempt  int       `json:"attempt"`
	Next     time.Time `json:"next,omitzero"`
	Status   int       `json:"status"` // HTTP status of the last attempt; 0: no response
	Error    string    `json:"error,omitempty"`
	Done     bool      `json:"done"`
	Created  time.Time `json:"created"`
	Finished time.Time `json:"finished,omitzero"`
}
