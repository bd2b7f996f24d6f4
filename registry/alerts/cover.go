package alerts

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// cover is a suppression with what is needed to decide whether it hides an alert.
type cover struct {
	g.Suppression
	plan  *rota.Plan        // of a window that is weekly
	zones map[g.ZoneID]bool // those that it names, and those of its buildings
	was   []cover           // as it was before it was changed, oldest first
}

// versions are the suppression as it was and as it is, oldest first.
func (c cover) versions() []cover { return append(slices.Clone(c.was), c) }

// asOf is which of the versions stood at a time: a finding that comes late is judged by what was
// so when it was made.
func asOf(versions []cover, at time.Time) int {
	for i := len(versions) - 1; i > 0; i-- {
		if !at.Before(versions[i].Changed) {
			return i
		}
	}
	return 0
}

// covers are the suppressions of a school that may hold, and where its devices are now.
type covers struct {
	all     []cover
	devices map[g.DeviceID]g.Device
}

// weekly is a plan whose spans with people are the hours of a window.
func weekly(s g.Suppression, loc *time.Location) (*rota.Plan, error) {
	if s.Weekly == nil {
		return nil, nil
	}
	day := func(t time.Time) string { return g.DateOf(t.In(loc)).String() }
	return rota.New(g.Rota{
		Lines: []g.RotaLine{
			{
				Days:  s.Weekly.Days,
				Start: s.Weekly.Start,
				End:   s.Weekly.End,
				First: day(s.From.Add(-24 * time.Hour)), // its night may reach into the first day
				Last:  day(s.Until),
				Each:  g.TurnWeek,
				Turns: [][]g.UserID{{"window"}},
			},
		},
	}, loc)
}

// around is how far weekly hours are looked for on either side of a time.
const around = 8 * 24 * time.Hour

// span is the time around at in which the suppression holds.
func (c cover) span(at time.Time) (from, until time.Time, holds bool) {
	from, until = c.From, c.End()
	if at.Before(from) || !at.Before(until) {
		return from, until, false
	}
	if c.plan == nil {
		return from, until, true
	}
	for _, s := range c.plan.Spans(at.Add(-around), at.Add(around), nil) {
		if len(s.People) > 0 && !at.Before(s.From) && at.Before(s.To) {
			return latest(from, s.From), earliest(until, s.To), true
		}
	}
	return from, until, false
}

