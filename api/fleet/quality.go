package fleet

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

// maxQualityDays is the longest period of a report, in days.
const maxQualityDays = 92

// QualityDays is embedded where days of the report are chosen.
type QualityDays struct {
	gate.Paged
	gate.InSchool
	From string `query:"from" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"From this day on, YYYY-MM-DD, local to each school. Default: yesterday." example:"2026-09-01"`
	To   string `query:"to" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"To this day, inclusive; at most 92 days. Default: today." example:"2026-09-02"`
}

type deviceQualityInput struct {
	QualityDays
	Device g.DeviceID     `query:"device" maxLength:"64" doc:"Of this device."`
	Level  g.QualityLevel `query:"level" doc:"At least as bad as this."`
	Kind   g.QualityKind  `query:"kind" doc:"With a finding of this kind."`
}

// DeviceQuality is a device on a day, with what is wrong in words.
type DeviceQuality struct {
	history.QualityRow
	ClockMedian int64             `json:"clock_median_ms"`
	Findings    []quality.Finding `json:"findings" nullable:"false"`
}

// qualityFilter fills in the days: yesterday and today by the clock of the school that is
// asked for, or of the caller's own.
func (s *area) qualityFilter(ctx context.Context, in QualityDays) (history.QualityFilter, error) {
	f := history.QualityFilter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School: in.School,
		From:   in.From,
		To:     in.To,
	}
	if f.From == "" || f.To == "" {
		sch, err := s.View(ctx).Places.School(ctx, gate.SchoolOf(ctx, in.School))
		if err != nil {
			return f, err
		}
		today, _, _ := g.DayOf(s.Now(), sch.Location())
		if f.To == "" {
			f.To = today.String()
		}
		if f.From == "" {
			f.From = min(today.Add(-1).String(), f.To)
		}
	}
	from, err := g.ParseDate(f.From)
	if err != nil {
		return f, g.FieldErrorf("from", "%v", err)
	}
	to, err := g.ParseDate(f.To)
	if err != nil {
		return f, g.FieldErrorf("to", "%v", err)
	}
	if from.Until(to) < 0 {
		return f, g.FieldErrorf("to", "%s is before from, %s", f.To, f.From)
	}
	if from.Until(to) >= maxQualityDays {
		return f, g.FieldErrorf("from", "at most %d days are reported at once", maxQualityDays)
	}
	return f, nil
}

func (s *area) registerQuality() {
	const tag = "Data quality"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/quality",
		ID:      "list-quality",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "Whose data is not to be trusted, by school and day, the worst first",
		Doc: "How many devices reported, how many of them are not to be trusted (`bad`) or worth " +
			"a look (`look`), for which reasons (`kinds`), and the sums of what was counted. " +
			"An observation belongs to the day, local to its school, on which the gateway " +
			"received it. What is counted is at most half a minute old.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/quality`,
	}, func(ctx context.Context, in *QualityDays) (*gate.Body[gate.Page[history.QualityDay]], error) {
		f, err := s.qualityFilter(ctx, *in)
		if err != nil {
			return nil, err
		}
		all, err := s.View(ctx).History.QualityDays(ctx, f)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(d history.QualityDay) string {
			return string(d.School) + " " + d.Day
		})
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/quality/devices",
		ID:      "list-device-quality",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "Which devices' data is not to be trusted, and what to do, the worst first",
		Doc: "Kinds of finding: `clock` (more than 60 s ahead or behind, or observations refused " +
			"for an impossible time), `gaps` (10 minutes of silence in a day, or 5 silences of a " +
			"minute or more; silence as the profile's offline_after says), " +
			"`rejected`, `late` (live, and longer on its way than quality.late_after says) and " +
			"`duplicates` (more than 1 in 100), `unknown` (3 cards, codes or numbers of nobody, " +
			"and more than 1 in 20). " +
			"Not to be trusted: a wrong clock, an hour of silence, more than 1 in 10 rejected or " +
			"late, more than half unknown. " +
			"Replayed observations and strangers' faces are counted apart and are no finding.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/quality/devices?level=look&limit=20"`,
	}, func(ctx context.Context, in *deviceQualityInput) (*gate.Body[gate.Page[DeviceQuality]], error) {
		f, err := s.qualityFilter(ctx, in.QualityDays)
		if err != nil {
			return nil, err
		}
		f.Device, f.Level, f.Kind = in.Device, in.Level, in.Kind
		rows, next, err := s.View(ctx).History.Quality(ctx, f)
		out := make([]DeviceQuality, len(rows))
		for i, r := range rows {
			out[i] = DeviceQuality{r, r.Clock.Median(), gate.Some(quality.Judge(r.Quality))}
		}
		return gate.Listed(out, next, err)
	})
}
