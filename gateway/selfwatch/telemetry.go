package selfwatch

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

// Telemetry watches the store of readings. ready says whether it is open, or why it cannot be.
func Telemetry(stats func() telemetry.Stats, ready func() (bool, error)) Subject {
	return Subject{
		Check: func(context.Context, time.Time, *api.Status) api.Check {
			if open, err := ready(); err != nil {
				return Line("telemetry", "critical",
					"The telemetry cannot be opened, which is tried again; readings wait in the "+
						"journal: "+
						err.Error(),
					"无法打开遥测存储，正在重试，读数暂存于日志："+err.Error())
			} else if !open {
				return Line("telemetry", "ok",
					"The telemetry is still being read from the disk; readings wait in the journal.",
					"正在从磁盘读取遥测数据，读数暂存于日志。")
			}
			return telemetryLine(stats())
		},
		Metrics: []Metric{
			{
				Name:  "telemetry_series",
				Help:  "Time series in memory; 0 where they are on a server of their own.",
				Value: func() float64 { return float64(stats().Series) },
			},
			{
				Name: "telemetry_dropped_total",
				Help: "Readings that became no sample: too old, a second value for an instant," +
					" of a device that is gone, or refused by the store.",
				Counter: true,
				Value: func() float64 {
					st := stats()
					return float64(st.Duplicates + st.TooOld + st.Unknown + st.Refused)
				},
			},
		},
	}
}

// telemetryLine says what the store did not take since the start.
func telemetryLine(st telemetry.Stats) api.Check {
	state := "ok"
	var en, zh []string
	for _, x := range []struct {
		n      uint64
		en, zh string
	}{
		{st.Refused, "refused for good by their server", "被服务器拒收"},
		{st.TooOld, "too old for their store", "时间过早"},
		{st.Unknown, "of devices that are gone", "设备已不存在"},
	} {
		if x.n > 0 {
			en = append(en, fmt.Sprintf("%d %s", x.n, x.en))
			zh = append(zh, fmt.Sprintf("%d 条%s", x.n, x.zh))
		}
	}
	if st.Refused > 0 {
		state = "warning"
	}
	if len(en) == 0 {
		return Line("telemetry", state, "Every reading is kept as time series.", "所有读数均已存为时间序列。")
	}
	return Line("telemetry", state,
		"Since the start, readings that are not kept as time series: "+strings.Join(en, ", ")+
			". The log says which.",
		"启动以来未存为时间序列的读数："+strings.Join(zh, "，")+"。详见运行日志。")
}
