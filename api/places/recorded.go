package places

import (
	"context"
	"encoding/json"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// RecordedFacts says what this gateway records of whom, from its settings and its data.
type RecordedFacts struct {
	Pictures       bool    `json:"pictures_of_unknowns" doc:"A stranger's picture is kept with the alert; false: the school has turned it off."`
	PictureHours   float64 `json:"picture_hours" doc:"How long such a picture lives where nobody keeps it."`
	KeepMaxDays    int     `json:"keep_max_days" doc:"How long somebody can keep one, with a reason."`
	HistoryDays    int     `json:"history_days" doc:"How long passages are kept."`
	JournalDays    int     `json:"journal_days" doc:"How long the journal of events is kept."`
	TelemetryDays  int     `json:"telemetry_days" doc:"How long measurements are kept, the longest class."`
	PassageSeconds int     `json:"passage_seconds" doc:"A card, code or manual passage so near a face leaves no picture of it."`
	Model          string  `json:"face_model" doc:"What measures faces now; empty until a camera has shown one."`

	views.FaceCounts
}

type picturesInput struct {
	gate.InSchool
	gate.Matching
	Body struct {
		Pictures bool   `json:"pictures_of_unknowns" doc:"Keep a stranger's picture with the alert. false also destroys all that nobody keeps."`
		Reason   string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; kept in the audit log." example:"decision of the parents' council"`
	}
}

func (s *area) registerRecorded() {
	const tag = "Schools and places"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/recorded",
		ID:      "get-recorded",
		Tag:     tag,
		Summary: "What is recorded here of whom, and for how long",
		Doc: "Numbers and settings, no names: for everybody who works at the school, and to " +
			"answer a parent who asks.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/recorded`,
	},
		func(ctx context.Context, in *struct{ gate.InSchool }) (*gate.Tagged[RecordedFacts], error) {
			return taggedFacts(s.recorded(ctx, gate.SchoolOf(ctx, in.School)))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/recorded",
		ID:       "set-recorded",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Matching: true,
		Summary:  "Turn pictures of unknown people on or off",
	}, s.setRecorded)
}

func (s *area) recorded(ctx context.Context, id g.SchoolID) (RecordedFacts, error) {
	f := RecordedFacts{
		Pictures:       true,
		KeepMaxDays:    days(alerts.MaxKeepPicture),
		PassageSeconds: 10,
	}
	if s.needs.Recorded != nil {
		k := s.needs.Recorded()
		f.PictureHours, f.Model = k.Pictures.Hours(), k.Model
		f.HistoryDays, f.JournalDays, f.TelemetryDays = days(k.History), days(k.Journal), days(
			k.Telemetry)
	}
	var err error
	if f.Pictures, err = s.View(ctx).Places.PicturesTaken(ctx, id); err != nil {
		return f, err
	}
	f.FaceCounts, err = s.View(ctx).Views.FaceCounts(ctx, id, f.Model)
	return f, err
}

// taggedFacts is tagged by the settings alone, since the counts change by themselves.
func taggedFacts(f RecordedFacts, err error) (*gate.Tagged[RecordedFacts], error) {
	return gate.WithTag(gate.TagOf(f.Pictures, f), f), err
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

func (s *area) setRecorded(
	ctx context.Context, in *picturesInput,
) (*gate.Tagged[RecordedFacts], error) {
	if err := registry.CheckReason("reason", in.Body.Reason); err != nil {
		return nil, err
	}
	id := gate.SchoolOf(ctx, in.School)
	value, err := json.Marshal(in.Body.Pictures)
	if err != nil {
		return nil, err
	}
	ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
		taken, err := s.View(ctx).Places.PicturesTaken(ctx, id)
		return gate.TagOf(taken), err
	})
	if err := s.Because(ctx, in.Body.Reason).Deeds.PutSetting(ctx, id, places.PicturesSetting, value); err != nil {
		return nil, err
	}
	if !in.Body.Pictures && s.needs.Forget != nil {
		if err := s.needs.Forget(id); err != nil {
			return nil, err
		}
	}
	return taggedFacts(s.recorded(ctx, id))
}
