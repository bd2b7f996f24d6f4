package mqttfront

import (
	"fmt"
	"time"
)

// Told says how a command was sent.
type Told struct {
	There    bool // the device is connected
	Answered bool // it will acknowledge: it listens at QoS 1 or 2
}

// Tell publishes to a device at up to QoS 1. For a device that is away the message waits in its
// session, but for life at most: a door must not open because of a command of an hour ago. Tell
// returns ErrNoSubscriber when no session takes the message. taken, if not nil, is called at most
// once and within life, from a goroutine that must not be blocked: with nil when the device has
// acknowledged the message, else with its reason for refusing it. After a restart it is not called.
func (f *Front) Tell(
	topic string, payload []byte, life time.Duration, taken func(error),
) (told Told, err error) {
	if !validTopic([]byte(topic)) {
		return told, fmt.Errorf("command %q: not a topic name", topic)
	}
	m := &message{
		topic:   topic,
		payload: payload,
		qos:     1,
		expires: f.now().Add(life),
	}
	if taken != nil {
		f.ask(m, life, taken)
	}
	err = f.spread(m, func(t target) bool {
		told.There = told.There || t.s.online.Load()
		told.Answered = told.Answered || t.sub.qos > 0
		return true
	})
	if err != nil {
		f.unask(m)
		return told, fmt.Errorf("command %s: %w", topic, err)
	}
	return told, nil
}

// ask hands the acknowledgement of m to taken, if it comes within life.
func (f *Front) ask(m *message, life time.Duration, taken func(error)) {
	f.sending.Lock()
	defer f.sending.Unlock()
	f.told[m] = asking{
		taken: taken,
		timer: time.AfterFunc(life, func() { f.unask(m) }),
	}
}

func (f *Front) unask(m *message) (t asking, ok bool) {
	f.sending.Lock()
	defer f.sending.Unlock()
	if t, ok = f.told[m]; ok {
		t.timer.Stop()
		delete(f.told, m)
	}
	return t, ok
}

// asking is a command whose acknowledgement somebody waits for.
type asking struct {
	taken func(error)
	timer *time.Timer
}

// answer passes on the reason code of the device's acknowledgement.
func (t asking) answer(code byte) {
	if code >= 0x80 {
		t.taken(fmt.Errorf("the device refused it with reason 0x%02x", code))
		return
	}
	t.taken(nil)
}
