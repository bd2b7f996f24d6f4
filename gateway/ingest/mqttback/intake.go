package mqttback

import (
	"context"
	"strings"

	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Intake hands publications to the intake.
type Intake struct {
	To      *intake.Intake
	Journal *journal.Journal
}

// Publish hands over a publication; done is called once it is on disk.
func (m Intake) Publish(
	id mqttfront.Identity, topic string, payload []byte, retain bool, done func(error),
) error {
	return m.PublishOnce(
		id,
		topic,
		payload,
		retain,
		"",
		done,
	)
}

// PublishOnce is Publish of what may be handed over again under the same name.
func (m Intake) PublishOnce(
	id mqttfront.Identity, topic string, payload []byte, _ bool, once string, done func(error),
) error {
	kind := strings.TrimPrefix(topic, mqttfront.Topic(id, ""))
	return m.To.Message(
		context.Background(),
		id.Device,
		kind,
		payload,
		once,
		done,
	)
}

// Mark is a position before everything that is handed over later.
func (m Intake) Mark() uint64 { return m.Journal.Newest() }

// Known sets seen to true for the names that are in the journal after a mark, which lies shortly
// before the last stop.
func (m Intake) Known(ctx context.Context, after uint64, seen map[string]bool) error {
	ids := make(map[string]string, len(seen))
	for once := range seen {
		ids[intake.OnceID(once)] = once
	}
	for {
		records, err := m.Journal.ReadFrom(ctx, after, follow.Batch)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			after = r.Seq
			e, err := event.Decode(r.Seq, r.Data)
			if err != nil {
				continue // the readers report it
			}
			if once, ok := ids[e.ID]; ok {
				seen[once] = true
			}
		}
	}
}

// Reject journals what the listener refuses for its topic.
func (m Intake) Reject(
	id mqttfront.Identity, topic string, _ []byte, _ string, done func(error),
) error {
	return m.To.Refuse(context.Background(), id.Device, "mqtt "+topic, done)
}
