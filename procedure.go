package gatehouse

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ProcedureID names a procedure: chosen by whoever wrote it, e.g. "fire".
type ProcedureID string

// Bounds of a procedure.
const (
	MaxProcedureSteps   = 100            // in all branches together
	MaxProcedureDepth   = 4              // of questions within answers
	MaxProcedureAnswers = 8              // of a question
	MaxStepText         = 500            // characters of a step, an answer or a title
	MaxStepTime         = 24 * time.Hour // that a step may take
)

// Procedure is what people do about an incident, step by step.
type Procedure struct {
	ID      ProcedureID     `json:"id"`
	Title   string          `json:"title"`
	TitleZH string          `json:"title_zh,omitempty"`
	Steps   []ProcedureStep `json:"steps"`
}

// ProcedureStep is one step in both languages. A step with answers is a question.
type ProcedureStep struct {
	Text    string            `json:"text"`
	TextZH  string            `json:"text_zh,omitempty"`
	Owner   Role              `json:"owner,omitempty"`    // who does it; empty: whoever is there
	Within  int               `json:"within_s,omitempty"` // seconds from when it comes up; 0: no time
	Answers []ProcedureAnswer `json:"answers,omitempty"`
}

// ProcedureAnswer is an answer to a question, with the steps that it leads to.
type ProcedureAnswer struct {
	ID     string          `json:"id"`
	Text   string          `json:"text"`
	TextZH string          `json:"text_zh,omitempty"`
	Steps  []ProcedureStep `json:"steps,omitempty"`
}

// Begin returns the steps for an incident that begins now, in one list: those of an answer follow
// their question.
func (p Procedure) Begin(now time.Time) []IncidentStep {
	out := spread(nil, p.Steps, nil)
	ArrangeSteps(out, now)
	return out
}

func spread(out []IncidentStep, steps []ProcedureStep, branch *StepBranch) []IncidentStep {
	for _, s := range steps {
		at := len(out)
		one := IncidentStep{
			Text:    s.Text,
			TextZH:  s.TextZH,
			Branch:  branch,
			Skipped: branch != nil,
			Owner:   s.Owner,
			Within:  s.Within,
		}
		for _, a := range s.Answers {
			one.Answers = append(one.Answers, StepAnswer{
				ID:     a.ID,
				Text:   a.Text,
				TextZH: a.TextZH,
			})
		}
		out = append(out, one)
		for _, a := range s.Answers {
			out = spread(out, a.Steps, &StepBranch{
				Step:   at,
				Answer: a.ID,
			})
		}
	}
	return out
}

// Check returns an error that names the first place that is not as a procedure may be.
func (p Procedure) Check() error {
	if !ValidID(string(p.ID)) {
		return FieldErrorf("id", "%q is no id; use 1 to 64 letters, digits, '-', '_' or '.'", p.ID)
	}
	if err := procedureText("title", p.Title, p.TitleZH); err != nil {
		return err
	}
	if len(p.Steps) == 0 {
		return FieldErrorf("steps", "a procedure needs at least one step")
	}
	n := 0
	return checkSteps("steps", p.Steps, 1, &n)
}

func checkSteps(at string, steps []ProcedureStep, depth int, n *int) error {
	if depth > MaxProcedureDepth {
		return FieldErrorf(at, "questions stand within answers at most %d deep", MaxProcedureDepth)
	}
	for i, s := range steps {
		here := at + "[" + strconv.Itoa(i) + "]"
		if *n++; *n > MaxProcedureSteps {
			return FieldErrorf(here, "a procedure has at most %d steps in all", MaxProcedureSteps)
		}
		if err := s.check(here, depth, n); err != nil {
			return err
		}
	}
	return nil
}

func (s ProcedureStep) check(at string, depth int, n *int) error {
	if err := procedureText(at, s.Text, s.TextZH); err != nil {
		return err
	}
	if s.Owner != "" && !isRole(s.Owner) {
		return FieldErrorf(at+".owner", "%q is no role; use one of %v", s.Owner, Roles())
	}
	if most := int(MaxStepTime / time.Second); s.Within < 0 || s.Within > most {
		return FieldErrorf(at+".within_s", "a step takes between 1 and %d seconds, or 0: no time",
			most)
	}
	if len(s.Answers) == 1 || len(s.Answers) > MaxProcedureAnswers {
		return FieldErrorf(at+".answers", "a question has between 2 and %d answers",
			MaxProcedureAnswers)
	}
	seen := map[string]bool{}
	for i, a := range s.Answers {
		here := at + ".answers[" + strconv.Itoa(i) + "]"
		switch {
		case !ValidID(a.ID):
			return FieldErrorf(here+".id",
				"%q is no id; use 1 to 64 letters, digits, '-', '_' or '.'", a.ID)
		case seen[a.ID]:
			return FieldErrorf(here+".id", "the id %q is taken; choose another", a.ID)
		}
		seen[a.ID] = true
		if err := procedureText(here, a.Text, a.TextZH); err != nil {
			return err
		}
		if err := checkSteps(here+".steps", a.Steps, depth+1, n); err != nil {
			return err
		}
	}
	return nil
}

func isRole(r Role) bool {
	for _, known := range Roles() {
		if r == known {
			return true
		}
	}
	return false
}

func procedureText(at, text, zh string) error {
	if strings.TrimSpace(text) == "" {
		return FieldErrorf(at, "say in words what is to be done")
	}
	for _, s := range []string{text, zh} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return FieldErrorf(at, "the text is not UTF-8 text")
		}
		if n := utf8.RuneCountInString(s); n > MaxStepText {
			return FieldErrorf(at, "the text has %d characters; at most %d are kept", n, MaxStepText)
		}
	}
	return nil
}
