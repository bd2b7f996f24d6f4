package webhooks

// words describes fields in the document, as the gate's Words takes them: those of
// webhooks and what was posted.
const words = `
url: Where events are posted to.
kinds: The kinds of event; empty: all but readings.
Delivery.webhook: The webhook's id.
Delivery.event_id: The event's id, which is the webhook-id header.
Delivery.attempt: How many attempts were made.
Delivery.next: When it is tried next.
Delivery.finished: When it was over.
Delivery.subject: What the event is about: an alert, an incident, a person or a device. Those of one subject are
	posted in order; a later one waits while an earlier one is tried again.
Delivery.status: The HTTP status of the last attempt; 0: none came.
Delivery.created: When it was queued.
Webhook.reason: Why the gateway disabled it.
`
