package selfwatch

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// MQTT watches the listener of devices; nil where it is switched off.
func MQTT(f *mqttfront.Front) Subject {
	if f == nil {
		return Subject{Check: func(_ context.Context, _ time.Time, s *api.Status) api.Check {
			s.MQTT = map[string]any{}
			return Line("mqtt", "ok", "The MQTT listener is switched off.", "MQTT 监听已关闭。")
		}}
	}
	return Subject{
		Check: func(_ context.Context, _ time.Time, s *api.Status) api.Check {
			return mqttLine(f.Stats(), s)
		},
		Troubles: func(time.Time, Told) []Trouble { return mqttTroubles(f.Stats()) },
		Metrics: []Metric{
			{
				Name:  "mqtt_clients",
				Help:  "Devices connected by MQTT.",
				Value: func() float64 { return float64(f.Stats().Clients) },
			},
			{
				Name:  "mqtt_sessions",
				Help:  "MQTT sessions, with those that wait for their device.",
				Value: func() float64 { return float64(f.Stats().Sessions) },
			},
			{
				Name:  "mqtt_retained",
				Help:  "Retained MQTT messages.",
				Value: func() float64 { return float64(f.Stats().Retained) },
			},
			{
				Name:    "mqtt_throttled_total",
				Help:    "MQTT messages that waited because their device or school sends too fast.",
				Counter: true,
				Value:   func() float64 { return float64(f.Stats().Throttled) },
			},
			{
				Name:    "mqtt_refused_total",
				Help:    "MQTT connections that were refused.",
				Counter: true,
				Value:   func() float64 { return float64(f.Stats().Refused) },
			},
		},
	}
}

func mqttLine(st mqttfront.Stats, s *api.Status) api.Check {
	s.MQTT = map[string]any{
		"clients":      st.Clients,
		"sessions":     st.Sessions,
		"received":     st.Received,
		"acknowledged": st.Acked,
		"refused":      st.Refused,
		"rejected":     st.Rejected,
		"shed":         st.Shed,
		"throttled":    st.Throttled,
		"crowded":      st.Crowded,
	}
	if st.Trouble != "" {
		return Line("mqtt", "critical",
			"What MQTT devices ask to be kept for them cannot be kept: "+st.Trouble,
			"无法保存 MQTT 设备的会话："+st.Trouble)
	}
	en, zh := fmt.Sprintf("%d devices are connected.", st.Clients), fmt.Sprintf("%d 台设备已连接。",
		st.Clients)
	if st.Throttled > 0 {
		en += fmt.Sprintf(" Since the start, %d messages had to wait because a device or a "+
			"school sends too fast.",
			st.Throttled)
		zh += fmt.Sprintf("启动以来有 %d 条消息因设备或学校发送过快而等待。", st.Throttled)
	}
	if st.Crowded > 0 {
		by, byZH := "", ""
		if st.CrowdedBy != "" {
			by, byZH = ", the last from "+st.CrowdedBy, "，最近一个来自 "+st.CrowdedBy
		}
		en += fmt.Sprintf(" %d connections were closed before they signed in, since there were "+
			"too many%s.",
			st.Crowded, by)
		zh += fmt.Sprintf("有 %d 个未登录的连接因数量过多被关闭%s。", st.Crowded, byZH)
	}
	return Line("mqtt", "ok", en, zh)
}

// mqttTroubles is about what the listener keeps beside the journal, on the same disk.
func mqttTroubles(st mqttfront.Stats) []Trouble {
	if st.Trouble == "" {
		return nil
	}
	return []Trouble{{
		Rule:     g.GatewayRule + "mqtt",
		Severity: g.Critical,
		Title:    "MQTT sessions cannot be kept",
		TitleZH:  "无法保存 MQTT 会话",
		Text: "Devices that ask for a session that outlives their connection are refused, " +
			"and what such devices should get is not acknowledged. The status page says why. A " +
			"full disk: free space, it goes on by itself. Otherwise look at the disk, mend it, " +
			"and restart the gateway.",
		TextZH: "要求保留会话的设备会被拒绝，发给这类设备的消息不会被确认。原因见状态页。磁盘已满时请清理空间，之后自动恢复；否则请检查并修复磁盘，然后重启网关。",
	}}
}
