package escalate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// mostOthers is how many further alerts a message names; it says how many more there are.
const mostOthers = 8

// graver orders alerts that nobody has in hand: by severity, and then as MoreUrgent does. What is over
// and critical comes before what is less and holds: whoever answers for the school hears of the fire.
func graver(a, b alerts.AlertRow) int {
	rank := func(s g.Severity) int { return slices.Index(g.Severities(), s) }
	return cmp.Or(cmp.Compare(rank(b.Severity), rank(a.Severity)), alerts.MoreUrgent(a, b))
}

// others are lines that name alerts besides the first, in English and Chinese, each title and place
// once with how many they are; "" where there are none.
func others(rows []alerts.AlertRow) (en, zh string) {
	if len(rows) < 2 {
		return "", ""
	}
	rows = slices.SortedFunc(slices.Values(rows[1:]), graver)
	type line struct {
		en, zh    string
		all, over int
	}
	var lines []*line
	at := map[[2]string]*line{}
	for _, r := range rows {
		key := [2]string{r.Title, r.ZoneName}
		l := at[key]
		if l == nil {
			l = &line{en: r.Title, zh: title(r.TitleZH, r.Title)}
			if r.ZoneName != "" {
				l.en, l.zh = l.en+", "+r.ZoneName, l.zh+"，"+r.ZoneName
			}
			at[key], lines = l, append(lines, l)
		}
		l.all++
		if !r.Ended.IsZero() {
			l.over++
		}
	}
	var outEN, outZH []string
	left := 0
	for i, l := range lines {
		if i >= mostOthers {
			left += l.all
			continue
		}
		if l.all > 1 {
			l.en, l.zh = fmt.Sprintf("%s × %d", l.en, l.all), fmt.Sprintf("%s × %d", l.zh, l.all)
		}
		switch {
		case l.over == l.all:
			l.en, l.zh = l.en+" (over)", l.zh+"（已结束）"
		case l.over > 0:
			l.en, l.zh = fmt.Sprintf("%s (%d over)", l.en, l.over), fmt.Sprintf("%s（%d 条已结束）", l.zh, l.over)
		}
		outEN, outZH = append(outEN, l.en), append(outZH, l.zh)
	}
	if left > 0 {
		outEN = append(outEN, fmt.Sprintf("and %d more", left))
		outZH = append(outZH, fmt.Sprintf("另有 %d 条", left))
	}
	return strings.Join(outEN, "; "), strings.Join(outZH, "；")
}
