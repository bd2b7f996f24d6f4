package intake

import (
	"maps"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of what is remembered about devices whose clocks are wrong. Of devices beyond them it is
// told with every message.
const (
	maxClocks = 50_000
	clockTold = time.Hour
)

// clocks remembers of which devices it was told that their clocks are wrong: once an hour, since a
// detector says the same with every message. It is safe for concurrent use.
type clocks struct {
	mu   sync.Mutex
	told map[g.DeviceID]time.Time
}

// note says whether it is due to tell that the device's clock is wrong.
func (c *clocks) note(id g.DeviceID, now time.Time) (due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.told[id]; ok && now.Sub(at).Abs() < clockTold {
		return false
	}
	if len(c.told) >= maxClocks {
		maps.DeleteFunc(c.told, func(_ g.DeviceID, at time.Time) bool {
			return now.Sub(at).Abs() >= clockTold
		})
	}
	if c.told == nil {
		c.told = map[g.DeviceID]time.Time{}
	}
	if len(c.told) < maxClocks {
		c.told[id] = now
	}
	return true
}
