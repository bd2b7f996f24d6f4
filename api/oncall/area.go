// Package oncall is the API of duty: rotas with their overrides, escalation chains, who is on duty
// when, and what an alert's chain did.
//
// It calls nobody, and it does not decide who is on duty, which package registry/rota does.
package oncall

import (
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// area is what the operations use.
type area struct{ *gate.Gate }

// Register adds the operations.
func Register(r *gate.Gate) {
	s := &area{r}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("Calling", "state", texts(oncall.CallStates())...)
		d.OneOf("CallEntry", "what", texts(oncall.CallWhats())...)
		d.Items("EscalationStepInput", "channels", gate.MaxWord)
		turns := d.Field("RotaLineInput", "turns")
		turns.Items.MaxItems = new(rota.MaxTogether)
		turns.PrecomputeMessages()
	})
	s.registerRotas()
	s.registerOverrides()
	s.registerChains()
	s.registerDuty()
	s.registerCalls()
}

func texts[T ~string](words []T) (out []string) {
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}
