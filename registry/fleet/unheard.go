package fleet

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Unheard returns when those of the devices that are no longer heard were heard last: whether what
// they reported then is still so, nobody knows. Devices that were never heard are absent. It does
// not check the scope: the caller must.
func Unheard(
	ctx context.Context, c store.Conn, ids []g.DeviceID,
) (map[g.DeviceID]time.Time, error) {
	out := map[g.DeviceID]time.Time{}
	for part := range slices.Chunk(ids, store.Chunk) {
		q := "SELECT d.id, t.last_seen FROM devices d JOIN twins t ON t.device = d.id WHERE " +
			"t.last_seen > 0 AND (d.enabled = 0 OR t.state IN (?, ?)) AND d.id IN (" +
			store.Marks(len(part)) + ")"
		args := append([]any{string(g.StateOffline), string(g.StateDriverDown)}, store.Anys(part)...)
		err := store.Each(ctx, c, q, args, func(scan func(...any) error) error {
			var id g.DeviceID
			var seen int64
			err := scan(&id, &seen)
			out[id] = store.Moment(seen)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("find devices that are no longer heard: %w", err)
		}
	}
	return out, nil
}
