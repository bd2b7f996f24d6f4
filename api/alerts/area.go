// Package alerts is the API of alerts and incidents: lists, who handles them, the steps of a
// procedure, the hand-over.
//
// It decides nothing: an alert's life cycle is the registry's.
package alerts

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// area is what the operations use.
type area struct{ *gate.Gate }

// Register adds the operations.
func Register(r *gate.Gate) {
	s := &area{r}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("Handover", "approval", "", "waiting", "approved", "refused")
		d.OneOf("Handover", "link", "", "off", "on")
		d.OneOf("Entry", "what", texts(alerts.Whats())...)
		boundSteps(d)
		d.OneOf("ReportMoment", "of", texts(views.MomentOfs())...)
		d.Items("WindowInput", "rules", 129)
		d.Items("WindowInput", "properties", 129)
		d.OneOf("Named", "what", texts(alerts.NamedKinds())...)
		d.OneOf("SuppressionRow", "state", texts(alerts.SuppressionStates())...)
	})
	s.registerAlerts()
	s.registerWindows()
	s.registerIncidents()
}

func texts[T ~string](words []T) (out []string) {
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}

// boundSteps limits the steps of a procedure as the registry does.
func boundSteps(d *gate.Schemas) {
	for schema, fields := range map[string]map[string]int{
		"ProcedureStep":   {"text": g.MaxStepText, "text_zh": g.MaxStepText},
		"ProcedureAnswer": {"text": g.MaxStepText, "text_zh": g.MaxStepText, "id": gate.MaxWord},
	} {
		for field, most := range fields {
			x := d.Field(schema, field)
			x.MaxLength = new(most)
			x.PrecomputeMessages()
		}
	}
	answers := d.Field("ProcedureStep", "answers")
	answers.MaxItems = new(g.MaxProcedureAnswers)
	answers.PrecomputeMessages()
	steps := d.Field("ProcedureAnswer", "steps")
	steps.MaxItems = new(g.MaxProcedureSteps)
	steps.PrecomputeMessages()
}
