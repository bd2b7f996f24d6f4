package lockdown

import (
	"context"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// mostShown is how many devices are named of those that an action does not reach now.
const mostShown = 10

// LevelPreview is what raising a level would do now. Nothing is done.
type LevelPreview struct {
	Raise    []ActionPreview  `json:"raise" nullable:"false"`
	Clear    []ActionPreview  `json:"clear" nullable:"false"`
	Messages []MessagePreview `json:"messages" nullable:"false"`
}

// ActionPreview is what one action of a level would do.
type ActionPreview struct {
	Action  string `json:"action"`
	Devices int    `json:"devices"` // that would be commanded
	Spared  int    `json:"spared"`  // that a drill would leave out, since it is irreversible
	Away    int    `json:"away"`    // of Devices, that would get it once they are back
	// names of devices that are away, the first 10
	AwayNames []string `json:"away_names,omitempty"`
	// why no device is commanded
	Problem string `json:"problem,omitempty"`

	Why error `json:"-"` // Problem for other languages
}

// MessagePreview is whom one message of a level would tell, and what.
type MessagePreview struct {
	messages.Preview
	Sent     bool     `json:"sent"` // false: the level is raised elsewhere, and this message is not sent
	Channels []string `json:"channels,omitempty"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`

	SubjectZH string `json:"subject_zh"`
	TextZH    string `json:"text_zh"`
}

// Preview says what raising a level would do: which devices would be commanded, and who told what.
func (v View) Preview(ctx context.Context, o Order, base string) (LevelPreview, error) {
	out := LevelPreview{
		Raise:    []ActionPreview{},
		Clear:    []ActionPreview{},
		Messages: []MessagePreview{},
	}
	in, err := v.s.Reach(ctx, g.LockdownRaise)
	if err != nil {
		return out, err
	}
	if err := v.s.InSchool(ctx, in, o.School); err != nil {
		return out, err
	}
	if err := v.checkPlace(ctx, o.School, g.LevelAction{Zone: o.Zone}); err != nil {
		return out, err
	}
	lv, err := level(ctx, v.s.Reg, o.School, o.Level)
	if err != nil {
		return out, err
	}
	if out.Raise, err = v.previewActions(ctx, o, lv.Raise); err != nil {
		return out, err
	}
	if out.Clear, err = v.previewActions(ctx, o, lv.Clear); err != nil {
		return out, err
	}
	out.Messages, err = v.previewMessages(
		ctx,
		o,
		lv,
		base,
	)
	return out, err
}

func (v View) previewActions(
	ctx context.Context, o Order, actions []g.LevelAction,
) ([]ActionPreview, error) {
	out := []ActionPreview{}
	for _, a := range actions {
		targets, err := targetsOf(ctx, v.s.Reg, o.School, a)
		if err != nil {
			return out, err
		}
		p := ActionPreview{Action: a.Action}
		for _, x := range targets {
			if x.Irreversible && o.Drill && !o.Irreversible {
				p.Spared++
				continue
			}
			p.Devices++
			if !x.Away {
				continue
			}
			p.Away++
			if len(p.AwayNames) < mostShown {
				p.AwayNames = append(p.AwayNames, x.Name)
			}
		}
		if len(targets) == 0 {
			p.Why = g.Errorf(g.NotFound, "no enabled device of the school is there for it")
			err := fleet.CheckActions(ctx, v.s.Reg, a)
			if why, ok := errors.AsType[*g.Error](err); ok {
				p.Why = why.At("") // not a field of the reader's
			} else if err != nil {
				return out, err
			}
			p.Problem = p.Why.Error()
		}
		out = append(out, p)
	}
	return out, nil
}

func (v View) previewMessages(
	ctx context.Context, o Order, lv g.ThreatLevel, base string,
) ([]MessagePreview, error) {
	out := []MessagePreview{}
	school, zone, err := v.whereOf(ctx, o)
	if err != nil {
		return out, err
	}
	l := lockdownOf(o, lv, store.Moment(store.Micros(v.s.Now())))
	if o.By.ID != "" {
		u, err := access.Acting(ctx, v.access, v.s.Reg, o.By)
		if err != nil {
			return out, err
		}
		l.RaisedByName = u.FullName
	}
	params := Told(l, school, zone, base)
	view := v.r.messages.In(v.s)
	for _, m := range lv.Messages {
		p := MessagePreview{Sent: Concerns(m, zone)}
		p.Preview, err = messages.AlarmReaches(ctx, view, o.School, messages.Audience{
			Roles: m.Roles,
			Kinds: m.Kinds,
		})
		if err != nil {
			return out, err
		}
		named, err := messages.ChannelsNamed(ctx, v.s.Reg, m.Channels)
		if err != nil {
			return out, err
		}
		for _, id := range m.Channels {
			if name, ok := named[id]; ok {
				p.Channels = append(p.Channels, name)
			}
		}
		for _, one := range []struct {
			language      string
			subject, text *string
		}{
			{"en", &p.Subject, &p.Text},
			{"zh-CN", &p.SubjectZH, &p.TextZH},
		} {
			t, err := messages.TemplateOf(
				ctx,
				view,
				o.School,
				KindRaised,
				one.language,
			)
			if err != nil {
				return out, err
			}
			*one.subject, *one.text = t.Render(params)
		}
		out = append(out, p)
	}
	return out, nil
}

// whereOf returns the school in which a level is raised, and the room, if anybody said it.
func (v View) whereOf(ctx context.Context, o Order) (school g.School, zone g.Zone, err error) {
	if school, err = v.places.School(ctx, o.School); err != nil || o.Zone == "" {
		return school, zone, err
	}
	zone, err = v.places.Zone(ctx, o.Zone)
	return school, zone, err
}
