package quality

import (
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Thresholds from which a finding is worth a look, or the data bad.
const (
	maxOffset             = time.Minute // as for attendance exceptions
	enoughToSayBehind     = 3           // observations; one may just have been delayed
	lookGap, badGap       = 10 * time.Minute, time.Hour
	lookGaps              = 5
	lookShare, badShare   = 0.01, 0.10 // of late or rejected ones; duplicates are never bad
	lookNobody, badNobody = 0.05, 0.50 // of the sightings except those of strangers
	fewUnknown            = 3
)

// Finding is one reason not to trust a device's data of a day, in words for the person who looks
// after the device.
type Finding struct {
	Kind      g.QualityKind  `json:"kind"`
	Level     g.QualityLevel `json:"level"` // look or bad
	Message   string         `json:"message"`
	MessageZH string         `json:"message_zh"`
}

// ClockError is how far the device's clock is ahead of the gateway's (negative: behind), by the
// median; false if it is right within a minute or unknown. Delayed delivery looks like a clock that
// is behind, so for that even the promptest of at least three observations must be late.
func ClockError(q g.Quality) (time.Duration, bool) {
	median := time.Duration(q.Clock.Median()) * time.Millisecond
	promptest := time.Duration(q.Clock.Max) * time.Millisecond
	switch {
	case median > maxOffset:
		return median, true
	case median < -maxOffset && promptest < -maxOffset && q.Clock.Count >= enoughToSayBehind:
		return median, true
	}
	return 0, false
}

// impossible reports whether a time of the day could not be: the gateway took the time of arrival for it.
func impossible(q g.Quality) bool {
	return q.Clock.Count > 0 && (q.Clock.Max > g.MaxFuture.Milliseconds() ||
		q.Clock.Min < -g.MaxPast.Milliseconds())
}

// Level is the worst level of the findings.
func Level(fs []Finding) g.QualityLevel {
	level := g.QualityGood
	for _, f := range fs {
		if f.Level == g.QualityBad {
			return f.Level
		}
		level = f.Level
	}
	return level
}

// Judge returns the findings about the device's data of a day, worst kind first; none if it can be
// trusted.
func Judge(q g.Quality) []Finding {
	var fs []Finding
	add := func(kind g.QualityKind, bad bool, en, zh string) {
		level := g.QualityLook
		if bad {
			level = g.QualityBad
		}
		fs = append(fs, Finding{kind, level, en, zh})
	}
	off, wrong := ClockError(q)
	if wrong || q.ClockRefused > 0 || impossible(q) {
		en, zh := clockWords(q, off, wrong)
		add(g.QualityClock, true, en, zh)
	}
	silence := time.Duration(q.GapSeconds) * time.Second
	if silence >= lookGap || q.Gaps >= lookGaps {
		minutes := (q.GapSeconds + 59) / 60
		add(g.QualityGaps, silence >= badGap,
			fmt.Sprintf("It was silent %s, %s in all: nothing is known of that time. Check its "+
				"power and its network; if it is switched off on purpose, disable it or set "+
				"quality.from and quality.to.",
				times(q.Gaps), minutesWords(minutes)),
			fmt.Sprintf("设备失联 %d 次，共 %d 分钟：这段时间的数据缺失。请检查供电和网络；若是有意关机，请停用该设备，或设置 quality.from 与 "+
				"quality.to。",
				q.Gaps, minutes))
	}
	share := func(kind g.QualityKind, n, of int64, en, zh string) {
		if n > 0 && float64(n) > lookShare*float64(of) {
			// repeats do no harm
			bad := kind != g.QualityDuplicates && float64(n) > badShare*float64(of)
			add(kind, bad, fmt.Sprintf(en, n, of), fmt.Sprintf(zh, of, n))
		}
	}
	share(g.QualityRejected, q.Rejected, q.Observations+q.Rejected,
		"%d of %d messages were not accepted: what it measured is lost. The device's page shows "+
			"the reasons; correct its profile or its settings.",
		"%d 条消息中有 %d 条未被接受，测量值已丢失。原因见设备页面；请修正设备配置或物模型。")
	if live := q.Observations - q.Duplicates - q.Replayed; !wrong || off > -5*time.Minute {
		share(g.QualityLate, q.Late, live,
			"%d of %d live observations came long after their own time: alerts and attendance "+
				"were late with them. Check the network between the device and the gateway.",
			"%d 条实时数据中有 %d 条远晚于其自身时间到达，相关告警和考勤也会滞后。请检查设备与网关之间的网络。")
	}
	share(g.QualityDuplicates, q.Duplicates, q.Observations,
		"%d of %d observations had been received before; they count once. The device does not "+
			"hear the answers or uploads its memory again: check the network and its upload "+
			"setting.",
		"%d 条数据中有 %d 条此前已收到，只计一次。设备可能收不到应答或重复上传：请检查网络和上传设置。")
	if shown := q.Sightings - q.Strangers; q.Unknown >= fewUnknown &&
		float64(q.Unknown) > lookNobody*float64(shown) {
		add(g.QualityUnknown, float64(q.Unknown) > badNobody*float64(shown),
			fmt.Sprintf("%d of %d cards, codes or numbers that were shown belong to nobody: "+
				"their holders are missing from attendance. Register the cards, or send the "+
				"people to the terminal again.",
				q.Unknown, shown),
			fmt.Sprintf("%d 次出示的卡、码或编号中有 %d 次不属于任何人，持有人不会计入考勤。请登记这些卡，或重新向终端下发人员。", shown,
				q.Unknown))
	}
	return fs
}

func clockWords(q g.Quality, off time.Duration, wrong bool) (en, zh string) {
	if wrong {
		side, sideZH := "ahead", "快"
		if off < 0 {
			side, sideZH = "behind", "慢"
		}
		en = fmt.Sprintf("Its clock is %s %s.", roughly(off.Abs()), side)
		zh = fmt.Sprintf("设备时钟%s了约 %s。", sideZH, roughlyZH(off.Abs()))
		en += " Attendance and alerts from it are off by as much."
		zh += "由此得出的考勤和告警会有同样的偏差。"
	} else {
		en, zh = "Its clock was wrong.", "设备时钟曾经有误。"
	}
	if n := q.ClockRefused; n > 0 {
		were := "observations had impossible times and were"
		if n == 1 {
			were = "observation had an impossible time and was"
		}
		en += fmt.Sprintf(" %d %s not accepted: what it saw then is lost.", n, were)
		zh += fmt.Sprintf("有 %d 条数据因时间不可能而未被接受，内容已丢失。", n)
	}
	return en + " Set the clock, and give the device an NTP server.", zh + "请校准时钟，并为设备设置 NTP 服务器。"
}

func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func minutesWords(n int64) string {
	if n == 1 {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", n)
}

// roughly formats a duration in at most two units.
func roughly(d time.Duration) string {
	return inUnits(
		d,
		" d",
		" h",
		" min",
		" s",
		" ",
	)
}

func roughlyZH(d time.Duration) string {
	return inUnits(
		d,
		" 天",
		" 小时",
		" 分",
		" 秒",
		" ",
	)
}

func inUnits(d time.Duration, day, hour, minute, second, sep string) string {
	for _, u := range []struct {
		big, small         time.Duration
		bigUnit, smallUnit string
	}{
		{24 * time.Hour, time.Hour, day, hour},
		{time.Hour, time.Minute, hour, minute},
		{time.Minute, time.Second, minute, second},
	} {
		if d < u.big {
			continue
		}
		text := fmt.Sprintf("%d%s", d/u.big, u.bigUnit)
		if rest := d % u.big / u.small; rest > 0 {
			text += fmt.Sprintf("%s%d%s", sep, rest, u.smallUnit)
		}
		return text
	}
	return fmt.Sprintf("%d%s", d/time.Second, second)
}

// Weigh is Judge in numbers, for sorting and counting: the kinds found, as bits in the order of
// [g.QualityKinds], and a weight of 100 for each bad finding and 1 for each other.
func Weigh(q g.Quality) (kinds, weight int64) {
	for _, f := range Judge(q) {
		for i, k := range g.QualityKinds() {
			if k == f.Kind {
				kinds |= 1 << i
			}
		}
		if f.Level == g.QualityBad {
			weight += 100
		} else {
			weight++
		}
	}
	return kinds, weight
}
