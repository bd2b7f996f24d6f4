package selfwatch

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
)

const (
	clockWarn  = 2 * time.Second
	clockSlack = 2 * time.Minute // how far it may be behind a time that has certainly passed
	// clockAhead is how far the clock may be ahead of what the gateway knows of the time: longer
	// than any gateway is switched off.
	clockAhead = 400 * 24 * time.Hour
)

// Clock checks the machine's clock against what the gateway knows of the time by itself. It is safe
// for concurrent use.
type Clock struct {
	built    time.Time
	asks     bool // ask the kernel whether the clock is synchronised
	reckoned atomic.Pointer[reckoning]
}

// NewClock makes the check of a gateway that was built at built, journalled its newest event at
// past, and starts now. asks says that the clock is the machine's, so that the kernel can be asked
// whether it is synchronised.
func NewClock(built, past, now time.Time, asks bool) *Clock {
	c := &Clock{
		built: built,
		asks:  asks,
	}
	c.reckoned.Store(&reckoning{
		past:   past,
		moment: now,
	})
	return c
}

// Subject watches the clock.
func (c *Clock) Subject() Subject {
	return Subject{
		Check: c.line,
		Troubles: func(now time.Time, _ Told) []Trouble {
			if t, wrong := c.trouble(now); wrong {
				return []Trouble{t}
			}
			return nil
		},
	}
}

// Wrong says that the clock cannot be right: then nothing may be removed for its age.
func (c *Clock) Wrong(now time.Time) bool {
	_, wrong := c.trouble(now)
	return wrong
}

// reckoning is what the gateway knows of the time without the machine's clock: at moment, which is
// of this run, it was past already.
type reckoning struct {
	past   time.Time
	moment time.Time // with the monotonic clock's reading
}

// latest is the latest time that is plausible now.
func (r reckoning) latest(now time.Time) time.Time {
	return r.past.Add(max(0, now.Sub(r.moment)) + clockAhead)
}

// trouble checks the clock against what the gateway knows by itself: when it was built, and when
// the newest event was journalled before it started, plus the time that it has run since. A clock
// that the kernel reports as synchronised is right, and later ones are checked against it.
func (c *Clock) trouble(now time.Time) (t Trouble, wrong bool) {
	if c.asks {
		if _, kept, err := kernelClock(); err == nil && kept {
			c.reckoned.Store(&reckoning{
				past:   now.Round(0),
				moment: now,
			})
			return t, false
		}
	}
	known := c.reckoned.Load()
	behind := now.Add(clockSlack).Before(known.past) || now.Add(clockSlack).Before(c.built)
	ahead := !known.past.IsZero() && now.Round(0).After(known.latest(now))
	if !behind && !ahead {
		return t, false
	}
	t = Trouble{
		Rule:     g.GatewayRule + "clock",
		Severity: g.Critical,
	}
	t.Title, t.TitleZH = "The gateway's clock is wrong: it is behind", "网关时钟错误：时间偏早"
	if ahead {
		t.Title, t.TitleZH = "The gateway's clock is wrong, or it stood still for over a year", "网关时钟错误，或网关停用已超过一年"
	}
	t.Text = "Set this machine's clock and have it kept by NTP (timedatectl set-ntp true). Until " +
		"then observations that carry a time of their own are rejected, attendance is wrong, and " +
		"nothing that is old enough to go is removed. The gateway goes on by itself once the " +
		"clock is right."
	t.TextZH = "请校准本机时钟并启用 NTP（timedatectl set-ntp " +
		"true）。在此之前，带有自身时间的数据会被拒绝，考勤会出错，到期数据不会被清除。时钟校准后网关会自动恢复。"
	return t, true
}

// kernelClock asks the kernel by how much its clock is off and whether it is synchronised, as
// adjtimex(2) describes.
func kernelClock() (offset time.Duration, kept bool, err error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return 0, false, err
	}
	offset = time.Duration(t.Offset) * time.Microsecond
	if t.Status&unix.STA_NANO != 0 {
		offset = time.Duration(t.Offset)
	}
	const unsynchronised = 5 // TIME_ERROR
	return offset, state != unsynchronised && t.Status&unix.STA_UNSYNC == 0, nil
}

// line checks the clock as trouble does, and then asks the kernel.
func (c *Clock) line(_ context.Context, now time.Time, s *api.Status) api.Check {
	if t, wrong := c.trouble(now); wrong {
		return Line("clock", "critical", t.Title+". "+t.Text, t.TitleZH+"。"+t.TextZH)
	}
	offset, kept, err := kernelClock()
	if err != nil {
		return Line("clock", "warning", "The clock's state cannot be read: "+err.Error(),
			"无法读取时钟状态："+err.Error())
	}
	s.Clock = api.ClockStatus{
		OffsetMS: float64(offset.Microseconds()) / 1000,
		Source:   "kernel",
	}
	switch {
	case !kept:
		return Line("clock", "warning",
			"Nothing keeps this machine's clock: set up NTP, or attendance will be wrong by as "+
				"much as the clock.",
			"本机时钟未同步，请配置 NTP，否则考勤时间会有偏差。")
	case offset.Abs() > clockWarn:
		return Line("clock", "warning", fmt.Sprintf("The clock is off by %s.", offset),
			fmt.Sprintf("时钟偏差 %s。", offset))
	}
	return Line("clock", "ok", "The clock is kept.", "时钟已同步。")
}
