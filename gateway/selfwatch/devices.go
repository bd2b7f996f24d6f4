package selfwatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// DeviceAlert is an alert about one device that the gateway raises itself, for the device's school.
type DeviceAlert struct {
	Rule     string // after g.DeviceRule
	Severity g.Severity
	Title    string
	TitleZH  string
	Text     string
	TextZH   string
	Firing   bool      // it fires until it is ended; else it is raised once
	Since    time.Time // part of the alert's id: raising it again changes nothing
	Apart    string    // tells two alerts of the same instant apart
}

// Alert makes the alert about d.
func (x DeviceAlert) Alert(d g.Device) g.Alert {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d %s", d.School, d.ID, x.Rule,
		x.Since.UnixMicro(), x.Apart))
	at := x.Since.UTC().Truncate(time.Microsecond)
	return g.Alert{
		ID:        g.AlertID("alt_" + hex.EncodeToString(sum[:8])),
		School:    d.School,
		Rule:      g.RuleID(g.DeviceRule + x.Rule),
		Severity:  x.Severity,
		State:     g.AlertOpen,
		Title:     x.Title,
		TitleZH:   x.TitleZH,
		Text:      x.Text,
		TextZH:    x.TextZH,
		Device:    d.ID,
		Zone:      d.Zone,
		Own:       true,
		Firing:    x.Firing,
		Audible:   x.Severity == g.Critical,
		Count:     1,
		Opened:    at,
		LastFired: at,
	}
}

// Devices writes the alerts about devices that the gateway raises itself.
type Devices struct{ View *registry.View }

// Tell writes alerts about devices.
func (d Devices) Tell(ctx context.Context, told ...g.Alert) error {
	return d.View.Alerts.Apply(ctx, alerts.Effects{Alerts: told})
}

// Firing are the alerts of a kind that fire, by device.
func (d Devices) Firing(ctx context.Context, rule string) (map[g.DeviceID]g.Alert, error) {
	out := map[g.DeviceID]g.Alert{}
	f := alerts.Filter{RulePrefix: g.DeviceRule + rule}
	err := EachFiring(ctx, d.View, f, func(x g.Alert) {
		if _, ok := out[x.Device]; !ok {
			out[x.Device] = x
		}
	})
	return out, err
}

// End ends the alerts of a kind about a device.
func (d Devices) End(ctx context.Context, id g.DeviceID, rule string, now time.Time) error {
	var over []g.Alert
	f := alerts.Filter{
		Device:     id,
		RulePrefix: g.DeviceRule + rule,
	}
	err := EachFiring(ctx, d.View, f, func(x g.Alert) { over = append(over, Ended(x, now)) })
	if err != nil || len(over) == 0 {
		return err
	}
	return d.Tell(ctx, over...)
}

// Ended returns an alert as resolved by the gateway.
func Ended(x g.Alert, now time.Time) g.Alert {
	x.Firing = false
	x.State = g.AlertResolved
	x.Resolved = now.UTC()
	x.Comment = wellAgain
	return x
}

// EachFiring calls f for every alert of a list that fires, newest first, over all its pages: after
// one page alone, the others of a large fleet would fire for ever. Alerts that somebody closed
// while they fire are included.
func EachFiring(
	ctx context.Context, view *registry.View, filter alerts.Filter, f func(g.Alert),
) error {
	filter.Page = registry.Page{Limit: 1000}
	for {
		rows, next, err := view.Alerts.List(ctx, filter)
		if err != nil {
			return err
		}
		for _, row := range rows {
			// The list's own prefix is a pattern, in which "_" is any character.
			if row.Firing && strings.HasPrefix(string(row.Rule), filter.RulePrefix) {
				f(row.Alert)
			}
		}
		if next == "" {
			return nil
		}
		filter.Cursor = next
	}
}
