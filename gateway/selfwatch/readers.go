package selfwatch

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// When a part behind the journal is in trouble.
const (
	lagWarn      = 50_000          // events
	stuckAfter   = 5 * time.Minute // a reader that handles nothing though there is something
	heldWarn     = 50              // per cent of the journal's bound that are kept for one reader
	heldCritical = 80              //
)

// Readers watches the parts that follow the journal.
type Readers struct {
	Journal *journal.Journal
	// Held names a part that is held up, and why; "" where there is none.
	Held func() (part, why string)
	// Seen is how far a reader has come that commits its position only now and then; 0 for others.
	Seen func(reader string) uint64

	moved map[string]position
}

// position is where a reader stood when it last moved.
type position struct {
	seq uint64
	at  time.Time
}

// Subject watches the parts behind the journal.
func (r *Readers) Subject() Subject {
	r.moved = map[string]position{}
	return Subject{
		Check:    r.line,
		Troubles: r.troubles,
		Metrics: []Metric{{
			Name:  "journal_lag_events",
			Help:  "Events that the slowest part has not handled yet.",
			Value: r.worstLag,
		}},
	}
}

func (r *Readers) worstLag() float64 {
	var worst uint64
	for _, c := range r.Journal.Stat().Cursors {
		worst = max(worst, c.Lag)
	}
	return float64(worst)
}

func (r *Readers) line(_ context.Context, _ time.Time, s *api.Status) api.Check {
	st := r.Journal.Stat()
	for _, c := range st.Cursors {
		s.Cursors = append(s.Cursors, api.CursorLag{
			Name: c.Name,
			Lag:  c.Lag,
		})
	}
	if name, why := r.Held(); name != "" {
		return Line("processing", "critical",
			fmt.Sprintf("%s is held up and tries again: %s", name, why),
			fmt.Sprintf("%s 处理受阻，正在重试：%s", name, why))
	}
	for _, c := range st.Cursors {
		lag := min(c.Lag, st.Newest-min(st.Newest, r.Seen(c.Name)))
		if lag > lagWarn {
			return Line("processing", "warning",
				fmt.Sprintf("%s is %d events behind and catching up.", c.Name, lag),
				fmt.Sprintf("%s 落后 %d 条事件，正在追赶。", c.Name, lag))
		}
	}
	return Line("processing", "ok", "Every part keeps up with the events.", "各部分处理均无积压。")
}

// troubles reports each part behind the journal that stands still, and each for which so much of
// the journal is kept that ingest would soon have to stop.
func (r *Readers) troubles(now time.Time, told Told) []Trouble {
	var out []Trouble
	st := r.Journal.Stat()
	for _, c := range st.Cursors {
		at, ok := r.moved[c.Name]
		if !ok || at.seq != c.Seq || c.Lag == 0 || now.Before(at.at) {
			at = position{c.Seq, now}
			r.moved[c.Name] = at
		}
		t := Trouble{Rule: g.RuleID(g.GatewayRule + "reader-" + c.Name)}
		share, warn, critical := c.Held*100/max(st.MaxBytes, 1), int64(heldWarn), int64(
			heldCritical)
		if told.any(t.Rule) {
			warn -= 5
		}
		if told(t.Rule, g.Critical) {
			critical -= 5
		}
		en, zh := readerName(c.Name)
		switch {
		case share >= critical:
			t.Severity = g.Critical
			t.Title = "Far behind: " + en
			t.TitleZH = "严重积压：" + zh
		case now.Sub(at.at) >= stuckAfter && c.Name == "rules":
			t.Severity = g.Critical
			t.Title = "Held up: " + en
			t.TitleZH = "处理受阻：" + zh
		case now.Sub(at.at) >= stuckAfter:
			t.Severity = g.Major
			t.Title = "Held up: " + en
			t.TitleZH = "处理受阻：" + zh
		case share >= warn:
			t.Severity = g.Warning
			t.Title = "Behind: " + en
			t.TitleZH = "处理积压：" + zh
		default:
			continue
		}
		t.Text = fmt.Sprintf("%s: the gateway goes on taking data and keeps it in its journal "+
			"for this part, which makes up for it later. The status page says what holds it up. "+
			"Mend it before the journal is full (journal.max_bytes): then nothing more is taken.",
			en)
		t.TextZH = fmt.Sprintf("%s：网关仍在接收数据，并在日志中为其保留，恢复后会补上。受阻原因见状态页。请在日志写满（journal.max_bytes）之前排除，写满后将停止接收。",
			zh)
		out = append(out, t)
	}
	return out
}

// readerName is a journal reader's name for people.
func readerName(cursor string) (en, zh string) {
	switch cursor {
	case "twin":
		return "device values", "设备数值"
	case "history":
		return "history and attendance", "历史记录与考勤"
	case "telemetry":
		return "telemetry", "遥测数据"
	case "rules":
		return "rules and alerts", "规则与告警"
	case "lockdown":
		return "buttons that raise a threat level", "触发警戒级别的按钮"
	case "webhooks":
		return "webhooks", "Webhook 推送"
	case "quality":
		return "data quality", "数据质量"
	case "escalate":
		return "escalation", "告警升级"
	case "visits":
		return "who of the visitors came and left", "访客进出"
	}
	return cursor, cursor
}
