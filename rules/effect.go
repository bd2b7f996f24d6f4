package rules

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"maps"
	"math"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Effect is an action of a rule; the fields that are set belong together. An alert is sent again,
// with the same ID, when it ends (Firing false), repeats (Count) or begins to flap. IDs are hashes of the rule, its
// subject and the sequence of the first event, so that a replay gives the same IDs.
type Effect struct {
	At       time.Time // when the rule fired, by the gateway's clock
	Alert    *g.Alert
	Incident *g.Incident
	Command  *CommandEffect
	Notify   *NotifyEffect
}

// CommandEffect requests a device action. Either Device is set, or Zone, with Type and Profile to
// select the devices in it.
type CommandEffect struct {
	ID      string // "" if the rule raises no alert
	Rule    g.RuleID
	Alert   g.AlertID // "" if the rule raises no alert
	School  g.SchoolID
	Device  g.DeviceID
	Zone    g.ZoneID
	Type    g.DeviceType
	Profile g.ProfileID
	Action  string
	Values  map[string]g.Value
}

// NotifyEffect requests a message to all people of the school with one of the roles.
type NotifyEffect struct {
	ID       string // "ntf_…"
	Rule     g.RuleID
	Alert    g.AlertID
	School   g.SchoolID
	Roles    []g.Role
	Severity g.Severity
	Title    string
	TitleZH  string
	Device   g.DeviceID
	Zone     g.ZoneID
}

// hashID returns prefix and 16 characters of a hash over the parts.
func hashID(prefix string, seq uint64, parts ...string) string {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	binary.BigEndian.PutUint64(n[:], seq)
	h.Write(n[:])
	return prefix + "_" +
		base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding).EncodeToString(
			h.Sum(nil)[:10])
}

