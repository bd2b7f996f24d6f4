package demo

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// duty makes a rota of the gate: the security desk by day, the facility manager by night and on the
// school's days off, so that the page shows who is on duty, and a hole on no day. Nobody is called: a
// demonstration has no mail server.
func (s *seeder) duty(ctx context.Context) error {
	there, err := s.view.Oncall.Rotas(ctx, schoolID)
	if err != nil || len(there) > 0 {
		return err
	}
	staff, err := s.view.Access.Users(ctx, schoolID)
	if err != nil {
		return err
	}
	ids := map[string]g.UserID{}
	for _, u := range staff {
		ids[u.Name] = u.ID
	}
	line := func(name, start, end, first, second string, on g.HolidayShift) g.RotaLine {
		return g.RotaLine{
			Name:     name,
			Start:    start,
			End:      end,
			First:    time.Now().AddDate(0, 0, -7).Format(time.DateOnly),
			Each:     g.TurnDay,
			Turns:    [][]g.UserID{{ids[first]}, {ids[second]}},
			Holidays: on,
		}
	}
	_, err = s.view.Oncall.PutRota(ctx, g.Rota{
		ID:       "demo-gate",
		School:   schoolID,
		Name:     s.name("Gate", "门卫"),
		Calendar: true,
		Demo:     true,
		Lines: []g.RotaLine{
			line(s.name("day", "白班"), "07:00", "19:00", "guard", "facility", g.HolidayOff),
			line(s.name("night", "夜班"), "19:00", "07:00", "facility", "guard", g.HolidayOff),
			line(s.name("days off", "放假日"), "07:00", "07:00", "facility", "guard", g.HolidayOnly),
		},
	})
	return err
}
