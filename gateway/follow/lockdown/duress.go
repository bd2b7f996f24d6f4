package lockdown

import (
	"context"
	"fmt"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// duress raises the silent alarm that somebody was made to pass: critical, without a sound, since
// whoever stands over them may hear it. An event that comes twice raises it once.
func (r *Reader) duress(ctx context.Context, e *g.Event) error {
	person, is := e.Occurrence.Duress()
	if !is {
		return nil
	}
	late, err := r.late(ctx, e)
	if err != nil {
		return err
	}
	where := r.Name(e.Device)
	a := g.Alert{
		ID:       g.AlertID("alt_" + strings.TrimPrefix(string(e.Occurrence.ID), "occ_")),
		School:   e.School,
		Rule:     g.DeviceRule + g.DuressAlarm,
		Severity: g.Critical,
		State:    g.AlertOpen,
		Title:    "Duress code: " + where,
		TitleZH:  "胁迫密码：" + where,
		Text: "Somebody is made to open this door. Nobody there knows of this alarm: do not call the " +
			"door, send no command to it, and call the police.",
		TextZH:    "有人被胁迫开门。现场无人知晓此警报：不要呼叫该门、不要向其发送命令，立即报警。",
		Device:    e.Device,
		Zone:      e.Zone,
		Person:    person,
		Count:     1,
		Opened:    e.Received,
		LastFired: e.Received,
		Seq:       e.Seq,
	}
	if late != "" {
		a.Text, a.TextZH = a.Text+" ("+late+")", a.TextZH+"（"+late+"）"
	}
	if err := r.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}}); err != nil {
		return fmt.Errorf("tell of a duress code: %w", err)
	}
	return nil
}
