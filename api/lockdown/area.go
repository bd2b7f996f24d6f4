// Package lockdown is the API of threat levels: what stands, who raises and who ends it, and what a
// school does at each level.
//
// It decides nothing: the registry does, and package command sends what a level commands.
package lockdown

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// area is what the operations use.
type area struct {
	*gate.Gate
	base string
}

// Register adds the operations. base is how people reach the console, without a slash at the end;
// "": unknown.
func Register(r *gate.Gate, base string) {
	s := &area{r, base}
	s.Words(words)
	s.AtLast(bound)
	s.registerLockdowns()
	s.registerLevels()
}

// bound sets the limits of a level's commands and triggers in the document.
func bound(d *gate.Schemas) {
	d.Field("LevelAction", "action").MaxLength = new(64)
	d.Field("LevelAction", "values").MaxProperties = new(g.MaxActionInputs)
	d.Field("LevelDoors", "responders").MaxItems = new(g.MaxResponders)
	d.Field("LevelTrigger", "kind").MaxLength = new(64)
	d.Field("LevelTrigger", "data").MaxProperties = new(g.MaxEventData)
	for _, name := range []string{"channels", "buildings", "zones"} {
		d.Field("LevelMessage", name).MaxItems = new(50)
	}
	d.Field("LevelMessage", "roles").MaxItems = new(len(g.Roles()))
	d.Field("LevelMessage", "kinds").MaxItems = new(len(g.PersonKinds()))
	for _, name := range []string{"LevelAction", "LevelDoors", "LevelMessage", "LevelTrigger"} {
		d.Of(name).PrecomputeMessages()
	}
}

// Standing is a school's threat level now.
type Standing struct {
	Lockdowns []g.Lockdown `json:"lockdowns" nullable:"false" doc:"Those that stand, in the schools in reach; empty: all is normal."`
}

type raiseInput struct {
	Body struct {
		School       g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; absent: the caller's own."`
		Level        g.LevelID  `json:"level" minLength:"1" maxLength:"64" doc:"A level of the school: lockdown, evacuate, shelter, hold, or one of its own." example:"lockdown"`
		Drill        bool       `json:"drill,omitempty" doc:"It is a drill: everything that follows from it is marked so." example:"true"`
		Irreversible bool       `json:"irreversible,omitempty" doc:"A drill sends also what profiles call irreversible. Without it a drill leaves that out."`
		Zone         g.ZoneID   `json:"zone,omitempty" maxLength:"64" doc:"Where; absent: nobody said."`
		Note         string     `json:"note,omitempty" maxLength:"500" doc:"What happened, or what the drill is for." example:"drill of the first term"`
	}
}

type clearInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Note string `json:"note,omitempty" maxLength:"500" doc:"How it ended." example:"everybody counted"`
		Code string `json:"code,omitempty" maxLength:"12" doc:"The caller's code, if they have one (PUT /v1/me/clear-codes)."`
	}
}

type clearCodesInput struct {
	Body struct {
		Code   string `json:"code" maxLength:"12" doc:"4 to 12 digits, without which the caller gives no all-clear." example:"4711"`
		Duress string `json:"duress" maxLength:"12" doc:"4 to 12 other digits, for when the caller is made to." example:"1174"`
	}
}

type lockdownsInput struct {
	gate.PerSchool
	Drill string `query:"drill" enum:"true,false" doc:"true: only drills; false: only the real thing."`
}

func (s *area) registerLockdowns() {
	const tag = "Lockdown"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/lockdown",
		ID:      "standing-lockdown",
		Screen:  true,
		Tag:     tag,
		Summary: "The threat level now",
		Doc:     "For everybody who is signed in: what stands concerns everybody in the school.",
	}, s.standing)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/lockdowns",
		ID:      "raise-lockdown",
		Tag:     tag,
		Perm:    g.LockdownRaise,
		Summary: "Raise the threat level",
		Doc: "The level, an alert and the commands of its actions are kept at once, and everybody " +
			"who is signed in is shown it. The commands are sent by and by: see " +
			"GET /v1/commands?lockdown=…. Where the same level stands already, that one is the " +
			"answer. A drill never takes the place of the real thing.",
	}, s.raise)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/lockdowns/{id}/clear",
		ID:      "clear-lockdown",
		Tag:     tag,
		Perm:    g.LockdownClear,
		Summary: "Give the all-clear",
		Doc: "Takes a second person who is signed in: whoever raised it, and keys, are refused " +
			"with the reason second_person. What it commanded and was not sent yet is recalled, " +
			"and what the level commands at the all-clear is sent.",
	}, s.clear)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "PUT",
		Path:    "/v1/me/clear-codes",
		ID:      "set-clear-codes",
		Tag:     tag,
		Perm:    g.LockdownClear,
		Status:  204,
		Summary: "Set one's own codes for the all-clear",
		Doc: "With codes, the caller gives no all-clear without one of them. The second is accepted in " +
			"the same way by whoever is made to give it: to them it looks over, the level stands, and " +
			"the others get a silent critical alert. Both empty: no codes.",
	}, s.clearCodes)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/lockdowns",
		ID:      "list-lockdowns",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Lockdowns and drills, newest first",
	}, s.list)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/lockdowns/{id}",
		ID:      "get-lockdown",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One lockdown or drill",
	},
		func(ctx context.Context, in *gate.ByID) (*gate.Body[g.Lockdown], error) {
			return gate.Answer(s.View(ctx).Lockdown.Find(ctx, g.LockdownID(in.ID)))
		})
}

func (s *area) standing(ctx context.Context, in *gate.InSchool) (*gate.Body[Standing], error) {
	all, err := s.View(ctx).Lockdown.Standing(ctx, in.School)
	return gate.Answer(Standing{all}, err)
}

func (s *area) raise(ctx context.Context, in *raiseInput) (*gate.Body[g.Lockdown], error) {
	return gate.Answer(s.View(ctx).Lockdown.Raise(ctx, lockdown.Order{
		School:       gate.SchoolOf(ctx, in.Body.School),
		Level:        in.Body.Level,
		Drill:        in.Body.Drill,
		Irreversible: in.Body.Irreversible,
		Zone:         in.Body.Zone,
		Note:         in.Body.Note,
		By:           gate.CallerOf(ctx).By(),
	}))
}

func (s *area) clear(ctx context.Context, in *clearInput) (*gate.Body[g.Lockdown], error) {
	return gate.Answer(s.View(ctx).Lockdown.Clear(ctx, lockdown.AllClear{
		ID:      g.LockdownID(in.ID),
		Version: in.Body.Version,
		By:      gate.CallerOf(ctx).By(),
		Note:    in.Body.Note,
		Code:    in.Body.Code,
	}))
}

func (s *area) clearCodes(ctx context.Context, in *clearCodesInput) (*gate.None, error) {
	return &gate.None{}, s.View(ctx).Lockdown.SetClearCodes(ctx, gate.CallerOf(ctx).By(),
		in.Body.Code, in.Body.Duress)
}

func (s *area) list(
	ctx context.Context, in *lockdownsInput,
) (*gate.Body[gate.Page[g.Lockdown]], error) {
	f := lockdown.Filter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School: in.School,
	}
	if in.Drill != "" {
		drill := in.Drill == "true"
		f.Drill = &drill
	}
	return gate.Listed(s.View(ctx).Lockdown.List(ctx, f))
}
