package lockdown

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// Levels are the threat levels of a school.
type Levels struct {
	Levels []g.ThreatLevel `json:"levels" nullable:"false" doc:"Those that every school has, then the school's own."`
}

type levelInput struct {
	gate.Matching
	ID   g.LevelID `path:"id" maxLength:"64" doc:"The level's id."`
	Body struct {
		ID       g.LevelID        `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path."`
		School   g.SchoolID       `json:"school,omitempty" maxLength:"64" doc:"The school; absent: the caller's own."`
		Title    string           `json:"title" minLength:"1" maxLength:"100" doc:"Its name, as everybody reads it." example:"Lockdown"`
		TitleZH  string           `json:"title_zh,omitempty" maxLength:"100" doc:"The same in Chinese." example:"封锁"`
		Text     string           `json:"text,omitempty" maxLength:"500" doc:"What everybody is to do." example:"Lock the doors, lights off, out of sight."`
		TextZH   string           `json:"text_zh,omitempty" maxLength:"500" doc:"The same in Chinese."`
		Severity g.Severity       `json:"severity" doc:"Of its alert; that of a drill is info."`
		Raise    []g.LevelAction  `json:"raise" maxItems:"50" doc:"What is commanded when it is raised."`
		Clear    []g.LevelAction  `json:"clear" maxItems:"50" doc:"What is commanded at the all-clear."`
		Messages []g.LevelMessage `json:"messages,omitempty" maxItems:"20" doc:"Who is told; absent: as it was."`
		Doors    *g.LevelDoors    `json:"doors,omitempty" doc:"Who passes the doors that ask the gateway; absent: as it was."`
		Triggers []g.LevelTrigger `json:"triggers,omitempty" maxItems:"50" doc:"Occurrences at devices that raise it by themselves: a panic button, a duress code."`
		gate.AtVersion
	}
}

type levelPath struct {
	gate.InSchool
	ID g.LevelID `path:"id" maxLength:"64" doc:"The level's id."`
}

type previewInput struct {
	gate.InSchool
	ID           g.LevelID `path:"id" maxLength:"64" doc:"The level's id."`
	Zone         g.ZoneID  `query:"zone" maxLength:"64" doc:"Where it would be raised; absent: nobody said."`
	Drill        bool      `query:"drill" doc:"It would be a drill."`
	Irreversible bool      `query:"irreversible" doc:"A drill would send also what profiles call irreversible."`
}

type levelDeletion struct {
	gate.Matching
	gate.InSchool
	ID g.LevelID `path:"id" maxLength:"64" doc:"The level's id."`
}

func (s *area) registerLevels() {
	const tag = "Lockdown"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/threat-levels",
		ID:      "list-threat-levels",
		Tag:     tag,
		Summary: "The threat levels of a school, and what it does at each",
	}, s.levels)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/threat-levels/{id}",
		ID:      "get-threat-level",
		Tag:     tag,
		Summary: "One threat level of a school",
	}, s.level)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/threat-levels/{id}/preview",
		ID:      "preview-threat-level",
		Tag:     tag,
		Perm:    g.LockdownRaise,
		Summary: "What raising a threat level would do now",
		Doc: "How many devices each action would command, why none where that is so, which are away, " +
			"and who would be told what in both languages. Nothing is done.",
	}, s.preview)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/threat-levels/{id}",
		ID:       "put-threat-level",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Max:      256 << 10,
		Matching: true,
		Summary:  "Say what a school does at a threat level",
		Doc: "A level that stands goes on as it was when it was raised, to its all-clear. An action " +
			"commands every enabled device of the school whose profile has it; device, zone, " +
			"building, profile and type narrow that down. Values are the action's input.",
	}, s.putLevel)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "DELETE",
		Path:     "/v1/threat-levels/{id}",
		ID:       "delete-threat-level",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Matching: true,
		Summary:  "Remove a threat level of the school's own",
		Doc: "Of those that every school has, what the school changed is taken back. A level that " +
			"stands goes on as it was when it was raised, to its all-clear.",
	}, s.deleteLevel)
}

func (s *area) levels(ctx context.Context, in *gate.InSchool) (*gate.Body[Levels], error) {
	all, err := s.View(ctx).Lockdown.Levels(ctx, gate.SchoolOf(ctx, in.School))
	return gate.Answer(Levels{all}, err)
}

func (s *area) level(ctx context.Context, in *levelPath) (*gate.Tagged[g.ThreatLevel], error) {
	l, err := s.View(ctx).Lockdown.Level(ctx, gate.SchoolOf(ctx, in.School), in.ID)
	return gate.WithTag(gate.TagOf(l), l), err
}

func (s *area) preview(
	ctx context.Context, in *previewInput,
) (*gate.Body[lockdown.LevelPreview], error) {
	p, err := s.View(ctx).Lockdown.Preview(ctx, lockdown.Order{
		School:       gate.SchoolOf(ctx, in.School),
		Level:        in.ID,
		Drill:        in.Drill,
		Irreversible: in.Irreversible,
		Zone:         in.Zone,
		By:           gate.CallerOf(ctx).By(),
	}, s.base)
	for _, list := range [][]lockdown.ActionPreview{p.Raise, p.Clear} {
		for i := range list {
			if list[i].Why != nil {
				list[i].Problem = gate.LanguageOf(ctx).Error(list[i].Why)
			}
		}
	}
	return gate.Answer(p, err)
}

// onLevel makes a change of a level depend on the state that match names, if any.
func (s *area) onLevel(
	ctx context.Context, match string, school g.SchoolID, id g.LevelID,
) context.Context {
	return gate.OnState(ctx, match, func(ctx context.Context) (string, error) {
		l, err := s.View(ctx).Lockdown.Level(ctx, school, id)
		return gate.TagOf(l), err
	})
}

func (s *area) putLevel(
	ctx context.Context, in *levelInput,
) (*gate.Tagged[g.ThreatLevel], error) {
	b, school := in.Body, gate.SchoolOf(ctx, in.Body.School)
	ctx = s.onLevel(
		ctx,
		in.IfMatch,
		school,
		in.ID,
	)
	if b.Messages == nil || b.Doors == nil {
		was, err := s.View(ctx).Lockdown.Level(ctx, school, in.ID)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, err
		}
		if b.Messages == nil {
			b.Messages = was.Messages
		}
		if b.Doors == nil {
			b.Doors = &was.Doors
		}
	}
	l, err := s.View(ctx).Lockdown.PutLevel(ctx, g.ThreatLevel{
		ID:       in.ID,
		School:   school,
		Title:    b.Title,
		TitleZH:  b.TitleZH,
		Text:     b.Text,
		TextZH:   b.TextZH,
		Severity: b.Severity,
		Raise:    b.Raise,
		Clear:    b.Clear,
		Messages: b.Messages,
		Doors:    *b.Doors,
		Triggers: b.Triggers,
		Version:  b.Version,
	})
	return gate.WithTag(gate.TagOf(l), l), err
}

func (s *area) deleteLevel(ctx context.Context, in *levelDeletion) (*gate.None, error) {
	school := gate.SchoolOf(ctx, in.School)
	ctx = s.onLevel(
		ctx,
		in.IfMatch,
		school,
		in.ID,
	)
	return &gate.None{}, s.View(ctx).Lockdown.DeleteLevel(ctx, school, in.ID)
}
