package app

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// When the gateway calls itself in trouble.
const (
	reserve      = 64 << 20             // bytes that the journal holds back for the rest of the gateway
	needed       = 16 << 20             // bytes of disk that an alert and a little more take
	stuckAfter   = 5 * time.Minute      // a reader that handles nothing though there is something
	heldWarn     = 50                   // per cent of the journal's bound that are kept for one reader
	heldCritical = 80                   //
	clockSlack   = 2 * time.Minute      // that the clock may be behind what it was
	clockAhead   = 400 * 24 * time.Hour // that a clock may be past what is known of the time: longer than any gateway stands switched off
)

// position is where a reader stood when it last moved.
type position struct {
	seq uint64
	at  time.Time
}

// troubles is everything that is wrong now. What was told already has to become a little
// better than what it was told for, lest an alert comes and goes.
func (w *watch) troubles(now time.Time) []trouble {
	st := w.a.journal.Stat()
	out := w.journal(st)
	out = append(out, w.disk(st)...)
	out = append(out, w.readers(st, now)...)
	out = append(out, w.mqtt()...)
	out = append(out, w.senders(now)...)
	out = append(out, w.drivers()...)
	if t, ok := w.a.clockTrouble(now); ok {
		out = append(out, t)
	}
	return out
}

func (w *watch) journal(st journal.Stat) []trouble {
	t := trouble{rule: g.GatewayRule + "journal", severity: g.Critical}
	switch {
	case st.State == journal.StateFailed:
		t.title, t.titleZH = "The gateway takes no data: its disk failed", "网关已停止接收数据：磁盘故障"
		t.text = "Nothing is acknowledged any more; devices that can keep what they have send it again later. Look at the disk (the system's log says what it met), mend it, and restart the gateway: it repairs its journal at the start."
		t.textZH = "数据已不再被确认；能保存数据的设备会稍后重发。请检查磁盘（系统日志中有错误记录），修复后重启网关，启动时会自动修复日志。"
	case st.State == journal.StateShedding && st.NoSpace:
		t.title, t.titleZH = "The gateway takes no data: its disk is full", "网关已停止接收数据：磁盘已满"
		t.text = "Free space on the disk of the data folder: the gateway goes on by itself a moment later. Until then nothing is acknowledged; devices that can keep what they have send it again."
		t.textZH = "请清理数据目录所在磁盘，清理后网关会自动恢复。在此之前数据不会被确认，能保存数据的设备会稍后重发。"
	case st.State == journal.StateShedding:
		name := slowest(st)
		en, zh := readerName(name)
		t.title, t.titleZH = "The gateway takes no data: its journal is full", "网关已停止接收数据：日志已满"
		t.text = fmt.Sprintf("All of the journal is kept for a part that has not handled it yet: %s. The status page says what holds it up: mend that, or raise journal.max_bytes. The gateway goes on by itself. Until then nothing is acknowledged; devices that can keep what they have send it again.", en)
		t.textZH = fmt.Sprintf("日志全部为尚未处理的部分保留：%s。状态页会说明受阻原因，请排除，或调大 journal.max_bytes，之后网关会自动恢复。在此之前数据不会被确认，能保存数据的设备会稍后重发。", zh)
	default:
		return nil
	}
	return []trouble{t}
}

