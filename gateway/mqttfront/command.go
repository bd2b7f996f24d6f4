package mqttfront

import (
	"fmt"
	"time"
)

// Command publishes to a device at up to QoS 1. For a device that is away it waits for at
// most life: a door must not open because of what somebody wished an hour ago. It returns
// ErrNoSubscriber when nobody takes it, now or later.
func (f *Front) Command(topic string, payload []byte, life time.Duration) error {
	if !validTopic([]byte(topic)) {
		return fmt.Errorf("command %q: not a topic name", topic)
	}
	m := &message{topic: topic, payload: payload, qos: 1, expires: f.now().Add(life)}
	if err := f.spread(m, nil); err != nil {
		return fmt.Errorf("command %s: %w", topic, err)
	}
	return nil
}
