package lockdown

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// How long a command waits for a device that is away. One of a level that stands waits until the
// all-clear, which recalls it: a door that comes back meanwhile is locked, too.
const (
	raiseLife = 24 * time.Hour
	clearLife = time.Hour
)

// Order asks for a threat level.
type Order struct {
	ID     g.LockdownID // "": a new one; one that exists already is returned, and changes nothing
	School g.SchoolID
	Level  g.LevelID
	Drill  bool
	// Irreversible has a drill send also what profiles call irreversible.
	Irreversible bool
	Note         string
	By           g.User // empty: a rule, and Source is its name
	Source       string
	Device       g.DeviceID // whose button it was, if any
	Zone         g.ZoneID   // where it is; empty: nobody knows
}

// Raise raises a threat level: the level, its alert, its incident, its commands and the event in one
// transaction, audited. The incident begins with the procedure that has the level's id; a level that
// takes another one's place goes on in its incident. A level that stands already at the same level
// stays as it is; another one is replaced, but never the real thing by a drill.
func (v View) Raise(ctx context.Context, o Order) (g.Lockdown, error) {
	in, err := v.s.Reach(ctx, g.LockdownRaise)
	if err != nil {
		return g.Lockdown{}, err
	}
	if err := v.s.InSchool(ctx, in, o.School); err != nil {
		return g.Lockdown{}, err
	}
	if err := store.Optional("note", o.Note, 500); err != nil {
		return g.Lockdown{}, err
	}
	err = v.checkPlace(ctx, o.School, g.LevelAction{Zone: o.Zone})
	if g.ErrorCode(err) == g.Invalid && o.By.ID == "" {
		o.Zone, err = "", nil // a button in a room that was deleted is still a button
	}
	if err != nil {
		return g.Lockdown{}, err
	}
	var l raised
	err = v.s.Write(ctx, func(t *store.Tx) error {
		lv, err := level(ctx, t, o.School, o.Level)
		if err != nil {
			return err
		}
		if o.ID != "" {
			l, err = v.r.find(ctx, t, o.ID)
			if err == nil || g.ErrorCode(err) != g.NotFound {
				return err
			}
		}
		before, stands, err := v.r.standing(ctx, t, o.School)
		if err != nil {
			return err
		}
		if stands && before.Lockdown.Level == o.Level && before.Drill == o.Drill {
			l = before
			return nil
		}
		if stands && o.Drill && !before.Drill {
			return g.Errorf(g.Conflict, "%s stands, and it is no drill: end it first", before.Title)
		}
		l.As = &lv
		if l.Lockdown, err = v.begin(ctx, t, o, lv); err != nil {
			return err
		}
		if stands {
			if err := v.replaced(ctx, t, before, l.Lockdown); err != nil {
				return err
			}
		}
		done, err := v.act(ctx, t, &l.Lockdown, orders{
			actions:      lv.Raise,
			irreversible: o.Irreversible,
			by:           by(l.Lockdown),
			life:         raiseLife,
		})
		if err != nil {
			return err
		}
		if stands {
			if err := v.letGo(ctx, t, before, done); err != nil {
				return err
			}
		}
		a := alertOf(l.Lockdown, lv, o.Device)
		if a.Incident, err = alerts.OpenFor(ctx, v.alerts, t, a, alerts.Occasion{
			By:        g.User{ID: l.RaisedBy, FullName: l.RaisedByName},
			Procedure: g.ProcedureID(lv.ID),
			After:     before.Alert,
		}); err != nil {
			return err
		}
		l.Lockdown.Incident = a.Incident
		if err := alerts.Raise(ctx, v.alerts, t, a); err != nil {
			return err
		}
		if err := v.r.save(ctx, t, &l); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			l.School,
			"lockdown.raise",
			describe(l.Lockdown),
		)
	})
	return l.Lockdown, err
}

// begin makes a lockdown.
func (v View) begin(
	ctx context.Context, t *store.Tx, o Order, lv g.ThreatLevel,
) (g.Lockdown, error) {
	l := lockdownOf(o, lv, store.Moment(store.Micros(t.Now)))
	l.ID = cmp.Or(o.ID, g.LockdownID(g.NewID("lck")))
	l.Alert = g.AlertID(g.NewID("alt"))
	if o.By.ID != "" {
		u, err := access.Acting(ctx, v.access, t, o.By)
		if err != nil {
			return l, err
		}
		if l.RaisedBy, err = access.Answers(ctx, v.access, t, o.By); err != nil {
			return l, err
		}
		l.RaisedByName = u.FullName
	}
	return l, nil
}

