package selfwatch

import (
	"context"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// Drivers watches the driver programs. confine says that they should be confined.
func Drivers(h *host.Host, confine bool) Subject {
	return Subject{
		Check: func(_ context.Context, _ time.Time, s *api.Status) api.Check {
			return driverLine(h.Status(), s, confine)
		},
		Troubles: func(_ time.Time, told Told) []Trouble {
			return driverTroubles(h.Status(), told)
		},
		Metrics: []Metric{{
			Name:  "drivers_running",
			Help:  "Driver programs that run.",
			Value: func() float64 { return float64(running(h.Status())) },
		}},
	}
}

func running(all []host.Status) int {
	n := 0
	for _, d := range all {
		if d.State == host.Running {
			n++
		}
	}
	return n
}

func driverLine(all []host.Status, s *api.Status, confine bool) api.Check {
	up, bad := running(all), ""
	for _, d := range all {
		if d.State != host.Running {
			bad = fmt.Sprintf("%s: %s %s", d.Name, d.State, d.Reason)
			break
		}
	}
	s.Drivers = map[string]any{"running": up, "configured": len(all)}
	if bad != "" {
		return Line("drivers", "warning", "A driver does not run: "+bad, "有驱动未运行："+bad)
	}
	if open := unconfined(all); open != "" && confine {
		return Line("drivers", "warning",
			"Drivers that are not confined and can read what the gateway can: "+open,
			"以下驱动未受限制，可读取网关能读取的一切："+open)
	}
	return Line("drivers", "ok", fmt.Sprintf("%d drivers run.", up), fmt.Sprintf("%d 个驱动正在运行。", up))
}

// unconfined names the drivers that run without confinement, and why.
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

// driverTroubles is about each driver program that ended too often, or that grows. Its alert stays
// while it is in quarantine, also in the moments in which it is tried.
func driverTroubles(all []host.Status, told Told) []Trouble {
	var out []Trouble
	for _, s := range all {
		if !s.Quarantine.IsZero() {
			out = append(out, Trouble{
				Rule:     g.RuleID(g.GatewayRule + "driver-" + string(s.Name)),
				Severity: g.Major,
				Title:    fmt.Sprintf("Driver %s keeps ending", s.Name),
				TitleZH:  fmt.Sprintf("驱动 %s 反复退出", s.Name),
				Text: "It ended too often within ten minutes and is started again only now " +
					"and then; until it stays, nothing is known of its devices. The page Drivers " +
					"says why it ended, and has its log. Mend that, or install another version; " +
					"the alert ends once it has run for a minute.",
				TextZH: "该驱动十分钟内多次退出，现仅间隔较长时间重试；在其稳定之前，其设备状态未知。退出原因和日志见“驱动”页面。请排除故障或更换版本；稳定运行一分钟后告警自动结束。",
			})
		}
		high := s.MemoryHigh()
		rule := g.RuleID(g.GatewayRule + "memory-" + string(s.Name))
		if told.any(rule) { // it has to become a little better
			high = s.Memory > s.MemoryMax*2/5
		}
		if high {
			out = append(out, Trouble{
				Rule:     rule,
				Severity: g.Warning,
				Title:    fmt.Sprintf("Driver %s holds much memory", s.Name),
				TitleZH:  fmt.Sprintf("驱动 %s 占用内存过多", s.Name),
				Text: fmt.Sprintf("It and what it started hold more than half of the %d MiB that "+
					"it may; at the bound it is ended and started again. If it grows by itself, "+
					"tell its maker; if it needs so much, raise memory_mib in its part of the "+
					"configuration.",
					s.MemoryMax>>20),
				TextZH: fmt.Sprintf("该驱动及其子进程占用超过上限 %d MiB "+
					"的一半；达到上限时将被结束并重启。如持续增长，请联系其开发者；如确需更多，请在配置中调高其 memory_mib。",
					s.MemoryMax>>20),
			})
		}
	}
	return out
}
