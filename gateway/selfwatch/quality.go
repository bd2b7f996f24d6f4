package selfwatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

const checkQuality = time.Minute // between looks at yesterday's report

// Quality is yesterday's data-quality report in a line of the status page.
type Quality struct {
	View   *registry.View
	School func(g.SchoolID) g.School

	mu      sync.Mutex
	checked time.Time
	check   api.Check
}

// Subject watches the report.
func (q *Quality) Subject() Subject { return Subject{Check: q.line} }

func (q *Quality) line(ctx context.Context, now time.Time, _ *api.Status) api.Check {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.check.Name != "" && now.Sub(q.checked).Abs() < checkQuality {
		return q.check
	}
	utc := g.DateOf(now.UTC())
	days, err := q.View.History.QualityDays(ctx, history.QualityFilter{
		From: utc.Add(-2).String(),
		To:   utc.Add(1).String(),
	})
	if err != nil {
		return Line("quality", "warning", "The data-quality report cannot be read: "+err.Error(),
			"无法读取数据质量报告："+err.Error())
	}
	var devices, bad, look, schools int64
	for _, d := range days {
		if today, _, _ := g.DayOf(now, q.School(d.School).Location()); d.Day != today.Add(-1).String() {
			continue
		}
		devices += d.Devices
		bad += d.Bad
		look += d.Look
		if d.Bad > 0 {
			schools++
		}
	}
	q.checked = now
	switch {
	case devices == 0:
		q.check = Line("quality", "ok",
			"Nothing was received yesterday, so that there is no data to judge.",
			"昨天没有收到数据，无需判断数据质量。")
	case bad > 0:
		q.check = Line("quality", "warning",
			fmt.Sprintf("Yesterday's data of %d of %d devices, at %d schools, is not to be "+
				"trusted, and %d more are worth a look: see Data quality.",
				bad, devices, schools, look),
			fmt.Sprintf("昨天 %d 台设备中有 %d 台（%d 所学校）的数据不可信，另有 %d 台值得查看：请看“数据质量”。", devices, bad,
				schools, look))
	default:
		q.check = Line("quality", "ok",
			fmt.Sprintf("Yesterday's data of all %d devices can be trusted; %d are worth a look.",
				devices, look),
			fmt.Sprintf("昨天 %d 台设备的数据均可信，其中 %d 台值得查看。", devices, look))
	}
	return q.check
}