func (s *subject) id(prefix string, more ...string) string {
	key := s.key
	if s.rule.momentary && s.rule.Per != PerTrack {
		key = "" // holds the sequence already
	}
	return hashID(prefix, s.first, append([]string{string(s.rule.ID), key}, more...)...)
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// raise emits the subject's alert and actions, or counts it as a repeat within Once.
func (e *Engine) raise(s *subject) {
	r := s.rule
	onceKey := ""
	if r.Once.Every > 0 {
		onceKey = r.onceKey(s)
		if o := r.once[onceKey]; o != nil && e.now < o.at+int64(r.Once.Every) {
			if o.alert != nil {
				e.repeat(s, o, onceKey)
			}
			if !r.momentary {
				e.act(s)
			}
			return
		}
	}
	s.alert = nil
	for _, a := range r.Then {
		if a.Alert != nil {
			s.alert = e.alert(s, *a.Alert)
		}
	}
	incident := (*g.Incident)(nil)
	for _, a := range r.Then {
		if a.Incident != nil && s.alert != nil && incident == nil {
			incident = e.incident(s, *a.Incident)
		}
	}
	if s.alert != nil {
		e.emitAlert(s, incident)
	}
	e.act(s)
	if r.Once.Every > 0 {
		r.remember(onceKey, e.now, s.alert)
	}
}

// act emits the commands and messages of a subject that fires.
func (e *Engine) act(s *subject) {
	for i, a := range s.rule.Then {
		switch {
		case a.Command != nil:
			e.out = append(e.out, Effect{
				At:      instant(e.now),
				Command: e.command(s, *a.Command, i),
			})
		case a.Notify != nil:
			e.out = append(e.out, Effect{
				At:     instant(e.now),
				Notify: e.notify(s, *a.Notify, i),
			})
		}
	}
}

func (r *rule) onceKey(s *subject) string {
	if r.Once.Per == r.Per && !r.momentary {
		return s.key
	}
	return r.Once.Per.of(s.cause)
}

func (r *rule) remember(key string, now int64, a *g.Alert) {
	// At powers of two, so that looking through them costs little for each that is added.
	if n := len(r.once); n >= sweepFrom && n&(n-1) == 0 || n >= maxRepeats {
		for k, o := range r.once {
			if now >= o.at+int64(r.Once.Every) {
				delete(r.once, k)
				r.onceChanged[k] = true
			}
		}
	}
	if len(r.once) < maxRepeats {
		r.once[key] = &repeat{
			at:    now,
			alert: a,
		}
		r.onceChanged[key] = true
	}
}

// end ends the alert of a firing subject.
func (e *Engine) end(s *subject) {
	e.unmute(s)
	held := s.phase
	if s.phase == firing && s.alert != nil {
		s.alert.Firing, s.alert.Flapping, s.alert.Ended = false, false, instant(e.now)
		e.emitAlert(s, nil)
		if !s.settled { // else the next finding is a new alert
			s.rule.overAt(s, e.now)
		}
	}
	s.phase = idle
	s.since = 0
	s.clearSince = 0
	s.alert = nil
	s.fired, s.stage, s.answered, s.settled = 0, 0, false, false
	s.told = 0
	if held == pending || held == firing {
		e.release(s)
	}
}

func (e *Engine) emitAlert(s *subject, in *g.Incident) {
	a := *s.alert
	a.Values = maps.Clone(a.Values)
	e.out = append(e.out, Effect{
		At:       instant(e.now),
		Alert:    &a,
		Incident: in,
	})
}

func (e *Engine) alert(s *subject, act AlertAction) *g.Alert {
	r := s.rule
	title, titleZH := e.titles(s)
	return &g.Alert{
		ID:        g.AlertID(s.id("alt")),
		School:    s.cause.School,
		Rule:      r.ID,
		Severity:  r.Severity,
		State:     g.AlertOpen,
		Title:     title,
		TitleZH:   titleZH,
		Audible:   act.Audible,
		Device:    s.shownDevice(),
		Zone:      s.cause.Zone,
		Person:    s.whom(),
		Sighting:  s.cause.Sighting,
		Media:     s.cause.Media,
		Values:    e.values(s),
		Own:       e.own(s),
		Firing:    !r.momentary,
		Count:     1,
		Opened:    instant(e.now),
		LastFired: instant(e.now),
		Seq:       s.first,
	}
}

// shownDevice is the device to show to people; "" for alerts about several.
func (s *subject) shownDevice() g.DeviceID {
	if s.rule.Per == PerDriver || s.rule.Per == PerBuilding || s.rule.Per == PerFloor || s.rule.share() {
		return ""
	}
	return s.cause.Device
}

// own reports whether the rule asks only for states of the device itself: its status, its silence,
// and properties such as its battery.
func (e *Engine) own(s *subject) bool {
	d := e.devices[s.cause.Device]
	if d == nil {
		return false
	}
	own, other := false, false
	s.rule.When.walk(func(c Condition) {
		switch {
		case c.Status != nil, c.Absent != nil:
			own = true
		case c.Sighting != nil, c.Occurrence != nil:
			other = true
		case c.property() != "":
			x := d.sample(c.property())
			own, other = own || x != nil && x.own, other || x == nil || !x.own
		}
	})
	return own && !other
}

// values are those that the rule compared: for a group, of a device that passes the test.
func (e *Engine) values(s *subject) map[string]g.Value {
	r := s.rule
	out := map[string]g.Value{}
	devs := s.members
	if d := e.devices[s.cause.Device]; len(devs) == 0 && d != nil {
		devs = []*device{d}
	}
	shown := map[string]bool{}
	for _, c := range r.compares {
		for _, d := range devs {
			v := d.sample(c.property)
			if v == nil || shown[c.property] || e.now >= d.until(v, int64(r.Fresh), e.gaps) {
				continue
			}
			out[c.property] = v.v
			shown[c.property] = c.test(v.v) == yes
		}
	}
	r.When.walk(func(c Condition) {
		if p := c.property(); p != "" && c.Compare == nil {
			for _, d := range devs {
				if v := d.sample(p); v != nil {
					if c.Attendance != nil {
						p = "attendance"
					}
					if c.Presence != nil {
						e.presenceValues(s, *c.Presence, devs, out)
						continue
					}
					out[p] = v.v
					if b := c.Baseline; b != nil {
						mean, _ := v.usually(b.key(), e.now, e.hoursOf(d).zone)
						out["usual"] = g.NumberValue(math.Round(mean*100) / 100)
					}
				}
			}
		}
	})
	if r.Per == PerDriver {
		out["driver"] = g.StringValue(string(s.cause.Driver))
	}
	if r.Per == PerBuilding {
		out["building"] = g.StringValue(string(s.cause.Building))
	}
	if r.Per == PerFloor {
		out["floor"] = g.StringValue(string(s.cause.Floor))
	}
	if n := e.hanging[s.cause.Device]; n > 0 && r.Per == PerDevice && len(r.awaited) > 0 {
		out["behind"] = g.NumberValue(float64(n))
	}
	for i, times := range s.counts {
		if r.counted[i].step > 0 {
			continue
		}
		if n := inside(times, e.now-int64(r.counted[i].Within)); n > 0 {
			out["count"] = g.NumberValue(float64(n))
		}
	}
	e.shareValues(s, out)
	if len(out) == 0 {
		return nil
	}
	return out
}

func inside(times []int64, after int64) int {
	n := 0
	for _, t := range times {
		if t > after {
			n++
		}
	}
	return n
}

func (e *Engine) incident(s *subject, act IncidentAction) *g.Incident {
	p := e.procedures[g.ProcedureID(act.Procedure)]
	cause, within := s.gathers(act)
	title, titleZH := e.titles(s)
	in := &g.Incident{
		ID:       g.IncidentID(s.id("inc")),
		School:   s.cause.School,
		Title:    title,
		TitleZH:  titleZH,
		Severity: s.rule.Severity,
		State:    g.IncidentOpen,
		Alerts:   []g.AlertID{s.alert.ID},
		Opened:   instant(e.now),

		Procedure: g.ProcedureID(act.Procedure),
		Cause:     cause,
		Within:    within,
		Steps:     p.Begin(instant(e.now)),
	}
	if act.Approver != "" {
		in.Handover = g.Handover{
			Requested:    true,
			ApproverRole: act.Approver,
			Approval:     "waiting",
			Link:         "off",
			Note:         "the police link is off: nothing was sent",
		}
	}
	s.alert.Incident = in.ID
	return in
}

// gathers is what further alerts of the same incident have in common, and how long after the one
// before they come, in seconds; "" and 0: nothing is gathered. Rules with the same procedure report
// the same thing, so that fires which two rules find in a building are one.
func (s *subject) gathers(act IncidentAction) (cause string, within int) {
	by := act.Gather
	if by == "" {
		by = GatherBuilding
		if s.rule.momentary {
			by = GatherNone
		}
	}
	what := act.Procedure
	if what == "" {
		what = "rule:" + string(s.rule.ID)
	}
	long := act.Within
	if long == 0 {
		long = gatherFor
	}
	within = int((long + time.Second - 1) / time.Second)
	switch {
	case by == GatherSchool:
		return what + " school", within
	case by == GatherBuilding && s.cause.Building != "":
		return what + " building " + string(s.cause.Building), within
	case by != GatherNone && s.cause.Zone != "":
		return what + " zone " + string(s.cause.Zone), within
	}
	return "", 0
}

func (e *Engine) command(s *subject, act CommandAction, i int) *CommandEffect {
	c := &CommandEffect{
		ID:      s.id("cmd", string(rune('a'+i%26))),
		Rule:    s.rule.ID,
		School:  s.cause.School,
		Device:  act.Device,
		Zone:    act.Zone,
		Type:    act.Type,
		Profile: act.Profile,
		Action:  act.Action,
		Values:  maps.Clone(act.Values),
	}
	if c.Device == "same" {
		c.Device = s.cause.Device
	}
	if c.Zone == "same" {
		c.Zone = s.cause.Zone
	}
	if s.alert != nil {
		c.Alert = s.alert.ID
	}
	return c
}

func (e *Engine) notify(s *subject, act NotifyAction, i int) *NotifyEffect {
	title, titleZH := e.titles(s)
	n := &NotifyEffect{
		ID:       s.id("ntf", string(rune('a'+i%26))),
		Rule:     s.rule.ID,
		School:   s.cause.School,
		Roles:    act.Roles,
		Severity: s.rule.Severity,
		Title:    title,
		TitleZH:  titleZH,
		Device:   s.shownDevice(),
		Zone:     s.cause.Zone,
	}
	if s.alert != nil {
		n.Alert = s.alert.ID
	}
	return n
}
