package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Where the status page begins to warn.
const (
	diskWarn, diskCritical = uint64(5 << 30), uint64(1 << 30) // bytes free
	lagWarn                = 50_000                           // events
	clockWarn              = 2 * time.Second
)

// status is the gateway's health, for people.
func (a *App) status(ctx context.Context) api.Status {
	now, st := a.now(), a.journal.Stat()
	s := api.Status{Version: a.opt.Version, Started: a.started, Uptime: int64(now.Sub(a.started).Seconds()), Cursors: []api.CursorLag{}}
	accepted, rejected := a.intake.Counts()
	s.Journal = map[string]any{"state": st.State, "oldest": st.Oldest, "newest": st.Newest, "bytes": st.Bytes, "max_bytes": st.MaxBytes, "segments": st.Segments,
		"accepted": accepted, "rejected": rejected}
	for _, c := range st.Cursors {
		s.Cursors = append(s.Cursors, api.CursorLag{Name: c.Name, Lag: c.Lag})
	}
	s.Checks = append(s.Checks, journalCheck(st), a.cursorCheck(st), a.telemetryCheck(), a.driverCheck(&s), a.mqttCheck(&s), a.rateCheck(now), a.connectionsCheck(&s), a.diskCheck(&s), a.clockCheck(&s, now), a.qualityCheck(ctx, now), a.auditCheck(now))
	return s
}

func check(name, state, en, zh string) api.Check {
	return api.Check{Name: name, State: state, Message: en, MessageZH: zh}
}

func journalCheck(st journal.Stat) api.Check {
	switch {
	case st.Reason != "":
		return check("journal", "critical", "The journal takes no events: "+st.Reason+". Devices keep theirs and send them again.", "日志无法写入："+st.Reason+"。设备会保留并重发数据。")
	case len(st.Problems) > 0:
		return check("journal", "warning", fmt.Sprintf("The journal has %d damaged places; run gateway journal verify.", len(st.Problems)), fmt.Sprintf("日志有 %d 处损坏，请运行 gateway journal verify。", len(st.Problems)))
	}
	return check("journal", "ok", fmt.Sprintf("Everything acknowledged is on disk; %d events so far.", st.Newest), fmt.Sprintf("已确认的数据均已落盘，共 %d 条事件。", st.Newest))
}

func (a *App) cursorCheck(st journal.Stat) api.Check {
	if name, why := a.health.Held(); why != "" {
		return check("processing", "critical", fmt.Sprintf("%s is held up and tries again: %s", name, why), fmt.Sprintf("%s 处理受阻，正在重试：%s", name, why))
	}
	for _, c := range st.Cursors {
		if c.Name == "quality" { // it keeps its position with what it counted, now and then
			c.Lag = st.Newest - min(st.Newest, max(c.Seq, a.counting.Counted()))
		}
		if c.Lag > lagWarn {
			return check("processing", "warning", fmt.Sprintf("%s is %d events behind and catching up.", c.Name, c.Lag), fmt.Sprintf("%s 落后 %d 条事件，正在追赶。", c.Name, c.Lag))
		}
	}
	return check("processing", "ok", "Every part keeps up with the events.", "各部分处理均无积压。")
}

// telemetryCheck says whether the store of readings is there, and what it did not take since
// the start.
func (a *App) telemetryCheck() api.Check {
	if o, ok := a.telemetry.(*opening); ok {
		if store, err := o.ready(); err != nil {
			return check("telemetry", "critical", "The telemetry cannot be opened, which is tried again; readings wait in the journal: "+err.Error(), "无法打开遥测存储，正在重试，读数暂存于日志："+err.Error())
		} else if store == nil {
			return check("telemetry", "ok", "The telemetry is still being read from the disk; readings wait in the journal.", "正在从磁盘读取遥测数据，读数暂存于日志。")
		}
	}
	st, state := a.telemetry.Stats(), "ok"
	var en, zh []string
	for _, x := range []struct {
		n      uint64
		en, zh string
	}{{st.Refused, "refused for good by their server", "被服务器拒收"}, {st.TooOld, "too old for their store", "时间过早"}, {st.Unknown, "of devices that are gone", "设备已不存在"}} {
		if x.n > 0 {
			en = append(en, fmt.Sprintf("%d %s", x.n, x.en))
			zh = append(zh, fmt.Sprintf("%d 条%s", x.n, x.zh))
		}
	}
	if st.Refused > 0 {
		state = "warning"
	}
	if len(en) == 0 {
		return check("telemetry", state, "Every reading is kept as time series.", "所有读数均已存为时间序列。")
	}
	return check("telemetry", state, "Since the start, readings that are not kept as time series: "+strings.Join(en, ", ")+". The log says which.", "启动以来未存为时间序列的读数："+strings.Join(zh, "，")+"。详见运行日志。")
}

