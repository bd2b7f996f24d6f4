package identify

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Likeness says how a face that is to be enrolled compares with the templates of its own model.
type Likeness struct {
	Enrolled bool       // the person has templates already
	Own      float64    // cosine with the best of them
	Unlike   bool       // Own is so low that it is hardly the same person
	Other    g.PersonID // who else of the school looks most like it; "" where nobody does
	Score    float64    // cosine with that person
	Alike    bool       // Score is so high that it may be that person
}

// Compare compares a new face of a person ("": somebody new) with the person's own templates and
// with those of everybody else in the school.
func (i *Identifier) Compare(
	ctx context.Context, school g.SchoolID, person g.PersonID, model string, embedding []float32,
) (Likeness, error) {
	l := Likeness{Own: -1, Score: -1}
	templates, err := i.reg.Templates(ctx, school)
	if err != nil {
		return l, fmt.Errorf("load face templates: %w", err)
	}
	for _, t := range templates {
		if t.Model != model || len(t.Embedding) != len(embedding) {
			continue
		}
		score := vision.Cosine(t.Embedding, embedding)
		switch {
		case t.Person == person:
			l.Enrolled, l.Own = true, max(l.Own, score)
		case score > l.Score:
			l.Other, l.Score = t.Person, score
		}
	}
	asks := vision.DefaultAlike()
	l.Unlike = l.Enrolled && l.Own < asks.Own
	l.Alike = l.Other != "" && l.Score >= asks.Other
	return l, nil
}

// Model is the model that measured the newest face of a camera; "" before the first.
func (i *Identifier) Model() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.model
}

func (i *Identifier) saw(model string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if model != "" {
		i.model = model
	}
}
