package guardians

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/guardians"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

// How far back the page shows what.
const (
	answersBack = 7 // days
	leaveBack   = 60 * 24 * time.Hour
	looksBack   = 30 * 24 * time.Hour
	mostLooks   = 30
	mostAnswers = 100
)

// child is what a guardian sees of one child.
type child struct {
	ID      g.PersonID
	Class   string
	Now     string
	Lines   []string // when they came and left today
	Days    []day
	Leave   []leaveLine
	Collect []string
	Looks   []string
	Refresh string // where a look again leads
}

// day is the answers of one day.
type day struct {
	Date string
	Rows []answerLine
}

// answerLine is one session's answer.
type answerLine struct {
	What, State, Why string
	Tone             string // good, warn, bad or plain
}

// leaveLine is one leave, asked for or entered by the office.
type leaveLine struct {
	When, State, Why string
	Tone             string
	Withdraw         string // the request's id, while it can be withdrawn
}

func (s *area) childOf(ctx context.Context, x *visit, c guardians.Child) (out child, err error) {
	v := s.system()
	out.ID, out.Class = c.ID, c.Class
	out.Refresh = "?l=" + x.p.Short() + "&c=" + string(c.ID)
	if err := s.today(ctx, v, x, c, &out); err != nil {
		return out, err
	}
	if out.Days, err = s.days(ctx, v, x, c.ID); err != nil {
		return out, err
	}
	if out.Leave, err = s.leaves(ctx, v, x, c.ID); err != nil {
		return out, err
	}
	may, err := v.Collect.Of(ctx, c.ID)
	if err != nil {
		return out, err
	}
	for _, m := range may {
		line := m.Name
		if m.Relation != "" {
			line += " (" + m.Relation + ")"
		}
		out.Collect = append(out.Collect, line+" · "+m.From.In(x.zone).Format(time.DateOnly)+" – "+
			m.To.In(x.zone).Format(time.DateOnly))
	}
	looks, err := v.Views.Looks(ctx, c.ID, s.Now().Add(-looksBack), mostLooks)
	for _, l := range looks {
		out.Looks = append(out.Looks, l.At.In(x.zone).Format("2006-01-02 15:04")+" "+x.p.lookedAt(l.Deed, l.Role))
	}
	return out, err
}

// today says where the child is by now, and when they came and left.
func (s *area) today(ctx context.Context, v *registry.View, x *visit, c guardians.Child, out *child) error {
	now := s.Now()
	rows, err := v.History.SightingsBetween(ctx, x.of.School, presence.Since(now, x.zone, c.Boarder),
		now.Add(time.Minute), []g.PersonID{c.ID})
	if err != nil {
		return err
	}
	places, err := v.Places.Of(ctx, x.of.School)
	if err != nil {
		return err
	}
	kinds := map[g.ZoneID]g.ZoneKind{}
	for _, z := range places.Zones {
		kinds[z.ID] = z.Kind
	}
	clock := func(t time.Time) string {
		if t = t.In(x.zone); t.Format(time.DateOnly) == now.In(x.zone).Format(time.DateOnly) {
			return t.Format("15:04")
		}
		return t.Format("01-02 15:04")
	}
	var steps []presence.Step
	was := g.PresenceOut
	for _, r := range rows {
		steps = append(steps, presence.Step{
			Zone:      r.Zone,
			Kind:      kinds[r.Zone],
			Direction: r.Direction,
			At:        r.Time,
		})
		p := presence.Of(steps, c.Boarder)
		switch {
		case p.Where == g.PresenceIn && (was != g.PresenceIn || len(steps) == 1):
			out.Lines = append(out.Lines, clock(r.Time)+" "+x.p.T("arrived", "到校"))
		case p.Where == g.PresenceOut && was != g.PresenceOut:
			out.Lines = append(out.Lines, clock(r.Time)+" "+x.p.T("left", "离校"))
		}
		was = p.Where
	}
	switch p := presence.Of(steps, c.Boarder); {
	case p.Where == g.PresenceIn:
		out.Now = x.p.T("In school. Seen last at "+clock(p.At)+".", "在校，最近一次 "+clock(p.At)+"。")
	case p.Where == g.PresenceOut && p.Sign == g.SignPassed:
		out.Now = x.p.T("Left at "+clock(p.At)+".", clock(p.At)+" 已离校。")
	case p.Where == g.PresenceUnknown && p.Sign == g.SignUnclear:
		out.Now = x.p.T("Seen at a gate at "+clock(p.At)+"; nobody can say in which direction.",
			clock(p.At)+" 经过门口，方向不明。")
	case c.Boarder:
		out.Now = x.p.T("A boarder, not seen since yesterday morning.", "住宿生，昨日凌晨以来没有记录。")
	default:
		out.Now = x.p.T("Not seen today.", "今天没有记录。")
	}
	return nil
}