// lockdownOf is what an order of a level makes.
func lockdownOf(o Order, lv g.ThreatLevel, now time.Time) g.Lockdown {
	return g.Lockdown{
		School:  o.School,
		Level:   lv.ID,
		Title:   lv.Title,
		TitleZH: lv.TitleZH,
		Text:    lv.Text,
		TextZH:  lv.TextZH,
		Drill:   o.Drill,
		Zone:    o.Zone,
		Note:    o.Note,
		Raised:  now,
		Doors: g.LevelDoors{
			In:  lv.Doors.In,
			Out: lv.Doors.Out,
		},

		RaisedByName: o.Source,
	}
}

// alertOf is the alert of a lockdown. It says which actions of the level no device was there for.
func alertOf(l g.Lockdown, lv g.ThreatLevel, device g.DeviceID) g.Alert {
	a := g.Alert{
		ID:        l.Alert,
		School:    l.School,
		Rule:      g.RuleID(g.LockdownRule + string(l.Level)),
		Severity:  lv.Severity,
		State:     g.AlertOpen,
		Title:     l.Title,
		TitleZH:   l.TitleZH,
		Text:      l.Text,
		TextZH:    l.TextZH,
		Device:    device,
		Zone:      l.Zone,
		Firing:    true,
		Audible:   true,
		Drill:     l.Drill,
		Count:     1,
		Opened:    l.Raised,
		LastFired: l.Raised,
	}
	if len(l.Idle) > 0 {
		what := strings.Join(l.Idle, ", ")
		a.Text = strings.TrimSpace(a.Text + " NOT DONE, since no device knows it or is there: " + what + ".")
		a.TextZH += "未执行（没有对应的设备）：" + what + "。"
	}
	if l.Drill {
		a.Severity = g.Info
		a.Title = "Drill: " + a.Title
		if a.TitleZH != "" {
			a.TitleZH = "演练：" + a.TitleZH
		}
	}
	return a
}

// replaced ends a lockdown because another level takes its place. What it commanded and was not
// sent yet is recalled.
func (v View) replaced(ctx context.Context, t *store.Tx, old raised, next g.Lockdown) error {
	old.Cleared = store.Moment(store.Micros(t.Now))
	old.Next = next.ID
	why := g.Textf("%s took its place", next.Title)
	if err := fleet.Recall(
		ctx,
		v.s.Store,
		t,
		old.ID,
		why,
	); err != nil {
		return err
	}
	if err := alerts.End(
		ctx,
		v.alerts,
		t,
		old.Alert,
		next.RaisedBy,
		next.RaisedByName,
	); err != nil {
		return err
	}
	return v.r.save(ctx, t, &old)
}

// letGo commands what a level that was replaced commands at its end, but for the devices that the
// new level commands: a door is not unlocked for the moment before it is locked again.
func (v View) letGo(
	ctx context.Context, t *store.Tx, old raised, commanded map[g.DeviceID]bool,
) error {
	clears, err := v.clears(ctx, t, old)
	if err != nil {
		return err
	}
	counted := old.Lockdown
	_, err = v.act(ctx, t, &counted, orders{
		actions: clears,
		by:      by(old.Lockdown),
		life:    clearLife,
		spare:   commanded,
	})
	return err
}

// orders are what devices are told because of a lockdown.
type orders struct {
	actions      []g.LevelAction
	irreversible bool // also in a drill
	by           string
	life         time.Duration       // how long they wait
	spare        map[g.DeviceID]bool // these are told nothing
}

// act accepts the commands of a level's actions, in their order, and returns the devices that they
// go to. A device that two of them command in the same way is commanded once; what earlier
// lockdowns commanded it and was not sent yet is recalled.
func (v View) act(
	ctx context.Context, t *store.Tx, l *g.Lockdown, o orders,
) (map[g.DeviceID]bool, error) {
	done, devices := map[string]bool{}, map[g.DeviceID]bool{}
	for _, a := range o.actions {
		targets, err := targetsOf(ctx, t, l.School, a)
		if err != nil {
			return nil, err
		}
		if len(targets) == 0 && !slices.Contains(l.Idle, a.Action) {
			l.Idle = append(l.Idle, a.Action)
		}
		values, err := json.Marshal(a.Values)
		if err != nil {
			return nil, fmt.Errorf("accept command: %w", err)
		}
		for _, x := range targets {
			same := string(x.Device) + " " + a.Action + " " + string(values)
			switch {
			case done[same] || o.spare[x.Device]:
				continue
			case x.Irreversible && l.Drill && !o.irreversible:
				l.Spared++
				continue
			}
			if !devices[x.Device] {
				devices[x.Device] = true
				why := g.Textf("%s came after it", l.Title)
				if err := fleet.RecallFrom(
					ctx,
					v.s.Store,
					t,
					x.Device,
					l.ID,
					why,
				); err != nil {
					return nil, err
				}
			}
			// one microsecond apart, so that a device gets its commands in the level's order
			made := t.Now.Add(time.Duration(len(done)) * time.Microsecond)
			done[same] = true
			_, err = fleet.Accept(ctx, v.s.Store, t, fleet.Order{
				Device:   x.Device,
				Action:   a.Action,
				Values:   a.Values,
				By:       o.by,
				Alert:    l.Alert,
				Lockdown: l.ID,
				Drill:    l.Drill,
				Made:     made,
				Due:      t.Now.Add(o.life),
			})
			if err != nil {
				return nil, err
			}
			l.Commands++
		}
	}
	return devices, nil
}

