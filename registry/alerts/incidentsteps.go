package alerts

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// step changes one step of an incident's procedure, counted from 0, whatever version was seen: two
// people may tick two steps at once.
func (v View) step(
	ctx context.Context, id g.IncidentID, step int, by g.User, name string,
	change func(f *file, s *g.IncidentStep) error,
) (g.Incident, error) {
	return v.handle(ctx, incidentDeed{
		perm:    g.AlertsWrite,
		id:      id,
		version: AnyVersion,
		by:      by,
		name:    name,
	}, func(_ context.Context, _ *store.Tx, f *file) error {
		if step < 0 || step >= len(f.Steps) {
			return g.FieldErrorf("step", "the procedure has %d steps, counted from 0",
				len(f.Steps))
		}
		f.Steps = slices.Clone(f.Steps)
		if err := change(f, &f.Steps[step]); err != nil {
			return err
		}
		g.ArrangeSteps(f.Steps, f.now)
		return nil
	})
}

// StepDone marks a step of the procedure, counted from 0, as done. If a colleague was quicker, that
// is a Conflict which names the colleague.
func (v View) StepDone(
	ctx context.Context, id g.IncidentID, step int, by g.User,
) (g.Incident, error) {
	return v.StepAnswered(ctx, id, step, by, "")
}

// StepAnswered is StepDone with the answer that a question needs. It decides which steps follow.
func (v View) StepAnswered(
	ctx context.Context, id g.IncidentID, step int, by g.User, answer string,
) (g.Incident, error) {
	return v.step(ctx, id, step, by, "incident.step", func(f *file, s *g.IncidentStep) error {
		switch {
		case s.Done:
			return g.Errorf(g.Conflict, "the step was done by %s already", s.By)
		case s.Skipped:
			return g.Errorf(g.Conflict, "no answer leads to this step as things are")
		}
		var ids []string
		for _, a := range s.Answers {
			ids = append(ids, a.ID)
		}
		switch {
		case len(ids) > 0 && !slices.Contains(ids, answer):
			return g.FieldErrorf("answer", "the step is a question; answer one of %v", ids)
		case len(ids) == 0 && answer != "":
			return g.FieldErrorf("answer", "the step is no question and takes no answer")
		}
		s.Done, s.Answer = true, answer
		s.By = f.who.FullName
		s.At = f.now
		f.note(IncidentEntry{
			What:   g.IncidentTicked,
			Step:   &step,
			Answer: answer,
		})
		return nil
	})
}

// StepUndone takes back that a step is done: of a question, the answer. The log keeps both. Steps
// that the answer led to stay as they are and are skipped until it is given again.
func (v View) StepUndone(
	ctx context.Context, id g.IncidentID, step int, by g.User, comment string,
) (g.Incident, error) {
	if err := comments(comment, false); err != nil {
		return g.Incident{}, err
	}
	return v.step(ctx, id, step, by, "incident.unstep", func(f *file, s *g.IncidentStep) error {
		if !s.Done {
			return g.Errorf(g.Conflict, "the step is not done")
		}
		f.note(IncidentEntry{
			What:    g.IncidentUnticked,
			Step:    &step,
			Answer:  s.Answer,
			Comment: comment,
		})
		s.Done, s.Answer, s.By, s.At = false, "", "", time.Time{}
		return nil
	})
}

// AssignStep says who shall do a step; "" takes it from everybody. The user must be one who may
// handle alerts in the incident's school.
func (v View) AssignStep(
	ctx context.Context, id g.IncidentID, step int, by g.User, to g.UserID,
) (g.Incident, error) {
	whom, in, err := v.assignee(ctx, to)
	if err != nil {
		return g.Incident{}, err
	}
	return v.step(ctx, id, step, by, "incident.assign", func(f *file, s *g.IncidentStep) error {
		if !in.Has(f.School) {
			return mayNot(whom.ID)
		}
		s.Person, s.PersonName = whom.ID, whom.FullName
		f.note(IncidentEntry{
			What:   g.IncidentGiven,
			Step:   &step,
			To:     whom.ID,
			ToName: whom.FullName,
		})
		return nil
	})
}
