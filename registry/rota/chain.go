package rota

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds of a chain.
const (
	MaxSteps   = 20
	MaxMinutes = 24 * 60
	MaxRepeat  = 10
	MaxOfStep  = 20 // rotas, and users, and channels of a step
	MaxPlaces  = 200
	MaxTries   = 4 // of a step
)

// CheckChain refuses a chain that cannot work; the error names the field and the mend. Whether what
// it names exists is for others to see.
func CheckChain(e g.Escalation) error {
	if len(e.Steps) == 0 || len(e.Steps) > MaxSteps {
		return g.FieldErrorf("steps", "%d steps; give 1 to %d", len(e.Steps), MaxSteps)
	}
	if e.Wait < 1 || e.Wait > MaxMinutes {
		return g.FieldErrorf("wait_minutes", "%d; give 1 to %d minutes", e.Wait, MaxMinutes)
	}
	if e.Repeat < 0 || e.Repeat > MaxRepeat {
		return g.FieldErrorf("repeat", "%d; give 0 to %d", e.Repeat, MaxRepeat)
	}
	for i, s := range e.Severities {
		if !slices.Contains(g.Severities(), s) {
			return g.FieldErrorf(fmt.Sprintf("severities[%d]", i),
				"%q is no severity; use some of %v", s, g.Severities())
		}
	}
	if len(e.Buildings)+len(e.Zones) > MaxPlaces {
		return g.FieldErrorf("zones", "%d places; at most %d are kept",
			len(e.Buildings)+len(e.Zones), MaxPlaces)
	}
	for i, s := range e.Steps {
		if err := checkStep(s, fmt.Sprintf("steps[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func checkStep(s g.EscalationStep, at string) error {
	if s.After < 0 || s.After > MaxMinutes {
		return g.FieldErrorf(at+".after_minutes", "%d; give 0 to %d minutes", s.After, MaxMinutes)
	}
	n := len(s.Rotas) + len(s.Users) + len(s.Roles) + len(s.Channels)
	if n == 0 {
		return g.FieldErrorf(at, "the step tells nobody: name a rota, a person, a role or a channel")
	}
	if max(len(s.Rotas), len(s.Users), len(s.Channels)) > MaxOfStep {
		return g.FieldErrorf(at, "at most %d of a kind are told in one step", MaxOfStep)
	}
	for _, role := range s.Roles {
		if !slices.Contains(role.Permissions(), g.AlertsRead) {
			return g.FieldErrorf(at+".roles", "the role %q may not see alerts: name another", role)
		}
	}
	return checkTries(s.Tries, at+".tries")
}

// checkTries refuses ways that reach no person, the same way twice, and a wait that nothing follows.
func checkTries(tries []g.Try, at string) error {
	if len(tries) > MaxTries {
		return g.FieldErrorf(at, "%d tries; at most %d are kept", len(tries), MaxTries)
	}
	var had []g.Way
	for i, x := range tries {
		field := fmt.Sprintf("%s[%d]", at, i)
		if len(x.Ways) == 0 {
			return g.FieldErrorf(field+".ways", "the try tells by no way: name one, or leave it out")
		}
		for _, w := range x.Ways {
			switch {
			case !slices.Contains(ways(), w):
				return g.FieldErrorf(field+".ways", "%q reaches no person; use some of %v (a group's "+
					"robot is one of the channels)", w, ways())
			case slices.Contains(had, w):
				return g.FieldErrorf(field+".ways", "%q comes twice: the second would send nothing", w)
			}
			had = append(had, w)
		}
		if x.Unread < 0 || x.Unread > MaxMinutes {
			return g.FieldErrorf(field+".unread_minutes", "%d; give 0 to %d minutes", x.Unread, MaxMinutes)
		}
		if x.Unread > 0 && i == len(tries)-1 {
			return g.FieldErrorf(field+".unread_minutes",
				"no try follows the last one: add one, or leave the minutes out")
		}
	}
	return nil
}

// ways are those by which a person is reached.
func ways() []g.Way { return []g.Way{"push", "email", "sms", "voice"} }

// Where is what a chain is chosen by. Building and Zone are empty where they are not known.
type Where struct {
	Severity g.Severity
	Building g.BuildingID
	Zone     g.ZoneID
}

// Choose returns the one chain for an alert, of those of one school: one that names the zone before
// one that names its building, and these before one for everywhere; then one that names the
// severity before one for each; then by id.
func Choose(chains []g.Escalation, w Where) (g.Escalation, bool) {
	var best g.Escalation
	found, most := false, 0
	for _, e := range chains {
		n, ok := fits(e, w)
		if !ok {
			continue
		}
		if !found || cmp.Or(cmp.Compare(most, n), cmp.Compare(e.ID, best.ID)) < 0 {
			best, most, found = e, n, true
		}
	}
	return best, found
}

// fits says how closely a chain fits: 4 for the zone, 2 for the building, 1 for the severity.
func fits(e g.Escalation, w Where) (n int, ok bool) {
	if e.Disabled {
		return 0, false
	}
	switch {
	case w.Zone != "" && slices.Contains(e.Zones, w.Zone):
		n = 4
	case w.Building != "" && slices.Contains(e.Buildings, w.Building):
		n = 2
	case len(e.Zones)+len(e.Buildings) > 0:
		return 0, false
	}
	if len(e.Severities) == 0 {
		return n, true
	}
	return n + 1, slices.Contains(e.Severities, w.Severity)
}

// Call is how far an alert's chain has come: which step is due, and when. A step at the end of the
// list stands for the wait for an answer before nobody is left.
type Call struct {
	Step  int
	Round int // 0: the first time through the steps
	Due   time.Time
	Told  bool // somebody was told in this round
}

// Begin is the call of a chain for an alert that opened then.
func Begin(e g.Escalation, opened time.Time) Call {
	c := Call{Due: opened}
	if len(e.Steps) > 0 {
		c.Due = opened.Add(minutes(e.Steps[0].After))
	}
	return c
}

// Over says whether no step is left: nobody has answered.
func (c Call) Over(e g.Escalation) bool { return c.Step >= len(e.Steps) }

// Next is the call after its step was carried out. Due times follow from each other, not from when
// a step was carried out, so that a gateway that was off goes through what it missed in order. A
// step that told nobody costs no time, and a round that told nobody is not repeated.
func (c Call) Next(e g.Escalation, told bool) Call {
	c.Told = c.Told || told
	c.Step++
	if c.Step < len(e.Steps) {
		if told {
			c.Due = c.Due.Add(minutes(e.Steps[c.Step].After))
		}
		return c
	}
	if !c.Told {
		return c
	}
	c.Due = c.Due.Add(minutes(e.Wait))
	if c.Round < e.Repeat {
		c = Call{
			Round: c.Round + 1,
			Due:   c.Due,
		}
	}
	return c
}

// Under is the call, which waits, after its chain was changed: its wait is as long as the chain says
// now, from when it began.
func (c Call) Under(was, now g.Escalation) Call {
	c.Due = c.Due.Add(c.wait(now) - c.wait(was))
	return c
}

// wait is how long the call waits for its step.
func (c Call) wait(e g.Escalation) time.Duration {
	if c.Step >= len(e.Steps) || c.Step == 0 && c.Round > 0 {
		return minutes(e.Wait)
	}
	return minutes(e.Steps[c.Step].After)
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