// mqtt is about what the listener keeps beside the journal, on the same disk.
func (w *watch) mqtt() []trouble {
	if w.a.front == nil || w.a.front.Stats().Trouble == "" {
		return nil
	}
	return []trouble{{rule: g.GatewayRule + "mqtt", severity: g.Critical,
		title: "MQTT sessions cannot be kept", titleZH: "无法保存 MQTT 会话",
		text:   "Devices that ask for a session that outlives their connection are refused, and what such devices should get is not acknowledged. The status page says why. A full disk: free space, it goes on by itself. Otherwise look at the disk, mend it, and restart the gateway.",
		textZH: "要求保留会话的设备会被拒绝，发给这类设备的消息不会被确认。原因见状态页。磁盘已满时请清理空间，之后自动恢复；否则请检查并修复磁盘，然后重启网关。"}}
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

// disk is what is free and what there is at all on the data folder's disk, in bytes.
func (a *App) disk() (free, total uint64) {
	var fs unix.Statfs_t
	if err := unix.Statfs(a.cfg.dataDir(), &fs); err != nil {
		return 0, 0
	}
	free, total = fs.Bavail*uint64(fs.Bsize), fs.Blocks*uint64(fs.Bsize)
	if a.opt.JournalFS != nil {
		free, _ = a.opt.JournalFS.Free(a.cfg.dataDir())
	}
	return free, total
}

// diskLimits is below which free space the gateway warns, and below which it is critical: on
// a small disk earlier than the constants say.
func diskLimits(total uint64) (warn, critical uint64) {
	return min(diskWarn, total/10), min(diskCritical, total/20)
}

// disk counts a reserve that was given up as if it were held: what is free of it is not there
// to be used.
func (w *watch) disk(st journal.Stat) []trouble {
	t := trouble{rule: g.GatewayRule + "disk"}
	free, total := w.a.disk()
	if !st.Reserve {
		free -= min(free, reserve)
	}
	warn, critical := diskLimits(total)
	if w.firing(t.rule) {
		warn += warn / 10
	}
	if w.firingAs(t.rule, g.Critical) {
		critical += critical / 10
	}
	switch {
	case total == 0 || free >= warn:
		return nil
	case free >= critical:
		t.severity, t.title, t.titleZH = g.Warning, "The gateway's disk has little space left", "网关磁盘空间偏少"
	default:
		t.severity, t.title, t.titleZH = g.Critical, "The gateway's disk is almost full", "网关磁盘即将写满"
	}
	t.text = "Free some on the disk of the data folder, or move the folder to a larger one; the status page says how much is left. At the end of it nothing is acknowledged any more."
	t.textZH = "请清理数据目录所在磁盘，或迁移到更大的磁盘；剩余空间见状态页。空间用尽后数据将不再被确认。"
	return []trouble{t}
}

// readers tells of each part behind the journal that stands still, and of each for which so
// much is kept that ingest would have to stop for it before long.
func (w *watch) readers(st journal.Stat, now time.Time) []trouble {
	var out []trouble
	for _, c := range st.Cursors {
		at, ok := w.moved[c.Name]
		if !ok || at.seq != c.Seq || c.Lag == 0 || now.Before(at.at) {
			at = position{c.Seq, now}
			w.moved[c.Name] = at
		}
		t := trouble{rule: g.RuleID(g.GatewayRule + "reader-" + c.Name)}
		share, warn, critical := c.Held*100/max(st.MaxBytes, 1), int64(heldWarn), int64(heldCritical)
		if w.firing(t.rule) {
			warn -= 5
		}
		if w.firingAs(t.rule, g.Critical) {
			critical -= 5
		}
		en, zh := readerName(c.Name)
		switch {
		case share >= critical:
			t.severity, t.title, t.titleZH = g.Critical, "Far behind: "+en, "严重积压："+zh
		case now.Sub(at.at) >= stuckAfter && c.Name == "rules":
			t.severity, t.title, t.titleZH = g.Critical, "Held up: "+en, "处理受阻："+zh
		case now.Sub(at.at) >= stuckAfter:
			t.severity, t.title, t.titleZH = g.Major, "Held up: "+en, "处理受阻："+zh
		case share >= warn:
			t.severity, t.title, t.titleZH = g.Warning, "Behind: "+en, "处理积压："+zh
		default:
			continue
		}
		t.text = fmt.Sprintf("%s: the gateway goes on taking data and keeps it in its journal for this part, which makes up for it later. The status page says what holds it up. Mend it before the journal is full (journal.max_bytes): then nothing more is taken.", en)
		t.textZH = fmt.Sprintf("%s：网关仍在接收数据，并在日志中为其保留，恢复后会补上。受阻原因见状态页。请在日志写满（journal.max_bytes）之前排除，写满后将停止接收。", zh)
		out = append(out, t)
	}
	return out
}

// readerName is what a reader of the journal is called in front of people.
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
	case "webhooks":
		return "webhooks", "Webhook 推送"
	case "quality":
		return "data quality", "数据质量"
	}
	return cursor, cursor
}

// reckoning is what the gateway knows of the time without the machine's clock: that it was
// past an instant at a moment of this run, which elapsed time is counted from.
type reckoning struct {
	past   time.Time
	moment time.Time // with the monotonic clock's reading
}

// latest is the latest that it can be by now, for all that anybody knows.
func (r reckoning) latest(now time.Time) time.Time {
	return r.past.Add(max(0, now.Sub(r.moment)) + clockAhead)
}

// clockTrouble holds the clock against what the gateway knows without one: when it was built,
// and when the newest event was journalled before it started, with the time that it has run
// since. A clock that the kernel says is kept is right, and is what it is held against later.
func (a *App) clockTrouble(now time.Time) (t trouble, wrong bool) {
	if a.ownClock {
		if _, kept, err := kernelClock(); err == nil && kept {
			a.reckoned.Store(&reckoning{past: now.Round(0), moment: now})
			return t, false
		}
	}
	known := a.reckoned.Load()
	behind := now.Add(clockSlack).Before(known.past) || now.Add(clockSlack).Before(a.opt.Built)
	ahead := !known.past.IsZero() && now.Round(0).After(known.latest(now))
	if !behind && !ahead {
		return t, false
	}
	t = trouble{rule: g.GatewayRule + "clock", severity: g.Critical}
	t.title, t.titleZH = "The gateway's clock is wrong: it is behind", "网关时钟错误：时间偏早"
	if ahead {
		t.title, t.titleZH = "The gateway's clock is wrong, or it stood still for over a year", "网关时钟错误，或网关停用已超过一年"
	}
	t.text = "Set this machine's clock and have it kept by NTP (timedatectl set-ntp true). Until then observations that carry a time of their own are rejected, attendance is wrong, and nothing that is old enough to go is removed. The gateway goes on by itself once the clock is right."
	t.textZH = "请校准本机时钟并启用 NTP（timedatectl set-ntp true）。在此之前，带有自身时间的数据会被拒绝，考勤会出错，到期数据不会被清除。时钟校准后网关会自动恢复。"
	return t, true
}

// kernelClock asks the kernel, as adjtimex(2) describes, by how much its clock is off and
// whether something keeps it.
func kernelClock() (offset time.Duration, kept bool, err error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return 0, false, err
	}
	offset = time.Duration(t.Offset) * time.Microsecond
	if t.Status&unix.STA_NANO != 0 {
		offset = time.Duration(t.Offset)
	}
	const unsynchronised = 5 // TIME_ERROR
	return offset, state != unsynchronised && t.Status&unix.STA_UNSYNC == 0, nil
}
