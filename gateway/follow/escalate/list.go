package escalate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// mostOthers is how many further alerts a message names; it says how many more there are.
const mostOthers = 8

// others are lines that name alerts besides the first, in English and Chinese; "" where there are
// none.
func others(rows []alerts.AlertRow) (en, zh string) {
	if len(rows) < 2 {
		return "", ""
	}
	rows = slices.SortedFunc(slices.Values(rows[1:]), alerts.MoreUrgent)
	var lines, linesZH []string
	for _, r := range rows[:min(len(rows), mostOthers)] {
		line, lineZH := r.Title, title(r.TitleZH, r.Title)
		if r.ZoneName != "" {
			line, lineZH = line+", "+r.ZoneName, lineZH+"，"+r.ZoneName
		}
		if !r.Ended.IsZero() {
			line, lineZH = line+" (over)", lineZH+"（已结束）"
		}
		lines, linesZH = append(lines, line), append(linesZH, lineZH)
	}
	if left := len(rows) - mostOthers; left > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", left))
		linesZH = append(linesZH, fmt.Sprintf("另有 %d 条", left))
	}
	return strings.Join(lines, "; "), strings.Join(linesZH, "；")
}
