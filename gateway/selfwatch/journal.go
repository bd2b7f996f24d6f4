package selfwatch

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Journal watches whether the journal takes events. counts are the observations that were admitted
// and rejected.
func Journal(j *journal.Journal, counts func() (admitted, rejected uint64)) Subject {
	return Subject{
		Check: func(_ context.Context, _ time.Time, s *api.Status) api.Check {
			st := j.Stat()
			admitted, rejected := counts()
			s.Journal = map[string]any{
				"state":     st.State,
				"oldest":    st.Oldest,
				"newest":    st.Newest,
				"bytes":     st.Bytes,
				"max_bytes": st.MaxBytes,
				"segments":  st.Segments,
				"accepted":  admitted,
				"rejected":  rejected,
			}
			return journalLine(st)
		},
		Troubles: func(time.Time, Told) []Trouble { return journalTroubles(j.Stat()) },
		Metrics: []Metric{
			{
				Name:    "observations_admitted_total",
				Help:    "Observations journalled as events.",
				Counter: true,
				Value:   func() float64 { n, _ := counts(); return float64(n) },
			},
			{
				Name:    "observations_rejected_total",
				Help:    "Observations journalled as rejected.",
				Counter: true,
				Value:   func() float64 { _, n := counts(); return float64(n) },
			},
			{
				Name:  "journal_newest_seq",
				Help:  "Sequence of the newest event.",
				Value: func() float64 { return float64(j.Stat().Newest) },
			},
			{
				Name:  "journal_bytes",
				Help:  "Bytes that the journal takes on disk.",
				Value: func() float64 { return float64(j.Stat().Bytes) },
			},
		},
	}
}

func journalLine(st journal.Stat) api.Check {
	switch {
	case st.Reason != "":
		return Line("journal", "critical",
			"The journal takes no events: "+st.Reason+". Devices keep theirs and send them again.",
			"日志无法写入："+st.Reason+"。设备会保留并重发数据。")
	case len(st.Problems) > 0:
		return Line("journal", "warning",
			fmt.Sprintf("The journal has %d damaged places; run gateway journal verify.",
				len(st.Problems)),
			fmt.Sprintf("日志有 %d 处损坏，请运行 gateway journal verify。", len(st.Problems)))
	}
	return Line("journal", "ok",
		fmt.Sprintf("Everything acknowledged is on disk; %d events so far.", st.Newest),
		fmt.Sprintf("已确认的数据均已落盘，共 %d 条事件。", st.Newest))
}

func journalTroubles(st journal.Stat) []Trouble {
	t := Trouble{
		Rule:     g.GatewayRule + "journal",
		Severity: g.Critical,
	}
	switch {
	case st.State == journal.StateFailed:
		t.Title, t.TitleZH = "The gateway takes no data: its disk failed", "网关已停止接收数据：磁盘故障"
		t.Text = "Nothing is acknowledged any more; devices that can keep what they have send it " +
			"again later. Look at the disk (the system's log says what it met), mend it, and " +
			"restart the gateway: it repairs its journal at the start."
		t.TextZH = "数据已不再被确认；能保存数据的设备会稍后重发。请检查磁盘（系统日志中有错误记录），修复后重启网关，启动时会自动修复日志。"
	case st.State == journal.StateShedding && st.NoSpace:
		t.Title, t.TitleZH = "The gateway takes no data: its disk is full", "网关已停止接收数据：磁盘已满"
		t.Text = "Free space on the disk of the data folder: the gateway goes on by itself a " +
			"moment later. Until then nothing is acknowledged; devices that can keep what they " +
			"have send it again."
		t.TextZH = "请清理数据目录所在磁盘，清理后网关会自动恢复。在此之前数据不会被确认，能保存数据的设备会稍后重发。"
	case st.State == journal.StateShedding:
		name := slowest(st)
		en, zh := readerName(name)
		t.Title, t.TitleZH = "The gateway takes no data: its journal is full", "网关已停止接收数据：日志已满"
		t.Text = fmt.Sprintf("All of the journal is kept for a part that has not handled it yet: "+
			"%s. The status page says what holds it up: mend that, or raise journal.max_bytes. "+
			"The gateway goes on by itself. Until then nothing is acknowledged; devices that can "+
			"keep what they have send it again.",
			en)
		t.TextZH = fmt.Sprintf("日志全部为尚未处理的部分保留：%s。状态页会说明受阻原因，请排除，或调大 "+
			"journal.max_bytes，之后网关会自动恢复。在此之前数据不会被确认，能保存数据的设备会稍后重发。",
			zh)
	default:
		return nil
	}
	return []Trouble{t}
}

// slowest is the reader for which most is kept.
func slowest(st journal.Stat) string {
	var worst journal.Position
	for _, c := range st.Cursors {
		if c.Held > worst.Held || c.Held == worst.Held && c.Lag > worst.Lag {
			worst = c
		}
	}
	return worst.Name
}
