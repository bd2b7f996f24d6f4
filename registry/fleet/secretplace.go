package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// sameplace reports whether an address key cannot affect who receives a device's secret. All
// unknown keys may, since the registry does not know the drivers: it may ask for a secret too
// often, but never too rarely.
func sameplace(key string) bool {
	return slices.Contains([]string{
		"username", "client_id", "topic", "availability", "available", "unavailable", "sightings",
		"time",
		"timezone", "direction", "transport",
	}, key)
}

// secretMoves returns the changed part of a device that affects who receives its secret: "driver",
// or "address." and a key; "" if none.
func secretMoves(old, d g.Device) string {
	if old.Driver != d.Driver {
		return "driver"
	}
	keys := map[string]bool{}
	for k := range old.Address {
		keys[k] = true
	}
	for k := range d.Address {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		before, after := strings.TrimSpace(old.Address[k]), strings.TrimSpace(d.Address[k])
		if before != after && !sameplace(k) && !measure(k, before, after) &&
			!store.SameHost(before, after) {
			return "address." + k
		}
	}
	return ""
}

// measure reports whether both values are numbers or durations, and the key is not a port or a
// unit.
func measure(key, before, after string) bool {
	if strings.Contains(key, "port") || strings.Contains(key, "unit") {
		return false
	}
	number := func(s string) bool {
		if s == "" {
			return true
		}
		_, err := strconv.ParseFloat(s, 64)
		if err != nil {
			_, err = time.ParseDuration(s)
		}
		return err == nil
	}
	return number(before) && number(after)
}

// keepsSecret refuses to keep a stored secret for a device that now leads elsewhere.
func keepsSecret(
	ctx context.Context, t *store.Tx, old, d g.Device, secret map[string]string,
) error {
	moved := secretMoves(old, d)
	if moved == "" || secret != nil {
		return nil
	}
	n := 0
	q := "SELECT COUNT(*) FROM devices WHERE id = ? AND secret_sealed IS NOT NULL AND " +
		"LENGTH(secret_sealed) > 0"
	if err := t.Row(ctx, q, string(d.ID)).Scan(&n); err != nil {
		return fmt.Errorf("read device: %w", err)
	}
	if n == 0 {
		return nil
	}
	return g.FieldErrorf("secret",
		"%s changed, and the stored secret goes only where it was given for: "+
			"give the secret again, or an empty one (\"password\": \"\") where there is none any "+
			"more", moved)
}