func (a *App) driverCheck(s *api.Status) api.Check {
	all := a.host.Status()
	up, bad := 0, ""
	for _, d := range all {
		if d.State == host.Running {
			up++
		} else if bad == "" {
			bad = fmt.Sprintf("%s: %s %s", d.Name, d.State, d.Reason)
		}
	}
	s.Drivers = map[string]any{"running": up, "configured": len(all)}
	if bad != "" {
		return check("drivers", "warning", "A driver does not run: "+bad, "有驱动未运行："+bad)
	}
	if open := unconfined(all); open != "" && a.cfg.Confine.Mode != string(host.ConfineOff) {
		return check("drivers", "warning", "Drivers that are not confined and can read what the gateway can: "+open, "以下驱动未受限制，可读取网关能读取的一切："+open)
	}
	return check("drivers", "ok", fmt.Sprintf("%d drivers run.", up), fmt.Sprintf("%d 个驱动正在运行。", up))
}

// unconfined names the drivers that run without anything to hold them, and why.
func unconfined(all []host.Status) string {
	var names []string
	detail := ""
	for _, d := range all {
		if d.State == host.Running && !d.Confined.Held() {
			names = append(names, string(d.Name))
			detail = d.Confined.Detail
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%s (%s)", strings.Join(names, ", "), detail)
}

func (a *App) mqttCheck(s *api.Status) api.Check {
	if a.front == nil {
		s.MQTT = map[string]any{}
		return check("mqtt", "ok", "The MQTT listener is switched off.", "MQTT 监听已关闭。")
	}
	st := a.front.Stats()
	s.MQTT = map[string]any{"clients": st.Clients, "sessions": st.Sessions, "received": st.Received, "acknowledged": st.Acked, "refused": st.Refused, "rejected": st.Rejected, "shed": st.Shed, "throttled": st.Throttled, "crowded": st.Crowded}
	if st.Trouble != "" {
		return check("mqtt", "critical", "What MQTT devices ask to be kept for them cannot be kept: "+st.Trouble, "无法保存 MQTT 设备的会话："+st.Trouble)
	}
	en, zh := fmt.Sprintf("%d devices are connected.", st.Clients), fmt.Sprintf("%d 台设备已连接。", st.Clients)
	if st.Throttled > 0 {
		en += fmt.Sprintf(" Since the start, %d messages had to wait because a device or a school sends too fast.", st.Throttled)
		zh += fmt.Sprintf("启动以来有 %d 条消息因设备或学校发送过快而等待。", st.Throttled)
	}
	if st.Crowded > 0 {
		by, byZH := "", ""
		if st.CrowdedBy != "" {
			by, byZH = ", the last from "+st.CrowdedBy, "，最近一个来自 "+st.CrowdedBy
		}
		en += fmt.Sprintf(" %d connections were closed before they signed in, since there were too many%s.", st.Crowded, by)
		zh += fmt.Sprintf("有 %d 个未登录的连接因数量过多被关闭%s。", st.Crowded, byZH)
	}
	return check("mqtt", "ok", en, zh)
}

func (a *App) diskCheck(s *api.Status) api.Check {
	s.Disk.Free, s.Disk.Total = a.disk()
	if s.Disk.Total == 0 {
		return check("disk", "warning", "The free space cannot be read.", "无法读取磁盘空间。")
	}
	warn, critical := diskLimits(s.Disk.Total)
	gib := float64(s.Disk.Free) / (1 << 30)
	en, zh := fmt.Sprintf("%.1f GiB are free.", gib), fmt.Sprintf("剩余 %.1f GiB。", gib)
	switch {
	case s.Disk.Free < critical:
		return check("disk", "critical", en+" Free some: at the end of it nothing is acknowledged any more.", zh+"请立即清理，空间用尽后将停止接收。")
	case s.Disk.Free < warn:
		return check("disk", "warning", en+" That is little.", zh+"空间偏少。")
	}
	return check("disk", "ok", en, zh)
}

// clockCheck holds the clock against what the gateway knows, and asks the kernel.
func (a *App) clockCheck(s *api.Status, now time.Time) api.Check {
	if t, wrong := a.clockTrouble(now); wrong {
		return check("clock", "critical", t.title+". "+t.text, t.titleZH+"。"+t.textZH)
	}
	offset, kept, err := kernelClock()
	if err != nil {
		return check("clock", "warning", "The clock's state cannot be read: "+err.Error(), "无法读取时钟状态："+err.Error())
	}
	s.Clock = api.ClockStatus{OffsetMS: float64(offset.Microseconds()) / 1000, Source: "kernel"}
	switch {
	case !kept:
		return check("clock", "warning", "Nothing keeps this machine's clock: set up NTP, or attendance will be wrong by as much as the clock.", "本机时钟未同步，请配置 NTP，否则考勤时间会有偏差。")
	case offset.Abs() > clockWarn:
		return check("clock", "warning", fmt.Sprintf("The clock is off by %s.", offset), fmt.Sprintf("时钟偏差 %s。", offset))
	}
	return check("clock", "ok", "The clock is kept.", "时钟已同步。")
}

// metrics is the gateway's own health in Prometheus' text format.
func (a *App) metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, f func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gatehouse_" + name, Help: help}, f))
	}
	counter := func(name, help string, f func() float64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gatehouse_" + name, Help: help}, f))
	}
	counter("observations_admitted_total", "Observations journalled as events.", func() float64 { n, _ := a.intake.Counts(); return float64(n) })
	counter("observations_rejected_total", "Observations journalled as rejected.", func() float64 { _, n := a.intake.Counts(); return float64(n) })
	gauge("journal_newest_seq", "Sequence of the newest event.", func() float64 { return float64(a.journal.Stat().Newest) })
	gauge("journal_bytes", "Bytes that the journal takes on disk.", func() float64 { return float64(a.journal.Stat().Bytes) })
	gauge("journal_lag_events", "Events that the slowest part has not handled yet.", func() float64 {
		var worst uint64
		for _, c := range a.journal.Stat().Cursors {
			worst = max(worst, c.Lag)
		}
		return float64(worst)
	})
	gauge("devices", "Registered devices.", func() float64 { return float64(a.directory.Devices()) })
	gauge("telemetry_series", "Time series in memory; 0 where they are on a server of their own.", func() float64 { return float64(a.telemetry.Stats().Series) })
	counter("telemetry_dropped_total", "Readings that became no sample: too old, a second value for an instant, of a device that is gone, or refused by the store.", func() float64 {
		st := a.telemetry.Stats()
		return float64(st.Duplicates + st.TooOld + st.Unknown + st.Refused)
	})
	gauge("drivers_running", "Driver programs that run.", func() float64 {
		n := 0
		for _, d := range a.host.Status() {
			if d.State == host.Running {
				n++
			}
		}
		return float64(n)
	})
	gauge("http_connections", "Connections to the console and the API.", func() float64 { return float64(a.bound.Stats().Open) })
	counter("http_refused_total", "Connections to the console and the API that were refused or made room for others.", func() float64 {
		st := a.bound.Stats()
		return float64(st.Address + st.Full + st.Displaced)
	})
	if a.front != nil {
		gauge("mqtt_clients", "Devices connected by MQTT.", func() float64 { return float64(a.front.Stats().Clients) })
		gauge("mqtt_sessions", "MQTT sessions, with those that wait for their device.", func() float64 { return float64(a.front.Stats().Sessions) })
		gauge("mqtt_retained", "Retained MQTT messages.", func() float64 { return float64(a.front.Stats().Retained) })
		counter("mqtt_throttled_total", "MQTT messages that waited because their device or school sends too fast.", func() float64 { return float64(a.front.Stats().Throttled) })
		counter("mqtt_refused_total", "MQTT connections that were refused.", func() float64 { return float64(a.front.Stats().Refused) })
	}
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}
