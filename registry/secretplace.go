package registry

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// sameplace are the keys of an address that never say to whom a device's secret is told. Any
// other key may, whoever wrote the driver: the registry knows none, so it asks once too often
// rather than once too seldom.
func sameplace(key string) bool {
	return slices.Contains([]string{
		"username", "client_id", "topic", "availability", "available", "unavailable", "sightings", "time",
		"timezone", "direction", "transport",
	}, key)
}

// secretMoves names the part of a device that decides where its secret goes and that changes:
// "driver", or "address." and a key; "" where the secret goes where it always did.
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
		if before != after && !sameplace(k) && !measure(k, before, after) && !sameHost(before, after) {
			return "address." + k
		}
	}
	return ""
}

// measure says whether both values are a number or a time span that is no port and no unit.
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

// sameHost says whether two addresses differ in the path alone.
func sameHost(before, after string) bool {
	a, okA := origin(before)
	b, okB := origin(after)
	return okA && okB && a == b
}

// origin is the scheme, host and port of an address such as rtsp://10.0.0.5:554/1. ok is
// false where it is none, also where two readers could take it for different ones.
func origin(s string) (o string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.Opaque != "" || u.User != nil || strings.ContainsAny(s, "\\@") {
		return "", false
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{
			"http": "80", "https": "443", "rtsp": "554", "rtsps": "322", "ws": "80", "wss": "443",
			"tcp": "1883", "mqtt": "1883", "ssl": "8883", "tls": "8883", "mqtts": "8883",
		}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port), true
}

// keepsSecret asks for a stored secret again where the device would now lead elsewhere and none
// is given.
func keepsSecret(ctx context.Context, t *store.Tx, old, d g.Device, secret map[string]string) error {
	moved := secretMoves(old, d)
	if moved == "" || secret != nil {
		return nil
	}
	n := 0
	q := "SELECT COUNT(*) FROM devices WHERE id = ? AND secret_sealed IS NOT NULL AND LENGTH(secret_sealed) > 0"
	if err := t.Row(ctx, q, string(d.ID)).Scan(&n); err != nil {
		return fmt.Errorf("read device: %w", err)
	}
	if n == 0 {
		return nil
	}
	return g.FieldErrorf("secret", "%s changed, and the stored secret goes only where it was given for: "+
		"give the secret again, or an empty one (\"password\": \"\") where there is none any more", moved)
}
