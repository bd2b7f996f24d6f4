package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// deviceAlert is what the gateway tells of one device by itself, on the wall of its school.
type deviceAlert struct {
	rule          string // after g.DeviceRule
	severity      g.Severity
	title, text   string
	titleZH       string
	textZH        string
	firing        bool      // it holds until it is ended; else it is told once
	since         time.Time // with device and rule it makes the alert's id, so that twice is once
	distinguished string    // tells two of the same instant apart
}

func (x deviceAlert) alert(d g.Device) g.Alert {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d %s", d.School, d.ID, x.rule, x.since.UnixMicro(), x.distinguished))
	at := x.since.UTC().Truncate(time.Microsecond)
	return g.Alert{
		ID:        g.AlertID("alt_" + hex.EncodeToString(sum[:8])),
		School:    d.School,
		Rule:      g.RuleID(g.DeviceRule + x.rule),
		Severity:  x.severity,
		State:     g.AlertOpen,
		Title:     x.title,
		TitleZH:   x.titleZH,
		Text:      x.text,
		TextZH:    x.textZH,
		Device:    d.ID,
		Zone:      d.Zone,
		Firing:    x.firing,
		Audible:   x.severity == g.Critical,
		Count:     1,
		Opened:    at,
		LastFired: at,
	}
}

// tellDevice writes alerts about devices.
func (a *App) tellDevice(ctx context.Context, alerts ...g.Alert) error {
	return a.reg.In(g.SystemScope("watch")).ApplyEffects(ctx, registry.Effects{Alerts: alerts})
}

func byARule(c g.DeviceCommand) bool { return strings.HasPrefix(c.By, byRule) }

// tellCommand says on the wall that a command did not reach its device. That of a rule may
// have been to open doors in a fire: it is graver than that of a person who looks on.
func (a *App) tellCommand(ctx context.Context, c g.DeviceCommand) {
	e, ok := a.directory.Known(c.Device)
	if !ok {
		return
	}
	x := deviceAlert{
		rule:          "command",
		severity:      g.Warning,
		title:         fmt.Sprintf("Not carried out: %s, %s", c.Action, e.Device.Name),
		titleZH:       fmt.Sprintf("命令未执行：%s，%s", c.Action, e.Device.Name),
		text:          fmt.Sprintf("%s (by %s): %s. Look whether the device is as it should be, and do it by hand or once more.", c.Action, c.By, c.Reason),
		textZH:        fmt.Sprintf("命令 %s（来自 %s）未送达或未确认：%s。请检查设备状态，手动处理或重新下发。", c.Action, c.By, c.Reason),
		since:         c.Made,
		distinguished: c.ID,
	}
	if byARule(c) {
		x.severity = g.Major
	}
	if err := a.tellDevice(ctx, x.alert(e.Device)); err != nil && ctx.Err() == nil {
		a.log.Error("that a command was not carried out could not be told", "device", c.Device, "error", err)
	}
}