// targetsOf are the devices that an action commands.
func targetsOf(
	ctx context.Context, c store.Conn, school g.SchoolID, a g.LevelAction,
) ([]fleet.Target, error) {
	var zones []g.ZoneID
	if a.Building != "" {
		of, err := places.ZonesOf(ctx, c, a.Building)
		if err != nil || len(of) == 0 {
			return nil, err // nothing is there
		}
		zones = of
	}
	return fleet.Targets(
		ctx,
		c,
		school,
		a,
		zones,
	)
}

// clears is what is commanded at the all-clear: as the level was when it was raised.
func (v View) clears(ctx context.Context, t *store.Tx, l raised) ([]g.LevelAction, error) {
	if l.As != nil {
		return l.As.Clear, nil
	}
	lv, err := level(ctx, t, l.School, l.Lockdown.Level)
	if g.ErrorCode(err) == g.Invalid {
		return nil, nil // raised by a version that did not keep the level, and deleted since
	}
	return lv.Clear, err
}

func (v View) mayClear(
	ctx context.Context, t *store.Tx, l g.Lockdown, version int, user g.User,
) error {
	if !l.Cleared.IsZero() {
		return g.Errorf(g.Conflict, "it is over already").At("version")
	}
	if l.Version != version {
		return g.Errorf(g.Conflict, "it has changed meanwhile: look at it again").At("version")
	}
	id, err := access.ActingUser(ctx, v.access, t)
	if err != nil || id != string(user.ID) {
		return g.Errorf(g.Forbidden, "the all-clear takes a person who is signed in")
	}
	if g.UserID(id) == l.RaisedBy {
		return g.Errorf(g.Forbidden,
			"the all-clear takes a second person: you raised it, so somebody else ends it").
			Because("second_person")
	}
	return nil
}

// by names a lockdown as the giver of commands.
func by(l g.Lockdown) string {
	name := l.Title
	if l.Drill {
		name += " (drill)"
	}
	if l.RaisedByName == "" {
		return name
	}
	return name + ", " + l.RaisedByName
}

func describe(l g.Lockdown) string {
	text := string(l.ID) + " " + string(l.Level)
	if l.Drill {
		text += " drill"
	}
	return text
}

// save writes a lockdown, and queues its event.
func (r *Book) save(ctx context.Context, t *store.Tx, l *raised) error {
	l.Version++
	if err := r.keep(ctx, t, l); err != nil {
		return err
	}
	t.Change(changeOf(l.Lockdown))
	return r.s.Send(ctx, t, g.Event{
		ID:       fmt.Sprintf("evt_%s_%d", l.ID, l.Version),
		Kind:     g.EventLockdown,
		School:   l.School,
		Time:     t.Now.UTC(),
		Received: t.Now.UTC(),
		Lockdown: &l.Lockdown,
	})
}

// changeOf is what a commit tells of a lockdown.
func changeOf(l g.Lockdown) (change.Kind, g.SchoolID, string) {
	return change.Lockdown, l.School, string(l.ID)
}

// keep writes a lockdown.
func (r *Book) keep(ctx context.Context, t *store.Tx, l *raised) error {
	body, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write lockdown: %w", err)
	}
	_, err = t.Exec(ctx, "INSERT INTO lockdowns (id, school, level, drill, raised, cleared, body_sealed) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET cleared = excluded.cleared, "+
		"body_sealed = excluded.body_sealed",
		string(l.ID), string(l.School), string(l.Lockdown.Level), store.Flag(l.Drill),
		store.Micros(l.Raised), store.Micros(l.Cleared),
		store.Seal(r.s.Vault.Data, body, "lockdown "+string(l.ID)))
	if err != nil {
		return fmt.Errorf("write lockdown: %w", err)
	}
	return nil
}
