package mqttfront

import (
	"context"
	"fmt"
	"time"
)

// What the tests do to a front beside what the gateway does.

// Subscribed tells whether anybody is subscribed to a topic, connected or away.
func (f *Front) Subscribed(topic string) bool {
	to, _, _ := f.tree.find(topic)
	return len(to) > 0
}

// Command is Tell without waiting for the acknowledgement.
func (f *Front) Command(topic string, payload []byte, life time.Duration) error {
	_, err := f.Tell(topic, payload, life, nil)
	return err
}

// Publish sends a message that does not expire, and may be retained.
func (f *Front) Publish(topic string, payload []byte, retain bool) error {
	return f.spread(&message{topic: topic, payload: payload, qos: 1, retain: retain}, nil)
}

// Send publishes and waits until a subscriber has acknowledged it, or ctx ends.
func (f *Front) Send(ctx context.Context, topic string, payload []byte) error {
	m := &message{topic: topic, payload: payload, qos: 1}
	acked := make(chan error, 1)
	f.ask(m, time.Hour, func(err error) { acked <- err })
	defer f.unask(m)
	if err := f.spread(m, func(t target) bool { return t.sub.qos > 0 }); err != nil {
		return err
	}
	select {
	case err := <-acked:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no acknowledgement from the device: %w", ctx.Err())
	}
}
