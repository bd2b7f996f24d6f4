package app

import (
	"cmp"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// cameraMemory is what the program of the cameras may hold where the configuration does not
// say: its models and pictures take more than a protocol does.
const cameraMemory = 4 << 30

func (a *App) driverMemory(d DriverConfig) int64 {
	if d.MemoryMiB == 0 && d.Name == a.cfg.Faces.Driver {
		return cameraMemory
	}
	return cmp.Or(d.MemoryMiB<<20, host.DefaultMemory)
}

// drivers is about each driver program that ended too often, or that grows. Its alert stays
// while it is in quarantine, also in the moments in which it is tried.
func (w *watch) drivers() []trouble {
	var out []trouble
	for _, s := range w.a.host.Status() {
		if !s.Quarantine.IsZero() {
			out = append(out, trouble{
				rule:     g.RuleID(g.GatewayRule + "driver-" + string(s.Name)),
				severity: g.Major,
				title:    fmt.Sprintf("Driver %s keeps ending", s.Name),
				titleZH:  fmt.Sprintf("驱动 %s 反复退出", s.Name),
				text:     "It ended too often within ten minutes and is started again only now and then; until it stays, nothing is known of its devices. The page Drivers says why it ended, and has its log. Mend that, or install another version; the alert ends once it has run for a minute.",
				textZH:   "该驱动十分钟内多次退出，现仅间隔较长时间重试；在其稳定之前，其设备状态未知。退出原因和日志见“驱动”页面。请排除故障或更换版本；稳定运行一分钟后告警自动结束。",
			})
		}
		high := s.MemoryHigh()
		rule := g.RuleID(g.GatewayRule + "memory-" + string(s.Name))
		if w.firing(rule) { // it has to become a little better
			high = s.Memory > s.MemoryMax*2/5
		}
		if high {
			out = append(out, trouble{
				rule:     rule,
				severity: g.Warning,
				title:    fmt.Sprintf("Driver %s holds much memory", s.Name),
				titleZH:  fmt.Sprintf("驱动 %s 占用内存过多", s.Name),
				text:     fmt.Sprintf("It and what it started hold more than half of the %d MiB that it may; at the bound it is ended and started again. If it grows by itself, tell its maker; if it needs so much, raise memory_mib in its part of the configuration.", s.MemoryMax>>20),
				textZH:   fmt.Sprintf("该驱动及其子进程占用超过上限 %d MiB 的一半；达到上限时将被结束并重启。如持续增长，请联系其开发者；如确需更多，请在配置中调高其 memory_mib。", s.MemoryMax>>20),
			})
		}
	}
	return out
}