// days are the answers of the last days, the newest first. By which method somebody passed is not shown.
func (s *area) days(ctx context.Context, v *registry.View, x *visit, id g.PersonID) ([]day, error) {
	rows, _, err := v.Sessions.Attendance(ctx, sessions.AttendanceFilter{
		Page:   registry.Page{Limit: mostAnswers},
		School: x.of.School,
		Person: id,
	})
	if err != nil {
		return nil, err
	}
	oldest := s.Now().In(x.zone).AddDate(0, 0, -answersBack).Format(time.DateOnly)
	var out []day
	for _, r := range rows {
		if r.Date < oldest || r.State == g.NotRequired || r.State == g.Expected {
			continue
		}
		se, err := v.Sessions.Find(ctx, r.Session)
		if g.ErrorCode(err) == g.NotFound {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		l := answerLine{
			What: x.p.T(se.Name, se.NameZH),
			Why:  x.p.why(r.Attendance, x.zone),
		}
		if l.What == "" {
			l.What = se.Name
		}
		l.State, l.Tone = x.p.stateWords(r.State)
		if n := len(out); n == 0 || out[n-1].Date != r.Date {
			out = append(out, day{Date: r.Date})
		}
		last := &out[len(out)-1]
		last.Rows = append(last.Rows, l)
	}
	return out, nil
}

// leaves are what was asked for, and what the office entered beside it, the last to begin first.
func (s *area) leaves(ctx context.Context, v *registry.View, x *visit, id g.PersonID) ([]leaveLine, error) {
	since := s.Now().Add(-leaveBack)
	asked, err := v.Leave.Of(ctx, id, since)
	if err != nil {
		return nil, err
	}
	entered, err := v.Sessions.LeavesOf(ctx, x.of.School, []g.PersonID{id}, since, time.Time{})
	if err != nil {
		return nil, err
	}
	type dated struct {
		leaveLine
		at time.Time
	}
	var all []dated
	known := map[string]bool{}
	for _, l := range asked {
		known[string(l.ID)] = true
		line := leaveLine{
			When: span(l.From, l.To, x.zone) + " · " + x.p.kindWords(l.Kind),
			Why:  l.Reason,
		}
		line.State, line.Tone = x.p.leaveWords(l)
		if (l.State == g.LeaveAsked || l.State == g.LeaveApproved) && s.Now().Before(l.From) &&
			slices.Contains(x.me.Persons, l.Guardian) {
			line.Withdraw = string(l.ID)
		}
		all = append(all, dated{line, l.From})
	}
	for _, l := range entered {
		if known[l.ID] {
			continue
		}
		all = append(all, dated{leaveLine{
			When:  span(l.From, l.To, x.zone),
			State: x.p.T("entered by the school", "由学校登记"),
			Tone:  "good",
			Why:   l.Reason,
		}, l.From})
	}
	slices.SortStableFunc(all, func(a, b dated) int { return b.at.Compare(a.at) })
	out := make([]leaveLine, len(all))
	for i, l := range all {
		out[i] = l.leaveLine
	}
	return out, nil
}
