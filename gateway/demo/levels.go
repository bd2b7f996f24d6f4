package demo

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

// levels has an evacuation open the gates and doors, and the class boards show what is to be done at
// each level. Levels that somebody has changed stay.
func (s *seeder) levels(ctx context.Context) error {
	all, err := s.view.Lockdown.Levels(ctx, schoolID)
	if err != nil {
		return err
	}
	show := func(page string) g.LevelAction {
		return g.LevelAction{
			Action:  "show",
			Values:  map[string]g.Value{"page": g.StringValue(page)},
			Profile: "class-board",
		}
	}
	for _, l := range all {
		if l.Version > 0 {
			continue
		}
		l.Raise = []g.LevelAction{show(string(l.ID))}
		l.Clear = []g.LevelAction{show("timetable")}
		if l.ID == g.LevelEvacuate {
			l.Raise = append(l.Raise, g.LevelAction{
				Action: "unlock",
				Type:   g.TypeTerminal,
			})
		}
		if _, err := s.view.Lockdown.PutLevel(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
