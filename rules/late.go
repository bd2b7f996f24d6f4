package rules

import (
	"cmp"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// saidLate is how late an occurrence may arrive without a word of when it was.
const saidLate = 30 * time.Second

// happened is when an occurrence was that its device told late, in Unix nanoseconds; 0 for all else.
func happened(ev *g.Event) int64 {
	if ev.Occurrence == nil || ev.Received.Sub(ev.Time) <= saidLate {
		return 0
	}
	return ev.Time.UnixNano()
}

// titles are the rule's, in English and Chinese. Of what was told late they say when it was, by the
// school's clock: everything that shows the finding shows its title.
func (e *Engine) titles(s *subject) (en, zh string) {
	r := s.rule
	if s.cause.Happened == 0 {
		return r.Title, r.TitleZH
	}
	in := time.UTC
	if d := e.devices[s.cause.Device]; d != nil {
		in = e.hoursOf(d).zone
	}
	at := instant(s.cause.Happened).In(in).Format("2006-01-02 15:04:05")
	return fmt.Sprintf("%s (at %s, told late)", r.Title, at),
		fmt.Sprintf("%s（发生于 %s，迟报）", cmp.Or(r.TitleZH, r.Title), at)
}
