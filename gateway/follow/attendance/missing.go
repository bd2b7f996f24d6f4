package attendance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// missing keeps one alert for a dorm's session while somebody is not where they sleep: from when they
// are due, until everybody is accounted for. It is raised up to the session's end; what is corrected
// later can still end it.
func (c *Computer) missing(ctx context.Context, in attend.Inputs) error {
	s := in.Session
	fires, last, err := c.dormAlert(ctx, s)
	if err != nil {
		return err
	}
	provisional, final, _ := attend.Boundaries(s, in.School)
	may := !in.Now.Before(provisional) && in.Now.Before(final)
	if fires == nil && !may {
		return nil
	}
	n, err := c.opt.View.Sessions.AttendanceSummary(ctx, s.ID)
	if err != nil {
		return err
	}
	now := in.Now.UTC().Truncate(time.Microsecond)
	a := dormAlert(in, n, now)
	a.ID = g.AlertID("alt_" + dormID(s.ID, last+1))
	switch gone := a.Count == 0; {
	case fires == nil && gone:
		return nil
	case fires == nil:
	case gone:
		a = *fires
		a.Firing, a.State, a.Resolved = false, g.AlertResolved, now
	default:
		same := fires.Title == a.Title && fires.Severity == a.Severity
		if same && fires.Text == a.Text {
			return nil
		}
		fires.Title, fires.TitleZH, fires.Text, fires.TextZH = a.Title, a.TitleZH, a.Text, a.TextZH
		fires.Severity, fires.Audible = a.Severity, a.Audible
		a = *fires
	}
	if a.Firing {
		if a.Person, err = c.theOne(ctx, s.ID, n); err != nil {
			return err
		}
	}
	return c.opt.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}})
}

// dormAlert finds the alert of a session that fires, and how many there were.
func (c *Computer) dormAlert(ctx context.Context, s g.Session) (fires *g.Alert, n int, err error) {
	rows, _, err := c.opt.View.Alerts.List(ctx, alerts.Filter{
		Page:   registry.Page{Limit: 100},
		School: s.School,
		Rule:   g.DormRule(s.ID),
	})
	for i := range rows {
		if rows[i].Firing {
			fires = &rows[i].Alert
		}
	}
	return fires, len(rows), err
}

func dormID(s g.SessionID, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "dorm %s %d", s, n))
	return hex.EncodeToString(sum[:8])
}

// outOfDorm are the states of somebody who has to be looked for, and their words.
func outOfDorm() []dormWord {
	return []dormWord{
		{g.Absent, "%d not seen", "%d 人未见"},
		{g.LeftEarly, "%d went out", "%d 人已外出"},
		{g.Unknown, "%d unknown, since a reader was away or saw no direction", "%d 人不明（设备曾离线或方向不明）"},
	}
}

type dormWord struct {
	state  g.AttendanceState
	en, zh string
}

// dormAlert is the alert for so many answers of each state; its Count is 0 where nobody is missing.
// It is critical where somebody is known not to be there.
func dormAlert(in attend.Inputs, n map[g.AttendanceState]int, now time.Time) g.Alert {
	s, total := in.Session, 0
	var en, zh []string
	a := g.Alert{
		School:    s.School,
		Rule:      g.DormRule(s.ID),
		Severity:  g.Major,
		State:     g.AlertOpen,
		Firing:    true,
		Opened:    now,
		LastFired: now,
	}
	for _, w := range outOfDorm() {
		if n[w.state] == 0 {
			continue
		}
		total += n[w.state]
		en, zh = append(en, fmt.Sprintf(w.en, n[w.state])), append(zh, fmt.Sprintf(w.zh, n[w.state]))
		if w.state != g.Unknown {
			a.Severity, a.Audible = g.Critical, true
		}
	}
	if total > 0 {
		a.Count = 1
	}
	who, due := "boarders are", s.Due.In(in.School.Location()).Format("15:04")
	if total == 1 {
		who = "boarder is"
	}
	name := s.NameZH
	if name == "" {
		name = s.Name
	}
	a.Title = fmt.Sprintf("%d %s not in the dorm", total, who)
	a.TitleZH = fmt.Sprintf("%d 名住宿生未归寝", total)
	a.Text = fmt.Sprintf("%s, due %s: %s. Attendance lists them; who is found is entered there by hand.",
		s.Name, due, strings.Join(en, ", "))
	a.TextZH = fmt.Sprintf("%s，应于 %s 归寝：%s。名单见“考勤”，找到后请在那里登记。", name, due,
		strings.Join(zh, "，"))
	if len(s.Zones) > 0 {
		a.Zone = s.Zones[0]
	}
	return a
}

// theOne is who is missing, where it is one person; "": several are.
func (c *Computer) theOne(
	ctx context.Context, id g.SessionID, n map[g.AttendanceState]int,
) (who g.PersonID, err error) {
	total := 0
	for _, w := range outOfDorm() {
		total += n[w.state]
	}
	if total != 1 {
		return "", nil
	}
	for _, w := range outOfDorm() {
		if n[w.state] == 0 {
			continue
		}
		rows, _, err := c.opt.View.Sessions.Attendance(ctx, sessions.AttendanceFilter{
			Session: id,
			State:   w.state,
		})
		if err != nil || len(rows) == 0 {
			return "", err
		}
		who = rows[0].Person
	}
	return who, nil
}