// next is the first time after at from which on something else holds; zero: there is none.
func (c cover) next(at time.Time) time.Time {
	if _, until, holds := c.span(at); holds {
		return until
	}
	if !at.Before(c.End()) {
		return time.Time{}
	}
	if c.plan == nil || at.Before(c.From) {
		return c.From
	}
	for _, s := range c.plan.Spans(at, at.Add(around), nil) {
		if len(s.People) > 0 && s.From.After(at) {
			return earliest(s.From, c.End())
		}
	}
	return c.End()
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// fits reports whether the suppression is for an alert, whenever it holds.
func (all covers) fits(c cover, a g.Alert) bool {
	switch {
	case a.School != c.School || a.Rule == g.UnansweredRule || !c.UpTo.AtLeast(a.Severity):
		return false
	case c.Kind == g.Shelf:
		return c.shelves(a)
	}
	return among(c.Rules, a.Rule) && among(c.Devices, a.Device) && all.placed(c, a) &&
		c.measured(a) && (a.Own || !c.OwnOnly)
}

func among[T comparable](list []T, x T) bool { return len(list) == 0 || slices.Contains(list, x) }

// shelves reports whether a shelf is for an alert: the one that was shelved, or what the same rule
// finds at the same device or in the same zone. Another person is another finding.
func (c cover) shelves(a g.Alert) bool {
	if a.ID == c.Alert {
		return true
	}
	if !slices.Contains(c.Rules, a.Rule) || a.Person != "" || a.Sighting != "" {
		return false
	}
	if a.Device != "" {
		return slices.Contains(c.Devices, a.Device)
	}
	return slices.Contains(c.Zones, a.Zone)
}

// placed reports whether the alert is in the places of a window: where it was raised, and where its
// device is now, so that what is carried out of the room that is worked on is heard again.
func (all covers) placed(c cover, a g.Alert) bool {
	if c.zones == nil {
		return true
	}
	if !c.zones[a.Zone] {
		return false
	}
	d, known := all.devices[a.Device]
	return a.Sighting != "" || !known || c.zones[d.Zone]
}

// measured reports whether everything by which the alert was raised is named by the window.
func (c cover) measured(a g.Alert) bool {
	if len(c.Properties) == 0 {
		return true
	}
	for name := range a.Values {
		if !slices.Contains(c.Properties, name) {
			return false
		}
	}
	return len(a.Values) > 0
}

// hiding is what hides an alert at a time. What hides it already stays; else what began first, so
// that it does not matter when the registry looks; of those a shelf is before a window, what lasts
// longer before the rest, and what was made first before what was made then.
func (all covers) hiding(a g.Alert, at time.Time) (best g.Hiding, hides bool) {
	var made time.Time // of best
	for _, x := range all.all {
		versions := x.versions()
		i := asOf(versions, at)
		c := versions[i]
		_, until, holds := c.span(at)
		if !holds || !all.fits(c, a) {
			continue
		}
		h := g.Hiding{
			Suppression: c.ID,
			Kind:        c.Kind,
			Reason:      c.Reason,
			By:          c.By,
			ByName:      c.ByName,
			Since:       latest(all.since(versions[:i+1], a, at), latest(a.Opened, a.Returned)),
			Until:       until,
			Set:         c.Changed,
		}
		if c.ID == a.Hidden.Suppression {
			h.Since = a.Hidden.Since
			return h, true
		}
		if !hides || before(h, best, c.Made.Compare(made)) {
			best, hides, made = h, true, c.Made
		}
	}
	return best, hides
}

// since is from when on a suppression that hides an alert at a time has been for it without a gap:
// to make it longer does not begin it anew.
func (all covers) since(versions []cover, a g.Alert, at time.Time) time.Time {
	for {
		c := versions[len(versions)-1]
		from, _, _ := c.span(at)
		if from.After(c.Changed) || len(versions) == 1 {
			return earliest(latest(from, c.Changed), at)
		}
		before := versions[len(versions)-2]
		if _, _, held := before.span(c.Changed); !held || !all.fits(before, a) {
			return earliest(c.Changed, at)
		}
		at, versions = earliest(c.Changed, at), versions[:len(versions)-1]
	}
}

// before compares what hides; made is how the times compare at which a and b were made.
func before(a, b g.Hiding, made int) bool {
	if !a.Since.Equal(b.Since) {
		return a.Since.Before(b.Since)
	}
	if a.Kind != b.Kind {
		return a.Kind == g.Shelf
	}
	if !a.Until.Equal(b.Until) {
		return a.Until.After(b.Until)
	}
	if made != 0 {
		return made < 0
	}
	return a.Suppression < b.Suppression
}

// cover hides an alert or brings it back, as it is at a time, and reports whether that changes it.
// An alert that is resolved keeps what had hidden it.
func (l *life) cover(all covers, at time.Time) bool {
	if !l.Unresolved() {
		return false
	}
	at = l.notBefore(at)
	was := l.Hidden
	now, hides := all.hiding(l.Alert, at)
	switch {
	case !hides && was.Suppression == "":
		return false
	case !hides:
		l.uncover(at)
		return true
	case now.Suppression == was.Suppression && now.Until.Equal(was.Until) && now.Reason == was.Reason:
		return false
	}
	l.Hidden = now
	if now.Suppression != was.Suppression {
		l.note(Entry{
			What:    WasHidden,
			At:      now.Since,
			By:      now.By,
			ByName:  now.ByName,
			Comment: now.Reason,
			Until:   now.Until,
		})
	}
	return true
}

// notBefore is a time, but not before something last hid the alert or brought it back: news that is
// seen again after a crash changes nothing of that.
func (l *life) notBefore(at time.Time) time.Time { return latest(at, l.standsSince()) }

// standsSince is when what hides the alert, or that nothing does, came to be as it is.
func (l *life) standsSince() time.Time {
	return latest(latest(l.Hidden.Since, l.Hidden.Set), l.Returned)
}

// uncover brings an alert back: told again if nobody has it in hand. A finding of a moment that
// fell into a window is over with it.
func (l *life) uncover(at time.Time) {
	was := l.Hidden
	momentary := !l.Firing && l.Ended.IsZero()
	if was.Kind == g.Window && momentary && !l.Opened.Before(was.Since) {
		l.Resolved, l.AckUntil = at, time.Time{}
		l.restate()
		l.note(Entry{
			What: WasOver,
			At:   at,
		})
		return
	}
	l.Hidden, l.Returned = g.Hiding{}, at
	l.note(Entry{
		What:    HasReturned,
		At:      at,
		Comment: was.Reason,
	})
	inHand := !l.Acknowledged.IsZero() && l.AckUntil.After(at)
	if !l.told && !inHand {
		l.retell(g.Returned, at)
	}
}

// overWhileHidden reports whether the condition ended while a shelf or window hid it: nobody was
// told, and there is nothing to acknowledge.
func (l *life) overWhileHidden() bool {
	return l.Hidden.Suppression != "" && !l.Ended.Before(l.Hidden.Since)
}
